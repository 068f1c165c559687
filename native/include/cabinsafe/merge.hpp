// Step 4: groups that are pieces of one body, split where a joint was not seen -> one group.
#pragma once

#include <cstdint>
#include <vector>

#include "cabinsafe/groups.hpp"
#include "cabinsafe/options.hpp"
#include "cabinsafe/peaks.hpp"

namespace cabinsafe {

// Smallest group that takes part: two keypoints, so it has at least a limb. The largest kMaxPieces
// take part, equal ones by their lowest peak id.
constexpr int kMinPiece = 2;
constexpr int kMaxPieces = 128;
// Keypoints that one of a pair must have at least: a body can be found to fit almost any two limbs.
constexpr int kMinAnchor = 3;
// A pair is only merged if every pair with such a group that it shuts out fits so much worse: so
// many times, and so many spreads more.
constexpr float kRivalTimes = 1.25F;
constexpr float kRivalMore = 0.25F;
// Furthest that a body leans, as the tangent of the angle.
constexpr float kMaxLean = 1.0F;

// What merge_fragments writes over; keep it between calls. One per thread.
struct MergeRoom {
    struct Pair {
        float misfit;
        int a, b;  // places in `pieces`
    };
    // Sums over a piece's keypoints, each times its weight 1 / spread^2; (u, v) on the body, (x, y)
    // in the map. Those of two pieces together are the sums of theirs.
    struct Moments {
        double count = 0, weight = 0, u = 0, v = 0, x = 0, y = 0;
        double uu_vv = 0, xx_yy = 0, ux = 0, vy = 0, uy = 0, vx = 0;
    };
    std::vector<int> pieces;  // roots; the first of a pair that was merged stays
    std::vector<int> open;
    std::vector<std::uint64_t> keypoints;
    std::vector<Moments> moments;
    std::vector<float> misfit;
    std::vector<Pair> pairs;
    std::vector<unsigned char> used;
};

// Rules, in this order:
//  1. The misfit of two groups is how badly Layout::body fits their peaks, in spreads (root mean
//     square): the best of its moved, scaled and turned copies, mirrored or not, with each keypoint
//     weighing 1 / spread^2. A fit that leans more than kMaxLean counts as none.
//  2. Pairs of groups, one of kMinAnchor keypoints or more, without a keypoint in common, whose
//     misfit is at most max_merge_misfit, are taken together, the best first; equal ones by place
//     in the list of pieces.
//  3. A pair is merged unless one of the two was merged in this round, or could as well belong to a
//     third group, of kMinAnchor keypoints or more, that has a keypoint in common with the other
//     (kRivalTimes, kRivalMore).
//  4. Rounds go on until none merges.
// Nothing happens if the layout has no body or max_merge_misfit is 0.
void merge_fragments(const Peaks& peaks, const Layout& layout, const Options& options,
                     MergeRoom& room, Groups& groups);

}  // namespace cabinsafe
