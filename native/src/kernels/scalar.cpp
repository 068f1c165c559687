#include "quad.hpp"
#include "table.hpp"

namespace cabinsafe {

const Kernels* scalar_kernels() {
    static constexpr Kernels kKernels = kernels_with<Quad>(Isa::scalar);
    return &kKernels;
}

}  // namespace cabinsafe
