#include "resamplers.hpp"

#if defined(__AVX512F__) && defined(__AVX512BW__)
#include "pixels_x86.hpp"

namespace cabinsafe {
namespace {

struct Avx512 : PixelsX86 {
    static constexpr int kBytes = 32;
    static constexpr int kFloats = 16;
    using Words = __m512i;
    struct Sums {
        __m512i low, high;  // of each quarter register
    };
    using PixelsX86::add;

    static Words widen(const std::uint8_t* at) {
        return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
    }
    static void add(Sums& sums, Words a, Words b, const std::int16_t* weights) {
        const __m512i pair = _mm512_set1_epi32(two_weights(weights));
        const __m512i low = _mm512_madd_epi16(_mm512_unpacklo_epi16(a, b), pair);
        const __m512i high = _mm512_madd_epi16(_mm512_unpackhi_epi16(a, b), pair);
        sums = {_mm512_add_epi32(sums.low, low), _mm512_add_epi32(sums.high, high)};
    }
    static void store_rounded(const Sums& sums, std::int16_t* out) {
        const __m512i half = _mm512_set1_epi32(64);
        const __m512i low = _mm512_srai_epi32(_mm512_add_epi32(sums.low, half), 7);
        const __m512i high = _mm512_srai_epi32(_mm512_add_epi32(sums.high, half), 7);
        _mm512_storeu_si512(out, _mm512_packs_epi32(low, high));
    }
    static __m512 normalise(const std::uint8_t* levels, float mean, float std) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(levels));
        const __m512 values = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
        return _mm512_div_ps(_mm512_sub_ps(values, _mm512_set1_ps(mean)), _mm512_set1_ps(std));
    }
    static void store(__m512 values, float* out) { _mm512_storeu_ps(out, values); }
    static void store(__m512 values, Half* out) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                            _mm512_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT));
    }
};

}  // namespace

const Resampler* avx512_resampler() {
    static constexpr Resampler kResampler = resampler_with<Avx512>(Isa::avx512);
    return &kResampler;
}

}  // namespace cabinsafe
#else
namespace cabinsafe {
const Resampler* avx512_resampler() { return nullptr; }
}  // namespace cabinsafe
#endif
