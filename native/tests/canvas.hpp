// Maps made by hand.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "cabinsafe/maps.hpp"
#include "cabinsafe/options.hpp"

namespace test {

// A (channels, height, width) tensor of its own, zero at first.
class Canvas {
  public:
    Canvas(int channels, int height, int width, float value = 0.0F)
        : channels_(channels),
          height_(height),
          width_(width),
          values_(static_cast<std::size_t>(channels) * height * width, value) {}

    float& at(int channel, int y, int x) {
        return values_[(static_cast<std::size_t>(channel) * height_ + y) * width_ + x];
    }

    // A Gaussian, by maximum.
    void blob(int channel, float x, float y, float height, float sigma = 1.5F) {
        for (int row = 0; row < height_; ++row) {
            for (int column = 0; column < width_; ++column) {
                const float dx = static_cast<float>(column) + 0.5F - x;
                const float dy = static_cast<float>(row) + 0.5F - y;
                const float value = height * std::exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
                at(channel, row, column) = std::max(at(channel, row, column), value);
            }
        }
    }

    // A constant vector over the whole map.
    void flow(int x_channel, int y_channel, float x, float y) {
        for (int row = 0; row < height_; ++row) {
            for (int column = 0; column < width_; ++column) {
                at(x_channel, row, column) = x;
                at(y_channel, row, column) = y;
            }
        }
    }

    cabinsafe::Maps view() const { return {values_.data(), channels_, height_, width_}; }

  private:
    int channels_;
    int height_;
    int width_;
    std::vector<float> values_;
};

inline cabinsafe::Options plain_options() {
    cabinsafe::Options options;
    options.peak_threshold = 0.1F;
    options.suppression_radius_cells = 2.5F;
    options.sample_threshold = 0.05F;
    options.min_agreeing_samples_of_10 = 7;
    options.limb_threshold = 0.1F;
    options.length_penalty_per_map_side = 0.0F;
    options.min_keypoints = 2;
    options.half_score_size_map_sides = 0.0F;
    options.min_person_score = 0.0F;
    options.max_peaks_per_keypoint = 64;
    options.max_people = 32;
    options.prior_weight = 0.3F;
    options.prior_reach_person_sizes = 0.1F;
    options.weak_peak_threshold = options.peak_threshold;
    return options;
}

// Keypoints 0, 1, 2 in a ring of three limbs: 0-1, 1-2, 2-0. Limb l has x in PAF channel 2l + 1 and
// y in 2l, so that a mixed-up order shows.
inline cabinsafe::Layout ring_layout() {
    return {{0, 1, 2}, {{0, 1, 1, 0, -1}, {1, 2, 3, 2, -1}, {2, 0, 5, 4, -1}}, 3, 6, {}};
}

}  // namespace test
