#include "all_kernels.hpp"

namespace cabinsafe {

const Kernels* find_kernels(Isa isa) {
    if (!processor_has(isa)) return nullptr;
    switch (isa) {
        case Isa::avx512:
            return avx512_kernels();
        case Isa::avx2:
            return avx2_kernels();
        case Isa::neon:
            return neon_kernels();
        case Isa::scalar:
            break;
    }
    return scalar_kernels();
}

const Kernels& best_kernels() {
    for (const Isa isa : {Isa::avx512, Isa::avx2, Isa::neon}) {
        if (const Kernels* kernels = find_kernels(isa)) return *kernels;
    }
    return *scalar_kernels();
}

}  // namespace cabinsafe
