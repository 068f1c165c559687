#include "cabinsafe/isa.hpp"

namespace cabinsafe {

bool processor_has([[maybe_unused]] Isa isa) {
#if defined(__x86_64__) || defined(__i386__)
    const bool halves = __builtin_cpu_supports("f16c");
    if (isa == Isa::avx512) {
        return halves && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
    }
    if (isa == Isa::avx2) return halves && __builtin_cpu_supports("avx2");
#endif
    return true;
}

}  // namespace cabinsafe
