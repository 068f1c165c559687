// Step 2: peaks + part affinity fields -> candidate limbs.
#pragma once

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
};

// Candidates of every limb, in the order limb, start, end. The field is read at the cells under
// points of the segment from start to end; a point agrees if the field along the segment's
// direction is above sample_threshold there.
//  1. Two of the three points at 0.3, 0.5 and 0.7 of the way must agree (the cheap test).
//  2. Of the ten points at 0.05, 0.15, ... 0.95, min_agreeing_samples_of_10 must agree.
//  3. score = mean of the ten - length_penalty_per_map_side * length / longer side of the map, at
//     most 1, and at least limb_threshold.
// Two peaks at the same place have no direction, so nothing agrees with them.
std::vector<LimbCandidate> find_limbs(const Maps& pafs, const Peaks& peaks, const Layout& layout,
                                      const Options& options);

}  // namespace cabinsafe
