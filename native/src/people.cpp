#include "cabinsafe/people.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cabinsafe/errors.hpp"

namespace cabinsafe {
namespace {

void add_up_limbs(const Peaks& peaks, const std::vector<AcceptedLimb>& accepted,
                  const Groups& groups, std::vector<GroupSum>& sums) {
    sums.assign(peaks.all.size(), GroupSum{});
    for (const AcceptedLimb& limb : accepted) {
        GroupSum& sum = sums[groups.root(limb.start)];
        sum.limb_scores += limb.score;
        ++sum.limbs;
    }
}

// half_size: size, in cells, at which a person has half of the score of one without end.
float person_score(const Peaks& peaks, const Groups& groups, int root, const GroupSum& sum,
                   int layout_keypoints, double half_size) {
    double scores = sum.limb_scores;
    Peak low = peaks.all[root];
    Peak high = low;
    for (int peak = root; peak >= 0; peak = groups.next(peak)) {
        const Peak& at = peaks.all[peak];
        scores += at.score;
        low = {std::min(low.x, at.x), std::min(low.y, at.y), 0.0F};
        high = {std::max(high.x, at.x), std::max(high.y, at.y), 0.0F};
    }
    const int keypoints = groups.count(root);
    const double coverage = static_cast<double>(keypoints) / layout_keypoints;
    const double plain = scores / (keypoints + sum.limbs) * std::sqrt(coverage);
    const double size = std::sqrt(static_cast<double>(high.x - low.x) * (high.y - low.y));
    const double share = half_size > 0.0 ? size / (size + half_size) : 1.0;
    return static_cast<float>(plain * share);
}

// Gives each group that is a person its row.
void rank_people(const Peaks& peaks, const Groups& groups, int layout_keypoints,
                 const Options& options, int map_side, PeopleRoom& room) {
    const double half_size = static_cast<double>(options.half_score_size_map_sides) * map_side;
    room.ranking.clear();
    for (int peak = 0; peak < peaks.total(); ++peak) {
        if (groups.root(peak) != peak || groups.count(peak) < options.min_keypoints) continue;
        const float score =
            person_score(peaks, groups, peak, room.sums[peak], layout_keypoints, half_size);
        if (score >= options.min_person_score) room.ranking.emplace_back(-score, peak);
    }
    if (room.ranking.size() > static_cast<std::size_t>(options.max_people)) {
        throw LimitError(LimitError::Limit::people, -1);
    }
    std::sort(room.ranking.begin(), room.ranking.end());
    for (std::size_t row = 0; row < room.ranking.size(); ++row) {
        room.sums[room.ranking[row].second].row = static_cast<int>(row);
    }
}

void clear_poses(Poses& poses, std::size_t people, std::size_t keypoints, std::size_t limbs) {
    poses.count = static_cast<int>(people);
    poses.keypoints = keypoints;
    poses.limbs = limbs;
    poses.xy.assign(people * keypoints * 2, std::numeric_limits<float>::quiet_NaN());
    poses.score.assign(people * keypoints, 0.0F);
    poses.person_score.resize(people);
    poses.limb_score.assign(people * limbs, 0.0F);
    poses.ambiguity.assign(people, 0.0F);
    poses.limb_ambiguity.assign(people * limbs, 0.0F);
    poses.expected.assign(people, -1);
    poses.present.resize(people);
}

}  // namespace

void write_people(const Peaks& peaks, const std::vector<AcceptedLimb>& accepted,
                  const Groups& groups, const Layout& layout, const Options& options, int map_side,
                  PeopleRoom& room, Poses& poses) {
    const std::size_t keypoints = layout.keypoint_channels.size();
    const std::size_t limbs = layout.limbs.size();
    add_up_limbs(peaks, accepted, groups, room.sums);
    rank_people(peaks, groups, layout.keypoint_count(), options, map_side, room);
    clear_poses(poses, room.ranking.size(), keypoints, limbs);
    for (std::size_t keypoint = 0; keypoint < keypoints; ++keypoint) {
        for (int peak = peaks.first[keypoint]; peak < peaks.first[keypoint + 1]; ++peak) {
            const int row = room.sums[groups.root(peak)].row;
            if (row < 0) continue;
            const std::size_t at = row * keypoints + keypoint;
            poses.xy[2 * at] = peaks.all[peak].x;
            poses.xy[2 * at + 1] = peaks.all[peak].y;
            poses.score[at] = peaks.all[peak].score;
        }
    }
    for (const AcceptedLimb& limb : accepted) {
        const int row = room.sums[groups.root(limb.start)].row;
        if (row < 0) continue;
        poses.limb_score[row * limbs + limb.limb] = limb.score;
        poses.limb_ambiguity[row * limbs + limb.limb] = limb.ambiguity;
        poses.ambiguity[row] = std::max(poses.ambiguity[row], limb.ambiguity);
    }
    for (std::size_t row = 0; row < room.ranking.size(); ++row) {
        poses.person_score[row] = -room.ranking[row].first;
        poses.present[row] = groups.keypoints(room.ranking[row].second);
    }
}

}  // namespace cabinsafe
