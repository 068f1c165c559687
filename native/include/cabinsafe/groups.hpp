// Step 3: candidate limbs -> groups of peaks that belong to one body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cabinsafe/limbs.hpp"
#include "cabinsafe/options.hpp"
#include "cabinsafe/peaks.hpp"

namespace cabinsafe {

struct AcceptedLimb {
    float score = 0.0F;
    int limb = 0;
    int start = 0;  // peak ids
    int end = 0;
    float ambiguity = 0.0F;
};

// Groups of peaks; the lowest peak id of a group is its root. No group has two of a keypoint.
class Groups {
  public:
    void reset(const Peaks& peaks);

    int root(int peak) const { return root_[peak]; }
    int keypoint(int peak) const { return keypoint_[peak]; }
    std::uint64_t keypoints(int root) const { return keypoints_[root]; }
    int count(int root) const { return count_[root]; }
    // Peaks of a group: first its root, then next() until it is -1.
    int next(int peak) const { return next_[peak]; }

    // False, and nothing changes, when both groups have some keypoint.
    bool join(int a, int b);

  private:
    std::vector<int> root_;
    std::vector<int> keypoint_;
    std::vector<int> next_;
    std::vector<int> last_;
    std::vector<int> count_;
    std::vector<std::uint64_t> keypoints_;
};

// What accept_limbs writes over; keep it between calls. One per thread.
struct ClaimRoom {
    std::vector<std::uint64_t> order;
    std::vector<std::uint64_t> sorted;
    std::vector<int> first_start, first_end;  // per limb: slot of its first start and end peak
    std::vector<unsigned char> taken;         // per slot: does an accepted limb end here?
    std::vector<float> rival;                 // per slot: score of the best limb that was refused
};

// Rules, in this order, for candidates that come in the order limb, start, end:
//  1. Candidates of all limbs are taken together, the best score (with its bias) first; equal ones
//     by limb, start peak, end peak, the lowest first. One is accepted unless an end already has an
//     accepted limb of the same kind, or it would join two groups that both have some keypoint: a
//     person never gets two of a part, and nothing a person has is overwritten. A limb within a
//     group (a cycle) is accepted.
//  2. A limb's ambiguity = (score of the best limb of the same kind that was refused and shares an
//     end) / (its own score), at most 1; 0 if there is no such rival.
void accept_limbs(const std::vector<LimbCandidate>& candidates, const Peaks& peaks,
                  const Layout& layout, ClaimRoom& room, Groups& groups,
                  std::vector<AcceptedLimb>& accepted);

}  // namespace cabinsafe
