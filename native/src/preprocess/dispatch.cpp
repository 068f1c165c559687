#include "resamplers.hpp"

namespace cabinsafe {

const Resampler* find_resampler(Isa isa) {
    if (!processor_has(isa)) return nullptr;
    switch (isa) {
        case Isa::avx512:
            return avx512_resampler();
        case Isa::avx2:
            return avx2_resampler();
        case Isa::neon:
            return neon_resampler();
        case Isa::scalar:
            break;
    }
    return scalar_resampler();
}

const Resampler& best_resampler() {
    for (const Isa isa : {Isa::avx512, Isa::avx2, Isa::neon}) {
        if (const Resampler* resampler = find_resampler(isa)) return *resampler;
    }
    return *scalar_resampler();
}

}  // namespace cabinsafe
