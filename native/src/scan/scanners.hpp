// Each instruction set's scanner; null in a build for another kind of processor.
#pragma once

#include "cabinsafe/scan.hpp"

namespace cabinsafe {

const Scanner* scalar_scanner();
const Scanner* neon_scanner();
const Scanner* avx2_scanner();
const Scanner* avx512_scanner();

}  // namespace cabinsafe
