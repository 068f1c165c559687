// Between steps 2 and 3, if asked for: where people are expected decides who owns a contested limb.
#pragma once

#include <vector>

#include "cabinsafe/groups.hpp"
#include "cabinsafe/limbs.hpp"
#include "cabinsafe/options.hpp"
#include "cabinsafe/peaks.hpp"
#include "cabinsafe/people.hpp"

namespace cabinsafe {

// People as they were in the last frame, or as they are expected in this one.
struct ExpectedPeople {
    const float* xy = nullptr;  // (count, keypoints, 2) map cells, NaN where unknown
    int count = 0;
};

// What bias_candidates writes over; keep it between calls. One per thread.
struct PriorRoom {
    std::vector<float> reach_sq;  // per expected person
    std::vector<float> nearness;  // per peak and expected person
    std::vector<float> likeness;  // per person found and expected person
};

// bias = prior_weight * the largest, over the expected people, of the product of the two ends'
// nearness to that person's keypoints. Nearness = 1 - (distance / reach)^2, at least 0; reach =
// prior_reach_person_sizes * the diagonal of the box around the expected person's keypoints, and at
// least suppression_radius_cells.
void bias_candidates(const ExpectedPeople& expected, const Peaks& peaks, const Layout& layout,
                     const Options& options, PriorRoom& room,
                     std::vector<LimbCandidate>& candidates);

// Which expected person each person found is, -1 for none: pairs by the sum of their peaks'
// nearness, the largest first; equal ones by row, then by place among the expected.
void match_expected(const ExpectedPeople& expected, const Peaks& peaks, const Groups& groups,
                    const std::vector<GroupSum>& sums, PriorRoom& room, Poses& poses);

}  // namespace cabinsafe
