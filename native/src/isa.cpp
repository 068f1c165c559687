#include "cabinsafe/isa.hpp"

namespace cabinsafe {

bool processor_has([[maybe_unused]] Isa isa) {
#if defined(__x86_64__) || defined(__i386__)
    // Every processor with AVX2 has F16C too, which not every compiler can ask for.
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
    if (isa == Isa::avx512) {
        return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
    }
    if (isa == Isa::avx2) return avx2;
#endif
    return true;
}

}  // namespace cabinsafe
