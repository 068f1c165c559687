#include "all_kernels.hpp"

#ifdef __AVX512F__
#include <immintrin.h>

#include "table.hpp"

namespace cabinsafe {
namespace {

struct Avx512 {
    static constexpr int kLanes = 16;
    using Reg = __m512;
    using Mask = __mmask16;

    static Reg load(const float* at) { return _mm512_loadu_ps(at); }
    static Reg load(const Half* at) {
        return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
    }
    static Reg splat(float value) { return _mm512_set1_ps(value); }
    static float value(float value) { return value; }
    static float value(Half value) { return _cvtsh_ss(value.bits); }

    static Reg max(Reg a, Reg b) { return _mm512_max_ps(a, b); }
    static float sum(Reg a) { return _mm512_reduce_add_ps(a); }
    static Mask above(Reg a, Reg b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
    static Mask not_below(Reg a, Reg b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
    static std::uint32_t bits(Mask lanes) { return lanes; }
};

}  // namespace

const Kernels* avx512_kernels() {
    static const Kernels kKernels = [] {
        Kernels kernels = *avx2_kernels();
        kernels.isa = Isa::avx512;
        kernels.of_float.find_maxima = &find_maxima_with<Avx512, float>;
        kernels.of_float.find_maxima_in = &find_maxima_in_with<Avx512, float>;
        kernels.of_half.find_maxima_in = &find_maxima_in_with<Avx512, Half>;
        kernels.of_half.find_maxima = &find_maxima_with<Avx512, Half>;
        return kernels;
    }();
    return &kKernels;
}

}  // namespace cabinsafe
#else
namespace cabinsafe {
const Kernels* avx512_kernels() { return nullptr; }
}  // namespace cabinsafe
#endif
