// Each instruction set's kernels; null in a build for another kind of processor.
#pragma once

#include "cabinsafe/kernels.hpp"

namespace cabinsafe {

const Kernels* scalar_kernels();
const Kernels* neon_kernels();
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();

}  // namespace cabinsafe
