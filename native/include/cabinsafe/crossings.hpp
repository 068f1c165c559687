// After step 4: limbs that cross are ambiguous.
#pragma once

#include <vector>

#include "cabinsafe/groups.hpp"
#include "cabinsafe/options.hpp"
#include "cabinsafe/peaks.hpp"

namespace cabinsafe {

// What mark_crossings writes over; keep it between calls. One per thread.
struct CrossingRoom {
    std::vector<int> first;    // per kind: its first limb in the lists below
    std::vector<int> members;  // places in the list of accepted limbs
    std::vector<int> group;
    std::vector<float> left, right, top, bottom;  // boxes of the limbs
    std::vector<int> meets;
};

// Limbs of the same kind, or of mirrored kinds, that cross and belong to different groups: the maps
// cannot tell well there whose is which. The ambiguity of both becomes at least 0.5 where they
// cross at right angles and 1 where they are all but parallel: (1 + |cosine|) / 2.
void mark_crossings(const Peaks& peaks, const Layout& layout, const Groups& groups,
                    CrossingRoom& room, std::vector<AcceptedLimb>& accepted);

// Ambiguity of two limbs a-b and c-d that cross, as above; 0 where they do not.
float crossing(const Peak& a, const Peak& b, const Peak& c, const Peak& d);

}  // namespace cabinsafe
