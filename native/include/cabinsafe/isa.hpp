// Instruction sets that vector code is written for; which of them to run is decided at run time.
#pragma once

namespace cabinsafe {

enum class Isa { scalar, neon, avx2, avx512 };

// Whether this processor runs code built for an instruction set of its architecture.
bool processor_has(Isa isa);

}  // namespace cabinsafe
