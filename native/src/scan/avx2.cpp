#include "scanners.hpp"

#if defined(__AVX2__) && defined(__F16C__)
#include <immintrin.h>

#include "scan_with.hpp"

namespace cabinsafe {
namespace {

struct Avx2 {
    static constexpr int kLanes = 8;
    using Reg = __m256;

    static Reg load(const float* at) { return _mm256_loadu_ps(at); }
    static Reg splat(float value) { return _mm256_set1_ps(value); }
    static Reg add(Reg a, Reg b) { return _mm256_add_ps(a, b); }
    static Reg max(Reg a, Reg b) { return _mm256_max_ps(a, b); }
    static bool any_above(Reg a, Reg b) { return above(a, b) != 0; }
    static std::uint32_t above(Reg a, Reg b) {
        return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ)));
    }
    static std::uint32_t not_below(Reg a, Reg b) {
        return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GE_OQ)));
    }
    static float sum(Reg a) {
        alignas(32) float lanes[kLanes];
        _mm256_store_ps(lanes, a);
        float total = 0.0F;
        for (const float value : lanes) total += value;
        return total;
    }
};

void widen(const Half* from, float* to, std::size_t count) {
    std::size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i));
        _mm256_storeu_ps(to + i, _mm256_cvtph_ps(bits));
    }
    for (; i < count; ++i) to[i] = _cvtsh_ss(from[i].bits);
}

}  // namespace

const Scanner* avx2_scanner() {
    static constexpr Scanner kScanner{Isa::avx2, &find_maxima_with<Avx2>, &widen};
    return &kScanner;
}

}  // namespace cabinsafe
#else
namespace cabinsafe {
const Scanner* avx2_scanner() { return nullptr; }
}  // namespace cabinsafe
#endif
