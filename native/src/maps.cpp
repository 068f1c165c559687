#include "cabinsafe/maps.hpp"

#include <cmath>

namespace cabinsafe {
namespace {

template <typename Scalar>
NonFiniteCount count(const MapsOf<Scalar>& maps) {
    NonFiniteCount found;
    for (int channel = 0; channel < maps.channels; ++channel) {
        const Scalar* values = maps.channel(channel);
        for (std::size_t i = 0; i < maps.cells(); ++i) {
            if (std::isfinite(to_float(values[i]))) continue;
            if (found.values == 0) found.first_channel = channel;
            ++found.values;
        }
    }
    return found;
}

}  // namespace

NonFiniteCount count_non_finite(const Maps& maps) { return count(maps); }
NonFiniteCount count_non_finite(const HalfMaps& maps) { return count(maps); }

}  // namespace cabinsafe
