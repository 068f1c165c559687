#include "scanners.hpp"

#ifdef __AVX512F__
#include <immintrin.h>

#include "scan_with.hpp"

namespace cabinsafe {
namespace {

struct Avx512 {
    static constexpr int kLanes = 16;
    using Reg = __m512;

    static Reg load(const float* at) { return _mm512_loadu_ps(at); }
    static Reg splat(float value) { return _mm512_set1_ps(value); }
    static Reg add(Reg a, Reg b) { return _mm512_add_ps(a, b); }
    static Reg max(Reg a, Reg b) { return _mm512_max_ps(a, b); }
    static bool any_above(Reg a, Reg b) { return above(a, b) != 0; }
    static std::uint32_t above(Reg a, Reg b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
    static std::uint32_t not_below(Reg a, Reg b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
    static float sum(Reg a) { return _mm512_reduce_add_ps(a); }
};

void widen(const Half* from, float* to, std::size_t count) {
    std::size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i));
        _mm512_storeu_ps(to + i, _mm512_cvtph_ps(bits));
    }
    for (; i < count; ++i) to[i] = _cvtsh_ss(from[i].bits);
}

}  // namespace

const Scanner* avx512_scanner() {
    static constexpr Scanner kScanner{Isa::avx512, &find_maxima_with<Avx512>, &widen};
    return &kScanner;
}

}  // namespace cabinsafe
#else
namespace cabinsafe {
const Scanner* avx512_scanner() { return nullptr; }
}  // namespace cabinsafe
#endif
