#include "cabinsafe/maps.hpp"

#include <array>
#include <cmath>

namespace cabinsafe {
namespace {

constexpr std::size_t kLanes = 32;

// Whether the sum of all values is finite. A NaN or an infinity never leaves a sum, so "yes" proves
// that every value is finite; "no" may also be an overflow. Lanes let the compiler vectorise.
bool sum_is_finite(const float* values, std::size_t count) {
    std::array<float, kLanes> sums{};
    std::size_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += values[i + lane];
    }
    float rest = 0.0F;
    for (; i < count; ++i) rest += values[i];
    for (const float sum : sums) rest += sum;
    return std::isfinite(rest);
}

}  // namespace

NonFiniteCount count_non_finite(const Maps& maps) {
    NonFiniteCount found;
    if (sum_is_finite(maps.data, maps.size())) return found;
    for (int channel = 0; channel < maps.channels; ++channel) {
        const float* values = maps.channel(channel);
        for (std::size_t i = 0; i < maps.cells(); ++i) {
            if (std::isfinite(values[i])) continue;
            if (found.values == 0) found.first_channel = channel;
            ++found.values;
        }
    }
    return found;
}

}  // namespace cabinsafe
