#include "resamplers.hpp"

#if defined(__AVX2__) && defined(__F16C__)
#include "pixels_x86.hpp"

namespace cabinsafe {
namespace {

struct Avx2 : PixelsX86 {
    static constexpr int kBytes = 16;
    static constexpr int kFloats = 8;
    using Words = __m256i;
    struct Sums {
        __m256i low, high;  // of each half register
    };
    using PixelsX86::add;

    static Words widen(const std::uint8_t* at) {
        return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
    }
    static void add(Sums& sums, Words a, Words b, const std::int16_t* weights) {
        const __m256i pair = _mm256_set1_epi32(two_weights(weights));
        const __m256i low = _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), pair);
        const __m256i high = _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), pair);
        sums = {_mm256_add_epi32(sums.low, low), _mm256_add_epi32(sums.high, high)};
    }
    static void store_rounded(const Sums& sums, std::int16_t* out) {
        const __m256i half = _mm256_set1_epi32(64);
        const __m256i low = _mm256_srai_epi32(_mm256_add_epi32(sums.low, half), 7);
        const __m256i high = _mm256_srai_epi32(_mm256_add_epi32(sums.high, half), 7);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_packs_epi32(low, high));
    }
    static __m256 normalise(const std::uint8_t* levels, float mean, float std) {
        const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(levels));
        const __m256 values = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
        return _mm256_div_ps(_mm256_sub_ps(values, _mm256_set1_ps(mean)), _mm256_set1_ps(std));
    }
    static void store(__m256 values, float* out) { _mm256_storeu_ps(out, values); }
    static void store(__m256 values, Half* out) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                         _mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT));
    }
};

}  // namespace

const Resampler* avx2_resampler() {
    static constexpr Resampler kResampler = resampler_with<Avx2>(Isa::avx2);
    return &kResampler;
}

}  // namespace cabinsafe
#else
namespace cabinsafe {
const Resampler* avx2_resampler() { return nullptr; }
}  // namespace cabinsafe
#endif
