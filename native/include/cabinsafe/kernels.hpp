// The parts of a decoding that are worth vector registers, for whatever the processor has.
//
// Every instruction set does the same arithmetic in the same order, so all find the same people.
#pragma once

#include <type_traits>

#include "cabinsafe/half.hpp"
#include "cabinsafe/isa.hpp"
#include "cabinsafe/limbs.hpp"
#include "cabinsafe/peaks.hpp"
#include "cabinsafe/scan.hpp"

namespace cabinsafe {

template <typename Scalar>
struct KernelsOf {
    // Rule 1 of find_peaks, for one heatmap.
    ScanResult (*find_maxima)(const Scalar* plane, float threshold, ScanRoom& room) = nullptr;
    // The same in a part of it, as cell numbers, rising; returns how many.
    int (*find_maxima_in)(const Scalar* plane, const ScanWindow& window, float threshold,
                          int* maxima) = nullptr;
    // Rule 3 of find_peaks, for cells of any heatmaps.
    void (*refine)(const Scalar* heatmaps, const PeakCells& cells, Peak* peaks) = nullptr;
    // Reads the field under one side's peaks; whether it is finite there.
    bool (*read_ends)(const LimbField<Scalar>& field, const LimbEnds& ends) = nullptr;
    // Rules 1 to 3 of find_limbs for the starts from `start` on, which becomes the next one, until
    // all are done or the list has no room for another; whether all that was read is finite. All
    // starts of a kind of limb come one after the other, from 0 on.
    bool (*list_likely)(const LimbField<Scalar>& field, const LimbEnds& starts,
                        const LimbEnds& ends, int& start, LikelyPairs& pairs) = nullptr;
    // Rules 4 and 5 of find_limbs: scores of the pairs, -1 where too few points agree; whether all
    // that was read is finite. The list is filled up with copies of its first pair.
    bool (*score)(const LimbField<Scalar>& field, const ScoreRule& rule,
                  const LikelyPairs& pairs) = nullptr;
};

struct Kernels {
    Isa isa = Isa::scalar;
    KernelsOf<float> of_float;
    KernelsOf<Half> of_half;

    template <typename Scalar>
    const KernelsOf<Scalar>& of() const {
        if constexpr (std::is_same_v<Scalar, Half>) {
            return of_half;
        } else {
            return of_float;
        }
    }
};

// Null where this build or this processor does not have it.
const Kernels* find_kernels(Isa isa);
// The fastest ones of this processor.
const Kernels& best_kernels();

}  // namespace cabinsafe
