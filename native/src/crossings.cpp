#include "cabinsafe/crossings.hpp"

#include <algorithm>
#include <cmath>

namespace cabinsafe {
namespace {

// The first limb of a kind and its mirrored one.
int kind_of(const Layout& layout, int limb) {
    const int mirror = layout.limbs[limb].mirror;
    return mirror >= 0 ? std::min(limb, mirror) : limb;
}

// Lists the accepted limbs by kind, with their boxes.
void list_by_kind(const Peaks& peaks, const Layout& layout, const Groups& groups,
                  const std::vector<AcceptedLimb>& accepted, CrossingRoom& room) {
    const std::size_t count = accepted.size();
    room.first.assign(layout.limbs.size() + 2, 0);
    for (const AcceptedLimb& limb : accepted) ++room.first[kind_of(layout, limb.limb) + 2];
    for (std::size_t i = 2; i < room.first.size(); ++i) room.first[i] += room.first[i - 1];
    for (auto* list : {&room.members, &room.group}) list->resize(count);
    for (auto* list : {&room.left, &room.right, &room.top, &room.bottom}) list->resize(count);
    room.meets.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        const AcceptedLimb& limb = accepted[i];
        const Peak& a = peaks.all[limb.start];
        const Peak& b = peaks.all[limb.end];
        const int place = room.first[kind_of(layout, limb.limb) + 1]++;
        room.members[place] = static_cast<int>(i);
        room.group[place] = groups.root(limb.start);
        room.left[place] = std::min(a.x, b.x);
        room.right[place] = std::max(a.x, b.x);
        room.top[place] = std::min(a.y, b.y);
        room.bottom[place] = std::max(a.y, b.y);
    }
}

// Which of the limbs [begin, own) are of other groups and have boxes that overlap that of `own`;
// returns how many.
int find_meeting(CrossingRoom& room, int begin, int own) {
    const float* const left = room.left.data();
    const float* const right = room.right.data();
    const float* const top = room.top.data();
    const float* const bottom = room.bottom.data();
    const int* const group = room.group.data();
    int* const meets = room.meets.data();
    const float own_left = left[own], own_right = right[own], own_top = top[own];
    const float own_bottom = bottom[own];
    const int own_group = group[own];
    int count = 0;
    for (int i = begin; i < own; ++i) {
        const bool overlaps = (left[i] <= own_right) & (right[i] >= own_left) &
                              (top[i] <= own_bottom) & (bottom[i] >= own_top);
        meets[i] = static_cast<int>(overlaps & (group[i] != own_group));
        count += meets[i];
    }
    return count;
}

// Twice the area of a triangle; its sign says on which side of a-b the point c lies.
float side(const Peak& a, const Peak& b, const Peak& c) {
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

}  // namespace

float crossing(const Peak& a, const Peak& b, const Peak& c, const Peak& d) {
    if (side(a, b, c) * side(a, b, d) >= 0.0F || side(c, d, a) * side(c, d, b) >= 0.0F) return 0.0F;
    const float x1 = b.x - a.x, y1 = b.y - a.y, x2 = d.x - c.x, y2 = d.y - c.y;
    const float lengths = std::sqrt((x1 * x1 + y1 * y1) * (x2 * x2 + y2 * y2));
    return std::min(0.5F + 0.5F * std::fabs(x1 * x2 + y1 * y2) / lengths, 1.0F);
}

void mark_crossings(const Peaks& peaks, const Layout& layout, const Groups& groups,
                    CrossingRoom& room, std::vector<AcceptedLimb>& accepted) {
    list_by_kind(peaks, layout, groups, accepted, room);
    for (int kind = 0; kind < layout.limb_count(); ++kind) {
        const int begin = room.first[kind];
        for (int own = begin + 1; own < room.first[kind + 1]; ++own) {
            if (find_meeting(room, begin, own) == 0) continue;
            AcceptedLimb& limb = accepted[room.members[own]];
            for (int i = begin; i < own; ++i) {
                if (room.meets[i] == 0) continue;
                AcceptedLimb& other = accepted[room.members[i]];
                const float ambiguity = crossing(peaks.all[limb.start], peaks.all[limb.end],
                                                 peaks.all[other.start], peaks.all[other.end]);
                limb.ambiguity = std::max(limb.ambiguity, ambiguity);
                other.ambiguity = std::max(other.ambiguity, ambiguity);
            }
        }
    }
}

}  // namespace cabinsafe
