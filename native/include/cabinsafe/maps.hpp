// Views of network outputs.
//
// Boundary: plain C++17 from here down. No Python type enters these headers, nothing here is global
// or static, and every function may be called from several threads at once.
#pragma once

#include <cstddef>

#include "cabinsafe/half.hpp"

namespace cabinsafe {

// A (channels, height, width) tensor that someone else owns, contiguous, row by row.
// Map coordinates are in cells, x to the right and y down; the centre of cell 0 is at 0.5.
template <typename Scalar>
struct MapsOf {
    const Scalar* data = nullptr;
    int channels = 0;
    int height = 0;
    int width = 0;

    std::size_t cells() const {
        return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    }
    std::size_t size() const { return static_cast<std::size_t>(channels) * cells(); }
    const Scalar* channel(int index) const {
        return data + static_cast<std::size_t>(index) * cells();
    }
};

using Maps = MapsOf<float>;
using HalfMaps = MapsOf<Half>;

// How many values of a tensor are NaN or infinite, and the first channel with one (-1 if none).
struct NonFiniteCount {
    std::size_t values = 0;
    int first_channel = -1;
};

NonFiniteCount count_non_finite(const Maps& maps);
NonFiniteCount count_non_finite(const HalfMaps& maps);

}  // namespace cabinsafe
