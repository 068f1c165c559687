#include "cabinsafe/people.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cabinsafe/errors.hpp"

namespace cabinsafe {
namespace {

void add_up(const Peaks& peaks, const std::vector<AcceptedLimb>& accepted, const Groups& groups,
            std::vector<GroupSum>& sums) {
    sums.assign(peaks.all.size(), GroupSum{});
    for (int peak = 0; peak < peaks.total(); ++peak) {
        sums[groups.root(peak)].scores += peaks.all[peak].score;
    }
    for (const AcceptedLimb& limb : accepted) {
        GroupSum& sum = sums[groups.root(limb.start)];
        sum.scores += limb.score;
        ++sum.limbs;
    }
}

// Gives each group that is a person its row.
void rank_people(const Groups& groups, int layout_keypoints, const Options& options,
                 PeopleRoom& room) {
    room.ranking.clear();
    for (int peak = 0; peak < static_cast<int>(room.sums.size()); ++peak) {
        const int keypoints = groups.count(peak);
        if (groups.root(peak) != peak || keypoints < options.min_keypoints) continue;
        const GroupSum& sum = room.sums[peak];
        const double coverage = static_cast<double>(keypoints) / layout_keypoints;
        const auto score =
            static_cast<float>(sum.scores / (keypoints + sum.limbs) * std::sqrt(coverage));
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
    poses.xy.assign(people * keypoints * 2, std::numeric_limits<float>::quiet_NaN());
    poses.score.assign(people * keypoints, 0.0F);
    poses.person_score.resize(people);
    poses.limb_score.assign(people * limbs, 0.0F);
    poses.ambiguity.assign(people, 0.0F);
    poses.limb_ambiguity.assign(people * limbs, 0.0F);
    poses.expected.assign(people, -1);
}

}  // namespace

void write_people(const Peaks& peaks, const std::vector<AcceptedLimb>& accepted,
                  const Groups& groups, const Layout& layout, const Options& options,
                  PeopleRoom& room, Poses& poses) {
    const std::size_t keypoints = layout.keypoint_channels.size();
    const std::size_t limbs = layout.limbs.size();
    add_up(peaks, accepted, groups, room.sums);
    rank_people(groups, layout.keypoint_count(), options, room);
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
    }
}

}  // namespace cabinsafe
