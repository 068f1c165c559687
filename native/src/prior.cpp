#include "cabinsafe/prior.hpp"

#include <algorithm>
#include <limits>

namespace cabinsafe {
namespace {

// Square of how far from a person's keypoint a peak may lie to speak for that person. Comparisons
// with an unknown keypoint's NaN are false.
float reach_sq(const float* xy, int keypoints, float person_sizes) {
    constexpr float kFar = std::numeric_limits<float>::max();
    float left = kFar, right = -kFar, top = kFar, bottom = -kFar;
    for (int k = 0; k < keypoints; ++k) {
        left = std::min(left, xy[2 * k]);
        right = std::max(right, xy[2 * k]);
        top = std::min(top, xy[2 * k + 1]);
        bottom = std::max(bottom, xy[2 * k + 1]);
    }
    if (left > right || top > bottom) return 0.0F;
    const float width = right - left;
    const float height = bottom - top;
    return person_sizes * person_sizes * (width * width + height * height);
}

void measure_nearness(const ExpectedPeople& expected, const Peaks& peaks, int keypoints,
                      PriorRoom& room) {
    room.nearness.clear();
    for (int keypoint = 0; keypoint < keypoints; ++keypoint) {
        for (int peak = peaks.first[keypoint]; peak < peaks.first[keypoint + 1]; ++peak) {
            for (int person = 0; person < expected.count; ++person) {
                const float* const xy =
                    expected.xy + 2 * (static_cast<std::size_t>(person) * keypoints + keypoint);
                const float dx = peaks.all[peak].x - xy[0];
                const float dy = peaks.all[peak].y - xy[1];
                const float nearness = 1.0F - (dx * dx + dy * dy) / room.reach_sq[person];
                room.nearness.push_back(nearness > 0.0F ? nearness : 0.0F);
            }
        }
    }
}

}  // namespace

void bias_candidates(const ExpectedPeople& expected, const Peaks& peaks, const Layout& layout,
                     const Options& options, PriorRoom& room,
                     std::vector<LimbCandidate>& candidates) {
    const int keypoints = layout.keypoint_count();
    room.reach_sq.clear();
    for (int person = 0; person < expected.count; ++person) {
        const float* const xy = expected.xy + 2 * static_cast<std::size_t>(person) * keypoints;
        const float reach = reach_sq(xy, keypoints, options.prior_reach_person_sizes);
        const float least = options.suppression_radius_cells * options.suppression_radius_cells;
        room.reach_sq.push_back(std::max(reach, least));
    }
    measure_nearness(expected, peaks, keypoints, room);
    for (LimbCandidate& candidate : candidates) {
        const std::size_t count = static_cast<std::size_t>(expected.count);
        const float* const start = room.nearness.data() + candidate.start * count;
        const float* const end = room.nearness.data() + candidate.end * count;
        float best = 0.0F;
        for (std::size_t i = 0; i < count; ++i) best = std::max(best, start[i] * end[i]);
        candidate.bias = options.prior_weight * best;
    }
}

void match_expected(const ExpectedPeople& expected, const Peaks& peaks, const Groups& groups,
                    const std::vector<GroupSum>& sums, PriorRoom& room, Poses& poses) {
    const std::size_t count = static_cast<std::size_t>(expected.count);
    room.likeness.assign(static_cast<std::size_t>(poses.count) * count, 0.0F);
    for (int peak = 0; peak < peaks.total(); ++peak) {
        const int row = sums[groups.root(peak)].row;
        if (row < 0) continue;
        for (std::size_t i = 0; i < count; ++i) {
            room.likeness[row * count + i] += room.nearness[peak * count + i];
        }
    }
    poses.expected.assign(static_cast<std::size_t>(poses.count), -1);
    while (!room.likeness.empty()) {
        const auto best = std::max_element(room.likeness.begin(), room.likeness.end());
        if (*best <= 0.0F) break;
        const auto place = static_cast<std::size_t>(best - room.likeness.begin());
        const std::size_t row = place / count;
        const std::size_t who = place % count;
        poses.expected[row] = static_cast<int>(who);
        for (std::size_t i = 0; i < count; ++i) room.likeness[row * count + i] = 0.0F;
        for (int i = 0; i < poses.count; ++i) room.likeness[i * count + who] = 0.0F;
    }
}

}  // namespace cabinsafe
