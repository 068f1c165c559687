// The loops of a Resampler for vector registers V. Each instruction set includes this in a file of
// its own and names its registers in an anonymous namespace, as those of scan/ do.
//
// V: kBytes, how many bytes of a row at once; Words of as many 16-bit numbers, widen(const
// uint8_t*); Sums of as many 32-bit ones, Sums{} is 0, add(Sums&, Words, Words, two weights),
// store_rounded(Sums, int16_t*): v. Pixel of 32-bit sums of a pixel's colours, Pixel{} is 0,
// add(Pixel&, const int16_t* two pixels, two weights), store_levels(const Pixel[4], uint8_t*[3]).
// kFloats; Floats normalise(const uint8_t*, mean, std); store(Floats, float* or Half*).
#pragma once

#include "cabinsafe/preprocess.hpp"

namespace cabinsafe {
namespace {

inline std::int16_t rounded(std::int32_t sum) { return static_cast<std::int16_t>((sum + 64) >> 7); }

template <typename V>
void blend_rows_with(const std::uint8_t* const* rows, const std::int16_t* weights, int taps,
                     int bytes, std::int16_t* blended) {
    int at = 0;
    for (; at + V::kBytes <= bytes; at += V::kBytes) {
        typename V::Sums sums{};
        for (int tap = 0; tap < taps; tap += 2) {
            V::add(sums, V::widen(rows[tap] + at), V::widen(rows[tap + 1] + at), weights + tap);
        }
        V::store_rounded(sums, blended + at);
    }
    for (; at < bytes; ++at) {
        std::int32_t sum = 0;
        for (int tap = 0; tap < taps; ++tap) sum += rows[tap][at] * weights[tap];
        blended[at] = rounded(sum);
    }
}

template <typename V>
void blend_columns_with(const std::int16_t* row, const Taps& columns,
                        const std::array<std::uint8_t*, kColors>& planes) {
    const int count = static_cast<int>(columns.first.size());
    for (int x = 0; x < count; x += kColumnGroup) {
        typename V::Pixel pixels[kColumnGroup] = {};
        for (int i = 0; i < kColumnGroup; ++i) {
            const std::int16_t* from = row + kColors * columns.first[x + i];
            const std::int16_t* const weights = columns.weights_of(x + i);
            for (int tap = 0; tap < columns.count; tap += 2, from += 2 * kColors) {
                V::add(pixels[i], from, weights + tap);
            }
        }
        V::store_levels(pixels, {planes[0] + x, planes[1] + x, planes[2] + x});
    }
}

inline void write(float value, float* out) { *out = value; }
inline void write(float value, Half* out) { *out = to_half(value); }

template <typename V, typename Scalar>
void normalise_with(const std::uint8_t* levels, int count, float mean, float std, Scalar* out) {
    int i = 0;
    for (; i + V::kFloats <= count; i += V::kFloats) {
        V::store(V::normalise(levels + i, mean, std), out + i);
    }
    for (; i < count; ++i) write((static_cast<float>(levels[i]) - mean) / std, out + i);
}

template <typename V>
constexpr Resampler resampler_with(Isa isa) {
    return {isa, &blend_rows_with<V>, &blend_columns_with<V>, &normalise_with<V, float>,
            &normalise_with<V, Half>};
}

}  // namespace
}  // namespace cabinsafe
