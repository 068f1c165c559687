// Columns in 128-bit registers, one pixel in each: for every x86 instruction set from SSSE3 up.
#pragma once

#include <immintrin.h>

#include <cstring>

#include "resample_with.hpp"

namespace cabinsafe {
namespace {

inline std::int32_t two_weights(const std::int16_t* weights) {
    std::int32_t both = 0;
    std::memcpy(&both, weights, sizeof both);
    return both;
}

struct PixelsX86 {
    using Pixel = __m128i;

    // Two pixels to pairs of one colour, each pair weighed and summed.
    static void add(Pixel& pixel, const std::int16_t* at, const std::int16_t* weights) {
        const __m128i by_color =
            _mm_setr_epi8(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, -1, -1, -1, -1);
        const __m128i two = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const __m128i sums =
            _mm_madd_epi16(_mm_shuffle_epi8(two, by_color), _mm_set1_epi32(two_weights(weights)));
        pixel = _mm_add_epi32(pixel, sums);
    }
    static void store_levels(const Pixel* pixels,
                             const std::array<std::uint8_t*, kColors>& planes) {
        const __m128i by_plane =
            _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        const __m128i words[2] = {_mm_packs_epi32(level(pixels[0]), level(pixels[1])),
                                  _mm_packs_epi32(level(pixels[2]), level(pixels[3]))};
        const __m128i bytes = _mm_shuffle_epi8(_mm_packus_epi16(words[0], words[1]), by_plane);
        alignas(16) std::uint8_t lanes[16];
        _mm_store_si128(reinterpret_cast<__m128i*>(lanes), bytes);
        for (std::size_t color = 0; color < kColors; ++color) {
            std::memcpy(planes[color], lanes + color * kColumnGroup, kColumnGroup);
        }
    }

  private:
    static __m128i level(__m128i sums) {
        return _mm_srai_epi32(_mm_add_epi32(sums, _mm_set1_epi32(1 << 20)), 21);
    }
};

}  // namespace
}  // namespace cabinsafe
