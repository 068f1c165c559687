// Step 2: peaks + part affinity fields -> candidate limbs.
#pragma once

#include <cstdint>
#include <vector>

#include "cabinsafe/maps.hpp"
#include "cabinsafe/options.hpp"
#include "cabinsafe/peaks.hpp"

namespace cabinsafe {

struct LimbCandidate {
    float score = 0.0F;
    int limb = 0;
    int start = 0;  // peak ids
    int end = 0;
    float bias = 0.0F;  // what people who were expected add to the score when owners are chosen
};

// What find_limbs writes over; keep it between calls. One per thread.
struct LimbRoom {
    std::vector<float> x, y, field_x, field_y, field_sq;  // of one limb's possible ends
    std::vector<int> faces;
    std::vector<std::uint32_t> pairs;
};

// Candidates of every limb, in the order limb, start, end. The field is read at the cells under
// the two ends and under points of the segment from start to end; a point agrees if the field along
// the segment's direction is above sample_threshold there.
//  1. The mean of the fields at the two ends must agree: of many pairs of peaks, most do not even
//     face each other.
//  2. The point at half the way must agree, and one of those at 0.3 and 0.7.
//  3. Of the ten points at 0.05, 0.15, ... 0.95, min_agreeing_samples_of_10 must agree.
//  4. score = mean of the ten - length_penalty_per_map_side * length / longer side of the map, at
//     most 1, and at least limb_threshold.
// Two peaks at the same place have no direction, so nothing agrees with them.
// Throws NonFiniteError for NaN or infinity at a cell that was read.
template <typename Scalar>
void find_limbs(const MapsOf<Scalar>& pafs, const Peaks& peaks, const Layout& layout,
                const Options& options, LimbRoom& room, std::vector<LimbCandidate>& candidates);

extern template void find_limbs(const Maps&, const Peaks&, const Layout&, const Options&, LimbRoom&,
                                std::vector<LimbCandidate>&);
extern template void find_limbs(const HalfMaps&, const Peaks&, const Layout&, const Options&,
                                LimbRoom&, std::vector<LimbCandidate>&);

}  // namespace cabinsafe
