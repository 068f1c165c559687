// Each instruction set's resampler; null in a build for another kind of processor.
#pragma once

#include "cabinsafe/preprocess.hpp"

namespace cabinsafe {

const Resampler* scalar_resampler();
const Resampler* neon_resampler();
const Resampler* avx2_resampler();
const Resampler* avx512_resampler();

}  // namespace cabinsafe
