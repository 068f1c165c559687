// All kernels with one instruction set's registers. Each instruction set includes this in a file of
// its own and names its registers in an anonymous namespace, so that nothing compiled for one
// processor is ever linked into another's path.
//
// V: kLanes; Reg and Ints, GCC vectors of as many float and int: operators work on them;
// load(const float*, const Half*, const int*); store(pointer, register); splat(float or int);
// iota(): 0, 1, 2 ...; value(float or Half); min, max (Reg, Reg): the second where one is NaN, abs,
// sqrt, sum, lowest (Reg); lower, higher (Ints, Ints); truncate(Reg); gather(const float* or const
// Half*, Ints); above, not_below (Reg, Reg): a Mask, & works on it; bits(Mask): a bit per lane;
// pick(Mask, Reg, Reg); count(bits); pack(pointer, register, bits): stores the lanes of the bits
// side by side, and anything in the rest of a register's room.
#pragma once

#include "all_kernels.hpp"
#include "limbs_with.hpp"
#include "refine_with.hpp"
#include "scan_with.hpp"
#include "window_with.hpp"

namespace cabinsafe {
namespace {

template <typename V, typename Scalar>
constexpr KernelsOf<Scalar> kernels_of() {
    return {&find_maxima_with<V, Scalar>, &find_maxima_in_with<V, Scalar>, &refine_with<V, Scalar>,
            &read_ends_with<V, Scalar>,   &list_likely_with<V, Scalar>,    &score_with<V, Scalar>};
}

template <typename V>
constexpr Kernels kernels_with(Isa isa) {
    return {isa, kernels_of<V, float>(), kernels_of<V, Half>()};
}

}  // namespace
}  // namespace cabinsafe
