// Frames to a network's input in one pass: resize, order of colours, normalise, one plane per
// colour.
//
// The result is the same to the bit on every processor. Along an axis of n frame pixels that fill m
// of the input, with R(f) = floor(16384 f + 1/2):
// - m < n, areas: x covers the frame from x n/m to (x + 1) n/m. Let F(i) be the share of that which
//   lies before pixel i, in [0, 1]; pixel i weighs R(F(i + 1)) - R(F(i)).
// - else, linear: x lies at p = (x + 1/2) n/m - 1/2, at least 0 and at most n - 1, between
//   i = floor(p) and i + 1; the latter weighs R(p - i), the former the rest of 16384.
// Rows come first, v = (sum of weight * byte + 64) >> 7, then columns,
// level = (sum of weight * v + 2^20) >> 21, in 0..255. A weight is off by at most one in 16384.
// Then value = (level - mean) / std in single precision, or its nearest half. Outside the frame
// level is the pad.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "cabinsafe/half.hpp"
#include "cabinsafe/isa.hpp"

namespace cabinsafe {

// Largest side of frames and inputs.
constexpr int kMaxSide = 16384;
constexpr int kColors = 3;

// An image that someone else owns: BGR, three bytes for each pixel of a row without gaps between
// them; rows anywhere.
struct ImageView {
    const std::uint8_t* data = nullptr;
    int height = 0;
    int width = 0;
    std::ptrdiff_t row_stride = 0;
};

// Size of the input, and the part of it that the frame fills.
struct Placement {
    int height = 0;
    int width = 0;
    int left = 0;
    int top = 0;
    int inner_height = 0;
    int inner_width = 0;
};

// What becomes of levels; mean and std in the order of the planes.
struct Normalisation {
    bool rgb = false;
    std::uint8_t pad = 0;
    std::array<float, kColors> mean{};
    std::array<float, kColors> std{1.0F, 1.0F, 1.0F};
};

// Frame pixels that each input pixel along an axis is blended of.
struct Taps {
    int count = 0;  // of each input pixel, even; those past the last one weigh 0
    std::vector<int> first;
    std::vector<std::int16_t> weights;  // count for each; they sum to 16384

    const std::int16_t* weights_of(int at) const {
        return weights.data() + static_cast<std::size_t>(at) * static_cast<std::size_t>(count);
    }
};

Taps taps_of(int frame_side, int inner_side);

// The inner loops, in whatever vector registers the processor has.
struct Resampler {
    Isa isa = Isa::scalar;
    // Rows to one, v of each byte; taps is even.
    void (*blend_rows)(const std::uint8_t* const* rows, const std::int16_t* weights, int taps,
                       int bytes, std::int16_t* blended) = nullptr;
    // One row to levels, in a plane for each of blue, green and red. kColumnGroup pixels at once
    // are read and written, so columns and planes hold a multiple; a few values after the last
    // pixel of the row are read, and weigh 0.
    void (*blend_columns)(const std::int16_t* row, const Taps& columns,
                          const std::array<std::uint8_t*, kColors>& planes) = nullptr;
    void (*to_floats)(const std::uint8_t* levels, int count, float mean, float std,
                      float* out) = nullptr;
    void (*to_halves)(const std::uint8_t* levels, int count, float mean, float std,
                      Half* out) = nullptr;
};

constexpr int kColumnGroup = 4;

// Null where this build or this processor does not have it.
const Resampler* find_resampler(Isa isa);
// The fastest one of this processor.
const Resampler& best_resampler();

// Fills an input (3, height, width) of float, Half or, without normalising, std::uint8_t.
// Throws std::invalid_argument: a side under 1 or over kMaxSide, a part that is not inside the
// input, or a std that is not above 0.
template <typename Scalar>
void fill_input(const ImageView& image, const Placement& placement,
                const Normalisation& normalisation, const Resampler& resampler, Scalar* out);

}  // namespace cabinsafe
