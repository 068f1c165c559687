// Step 3: candidate limbs -> people.
#pragma once

#include <vector>

#include "cabinsafe/limbs.hpp"
#include "cabinsafe/options.hpp"
#include "cabinsafe/peaks.hpp"

namespace cabinsafe {

// Parallel row-major arrays of `count` people, the best person first.
struct Poses {
    int count = 0;
    std::vector<float> xy;            // (count, keypoints, 2) map cells, NaN where absent
    std::vector<float> score;         // (count, keypoints) in [0, 1], 0 where absent
    std::vector<float> person_score;  // (count) in [0, 1]
    std::vector<float> limb_score;    // (count, limbs) in [0, 1], 0 where absent
    std::vector<float> ambiguity;     // (count) in [0, 1]
};

// Rules, in this order:
//  1. Candidates of all limbs are taken together, the best score first; equal scores by limb, start
//     peak, end peak, the lowest first. One is accepted unless an end already has an accepted limb
//     of the same kind, or it would join two groups that both have some keypoint: a person never
//     gets two of a part, and nothing a person has is overwritten. A limb within a group (a cycle)
//     is accepted.
//  2. A group of peaks is a person if it has min_keypoints and min_person_score.
//     person_score = mean of its keypoint and accepted limb scores * sqrt(its keypoints / all
//     keypoints).
//  3. ambiguity = the largest of (score of the best limb of the same kind that was not accepted and
//     shares an end) / (score of the limb), at most 1, over the person's accepted limbs; 0 if there
//     is no such rival.
//  4. People are ordered by person_score, the highest first; equal ones by their lowest peak id.
// Throws LimitError when there are more than max_people.
Poses group_people(std::vector<LimbCandidate> candidates, const Peaks& peaks, const Layout& layout,
                   const Options& options);

}  // namespace cabinsafe
