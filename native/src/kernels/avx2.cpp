#include "all_kernels.hpp"

#if defined(__AVX2__) && defined(__F16C__)
#include <immintrin.h>

#include "table.hpp"

namespace cabinsafe {
namespace {

// For each set of lanes, their numbers in a row: a byte each.
struct PackTable {
    std::uint64_t rows[256] = {};

    constexpr PackTable() {
        for (int bits = 0; bits < 256; ++bits) {
            int count = 0;
            for (int lane = 0; lane < 8; ++lane) {
                if ((bits >> lane & 1) == 0) continue;
                rows[bits] |= static_cast<std::uint64_t>(lane) << (8 * count++);
            }
        }
    }
};
constexpr PackTable kPackTable;

struct Avx2 {
    static constexpr int kLanes = 8;
    using Reg = __m256;
    using Ints = int __attribute__((vector_size(32)));
    using Mask = Ints;

    static Reg load(const float* at) { return _mm256_loadu_ps(at); }
    static Reg load(const Half* at) {
        return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
    }
    static Ints load(const int* at) {
        return Ints(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
    }
    static void store(float* at, Reg a) { _mm256_storeu_ps(at, a); }
    static void store(int* at, Ints a) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), __m256i(a));
    }
    static Reg splat(float value) { return _mm256_set1_ps(value); }
    static Ints splat(int value) { return Ints(_mm256_set1_epi32(value)); }
    static Ints iota() { return Ints{0, 1, 2, 3, 4, 5, 6, 7}; }
    static float value(float value) { return value; }
    static float value(Half value) { return _cvtsh_ss(value.bits); }

    static Reg min(Reg a, Reg b) { return _mm256_min_ps(a, b); }
    static Reg max(Reg a, Reg b) { return _mm256_max_ps(a, b); }
    static Reg abs(Reg a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), a); }
    static Reg sqrt(Reg a) { return _mm256_sqrt_ps(a); }
    static float sum(Reg a) {
        float lanes[kLanes];
        store(lanes, a);
        float total = 0.0F;
        for (const float lane : lanes) total += lane;
        return total;
    }
    static float lowest(Reg a) {
        const __m128 half = _mm_min_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
        const __m128 two = _mm_min_ps(half, _mm_movehl_ps(half, half));
        return _mm_cvtss_f32(_mm_min_ss(two, _mm_movehdup_ps(two)));
    }
    static Ints lower(Ints a, Ints b) { return Ints(_mm256_min_epi32(__m256i(a), __m256i(b))); }
    static Ints higher(Ints a, Ints b) { return Ints(_mm256_max_epi32(__m256i(a), __m256i(b))); }
    static Ints truncate(Reg a) { return Ints(_mm256_cvttps_epi32(a)); }

    static Reg gather(const float* from, Ints at) {
        alignas(32) int cell[kLanes];
        _mm256_store_si256(reinterpret_cast<__m256i*>(cell), __m256i(at));
        return _mm256_setr_ps(from[cell[0]], from[cell[1]], from[cell[2]], from[cell[3]],
                              from[cell[4]], from[cell[5]], from[cell[6]], from[cell[7]]);
    }
    static Reg gather(const Half* from, Ints at) {
        alignas(32) int cell[kLanes];
        _mm256_store_si256(reinterpret_cast<__m256i*>(cell), __m256i(at));
        const auto bits = [&](int lane) { return static_cast<short>(from[cell[lane]].bits); };
        return _mm256_cvtph_ps(
            _mm_setr_epi16(bits(0), bits(1), bits(2), bits(3), bits(4), bits(5), bits(6), bits(7)));
    }

    static Mask above(Reg a, Reg b) { return Mask(_mm256_cmp_ps(a, b, _CMP_GT_OQ)); }
    static Mask not_below(Reg a, Reg b) { return Mask(_mm256_cmp_ps(a, b, _CMP_GE_OQ)); }
    static std::uint32_t bits(Mask lanes) {
        return static_cast<std::uint32_t>(_mm256_movemask_ps(Reg(lanes)));
    }
    static Reg pick(Mask lanes, Reg a, Reg b) { return _mm256_blendv_ps(b, a, Reg(lanes)); }
    static int count(std::uint32_t bits) { return __builtin_popcount(bits); }
    static void pack(float* to, Reg a, std::uint32_t bits) {
        _mm256_storeu_ps(to, _mm256_permutevar8x32_ps(a, packing(bits)));
    }
    static void pack(int* to, Ints a, std::uint32_t bits) {
        store(to, Ints(_mm256_permutevar8x32_epi32(__m256i(a), packing(bits))));
    }

  private:
    static __m256i packing(std::uint32_t bits) {
        const auto* const row = reinterpret_cast<const __m128i*>(kPackTable.rows + bits);
        return _mm256_cvtepu8_epi32(_mm_loadl_epi64(row));
    }
};

}  // namespace

const Kernels* avx2_kernels() {
    static constexpr Kernels kKernels = kernels_with<Avx2>(Isa::avx2);
    return &kKernels;
}

}  // namespace cabinsafe
#else
namespace cabinsafe {
const Kernels* avx2_kernels() { return nullptr; }
}  // namespace cabinsafe
#endif
