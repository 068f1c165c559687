// Step 6b: proposals -> filled gaps.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "cabinsafe/gaps.hpp"
#include "cabinsafe/options.hpp"
#include "cabinsafe/peaks.hpp"
#include "cabinsafe/people.hpp"

namespace cabinsafe {

// What fill_gaps writes over; keep it between calls. One per thread.
struct FillRoom {
    std::vector<std::pair<float, int>> ranking;
    std::vector<Gap> filled;  // in all rounds of a decoding
};

// Rule 4 of complete_people for proposals with the scores of their limbs; the keypoints that were
// found become those of `fresh`.
void fill_gaps(const std::vector<Proposal>& proposals, const float* limb_scores,
               const Options& options, FillRoom& room, std::vector<std::uint64_t>& fresh,
               Poses& poses);

// The ambiguity of filled limbs that cross others of their kind.
void mark_filled_crossings(const Layout& layout, const FillRoom& room, Poses& poses);

}  // namespace cabinsafe
