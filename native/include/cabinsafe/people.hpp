// Step 5: groups of peaks -> people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "cabinsafe/groups.hpp"
#include "cabinsafe/options.hpp"
#include "cabinsafe/peaks.hpp"

namespace cabinsafe {

// Parallel row-major arrays of `count` people, the best person first.
struct Poses {
    int count = 0;
    std::size_t keypoints = 0;
    std::size_t limbs = 0;
    std::vector<float> xy;               // (count, keypoints, 2) map cells, NaN where absent
    std::vector<float> score;            // (count, keypoints) in [0, 1], 0 where absent
    std::vector<float> person_score;     // (count) in [0, 1]
    std::vector<float> limb_score;       // (count, limbs) in [0, 1], 0 where absent
    std::vector<float> ambiguity;        // (count) in [0, 1], the largest of the person's limbs
    std::vector<float> limb_ambiguity;   // (count, limbs) in [0, 1], 0 where absent
    std::vector<int> expected;           // (count) which expected person it is, -1 for none
    std::vector<std::uint64_t> present;  // (count) keypoints, a bit each

    std::size_t keypoint_at(int person, int keypoint) const {
        return static_cast<std::size_t>(person) * keypoints + static_cast<std::size_t>(keypoint);
    }
    std::size_t limb_at(int person, int limb) const {
        return static_cast<std::size_t>(person) * limbs + static_cast<std::size_t>(limb);
    }
    Peak keypoint(int person, int keypoint) const {
        const std::size_t at = keypoint_at(person, keypoint);
        return {xy[2 * at], xy[2 * at + 1], score[at]};
    }
};

// What the limbs of a group add up to; indexed by its root.
struct GroupSum {
    double limb_scores = 0.0;
    int limbs = 0;
    int row = -1;  // place in the result, -1 for none
};

// What write_people writes over; keep it between calls. One per thread.
struct PeopleRoom {
    std::vector<GroupSum> sums;
    std::vector<std::pair<float, int>> ranking;
};

// Rules, in this order:
//  1. A group of peaks is a person if it has min_keypoints and min_person_score.
//     person_score = mean of its keypoint and accepted limb scores * sqrt(its keypoints / all
//     keypoints) * size / (size + half_score_size_map_sides * map_side), size being the square
//     root of the area of the box around its keypoints: the smaller a skeleton is, the more often
//     it is wrong, however sure of its keypoints the maps are. Where the option is 0, the size
//     does not count.
//  2. People are ordered by person_score, the highest first; equal ones by their lowest peak id.
// map_side: the longer side of the map, in cells.
// Throws LimitError when there are more than max_people.
void write_people(const Peaks& peaks, const std::vector<AcceptedLimb>& accepted,
                  const Groups& groups, const Layout& layout, const Options& options, int map_side,
                  PeopleRoom& room, Poses& poses);

}  // namespace cabinsafe
