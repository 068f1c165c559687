// What the core throws besides std::invalid_argument (a layout or shape that contradicts itself).
#pragma once

#include <cstddef>
#include <stdexcept>

#include "cabinsafe/maps.hpp"

namespace cabinsafe {

// A configured limit was hit; nothing was decoded.
class LimitError : public std::runtime_error {
  public:
    enum class Limit { peaks_per_keypoint, people };

    // keypoint: whose peaks are too many; -1 when the limit is not about one keypoint.
    LimitError(Limit which, int keypoint)
        : std::runtime_error("a limit of the decoder was hit"),
          which_(which),
          keypoint_(keypoint) {}

    Limit which() const { return which_; }
    int keypoint() const { return keypoint_; }

  private:
    Limit which_;
    int keypoint_;
};

// A map holds NaN or infinity.
class NonFiniteError : public std::runtime_error {
  public:
    enum class Tensor { heatmaps, pafs };

    NonFiniteError(Tensor tensor, std::size_t values, int first_channel)
        : std::runtime_error("a map holds values that are not finite"),
          tensor_(tensor),
          values_(values),
          first_channel_(first_channel) {}

    Tensor tensor() const { return tensor_; }
    std::size_t values() const { return values_; }
    int first_channel() const { return first_channel_; }

  private:
    Tensor tensor_;
    std::size_t values_;
    int first_channel_;
};

// Throws NonFiniteError if any value of the maps is NaN or infinite.
template <typename Scalar>
void require_finite(const MapsOf<Scalar>& maps, NonFiniteError::Tensor tensor) {
    const NonFiniteCount found = count_non_finite(maps);
    if (found.values > 0) throw NonFiniteError(tensor, found.values, found.first_channel);
}

}  // namespace cabinsafe
