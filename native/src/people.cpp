#include "cabinsafe/people.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>

#include "cabinsafe/errors.hpp"

namespace cabinsafe {
namespace {

// Groups of peaks; the lowest peak id of a group is its root.
class Groups {
  public:
    explicit Groups(const Peaks& peaks) : parents_(peaks.all.size()), keypoints_(peaks.all.size()) {
        for (std::size_t keypoint = 0; keypoint + 1 < peaks.first.size(); ++keypoint) {
            for (int peak = peaks.first[keypoint]; peak < peaks.first[keypoint + 1]; ++peak) {
                parents_[peak] = peak;
                keypoints_[peak] = std::uint64_t{1} << keypoint;
            }
        }
    }

    int root(int peak) {
        while (parents_[peak] != peak) {
            parents_[peak] = parents_[parents_[peak]];
            peak = parents_[peak];
        }
        return peak;
    }

    // False, and nothing changes, when both groups have some keypoint.
    bool join(int a, int b) {
        const auto [low, high] = std::minmax({root(a), root(b)});
        if (low == high) return true;
        if ((keypoints_[low] & keypoints_[high]) != 0) return false;
        parents_[high] = low;
        keypoints_[low] |= keypoints_[high];
        return true;
    }

  private:
    std::vector<int> parents_;
    std::vector<std::uint64_t> keypoints_;
};

// Per limb and end peak: is there an accepted limb, and how good is the best one refused?
class Claims {
  public:
    Claims(const Layout& layout, const Peaks& peaks)
        : peaks_(static_cast<std::size_t>(peaks.total())),
          taken_(layout.limbs.size() * peaks_, 0),
          rival_(layout.limbs.size() * peaks_, 0.0F) {}

    bool taken(const LimbCandidate& c) const {
        return taken_[start(c)] != 0 || taken_[end(c)] != 0;
    }
    void take(const LimbCandidate& c) { taken_[start(c)] = taken_[end(c)] = 1; }

    void refuse(const LimbCandidate& c) {
        rival_[start(c)] = std::max(rival_[start(c)], c.score);
        rival_[end(c)] = std::max(rival_[end(c)], c.score);
    }

    float ambiguity(const LimbCandidate& c) const {
        return std::min(std::max(rival_[start(c)], rival_[end(c)]) / c.score, 1.0F);
    }

  private:
    std::size_t start(const LimbCandidate& c) const { return c.limb * peaks_ + c.start; }
    std::size_t end(const LimbCandidate& c) const { return c.limb * peaks_ + c.end; }

    std::size_t peaks_;
    std::vector<char> taken_;
    std::vector<float> rival_;
};

// What a group adds up to; indexed by its root.
struct Sum {
    double scores = 0.0;
    int keypoints = 0;
    int limbs = 0;
    float ambiguity = 0.0F;
    int row = -1;  // place in the result, -1 for none

    float person_score(int layout_keypoints) const {
        const double coverage = static_cast<double>(keypoints) / layout_keypoints;
        return static_cast<float>(scores / (keypoints + limbs) * std::sqrt(coverage));
    }
};

// Moves the accepted candidates to the front of the list; returns how many.
int accept(std::vector<LimbCandidate>& candidates, Groups& groups, Claims& claims) {
    std::sort(candidates.begin(), candidates.end(),
              [](const LimbCandidate& a, const LimbCandidate& b) {
                  return std::tie(b.score, a.limb, a.start, a.end) <
                         std::tie(a.score, b.limb, b.start, b.end);
              });
    int accepted = 0;
    for (const LimbCandidate candidate : candidates) {
        if (claims.taken(candidate) || !groups.join(candidate.start, candidate.end)) {
            claims.refuse(candidate);
            continue;
        }
        claims.take(candidate);
        candidates[accepted++] = candidate;
    }
    return accepted;
}

std::vector<Sum> add_up(const std::vector<LimbCandidate>& accepted, const Peaks& peaks,
                        Groups& groups, const Claims& claims) {
    std::vector<Sum> sums(peaks.all.size());
    for (int peak = 0; peak < peaks.total(); ++peak) {
        Sum& sum = sums[groups.root(peak)];
        sum.scores += peaks.all[peak].score;
        ++sum.keypoints;
    }
    for (const LimbCandidate& limb : accepted) {
        Sum& sum = sums[groups.root(limb.start)];
        sum.scores += limb.score;
        ++sum.limbs;
        sum.ambiguity = std::max(sum.ambiguity, claims.ambiguity(limb));
    }
    return sums;
}

// Gives each group that is a person its row; returns their roots in order.
std::vector<int> rank_people(std::vector<Sum>& sums, int layout_keypoints, const Options& options) {
    std::vector<std::pair<float, int>> ranking;
    for (int root = 0; root < static_cast<int>(sums.size()); ++root) {
        if (sums[root].keypoints < std::max(options.min_keypoints, 1)) continue;
        const float score = sums[root].person_score(layout_keypoints);
        if (score >= options.min_person_score) ranking.emplace_back(-score, root);
    }
    if (ranking.size() > static_cast<std::size_t>(options.max_people)) {
        throw LimitError(LimitError::Limit::people, -1);
    }
    std::sort(ranking.begin(), ranking.end());
    std::vector<int> roots;
    for (const auto& [_, root] : ranking) {
        sums[root].row = static_cast<int>(roots.size());
        roots.push_back(root);
    }
    return roots;
}

Poses empty_poses(std::size_t people, std::size_t keypoints, std::size_t limbs) {
    Poses poses;
    poses.count = static_cast<int>(people);
    poses.xy.assign(people * keypoints * 2, std::numeric_limits<float>::quiet_NaN());
    poses.score.assign(people * keypoints, 0.0F);
    poses.person_score.assign(people, 0.0F);
    poses.limb_score.assign(people * limbs, 0.0F);
    poses.ambiguity.assign(people, 0.0F);
    return poses;
}

}  // namespace

Poses group_people(std::vector<LimbCandidate> candidates, const Peaks& peaks, const Layout& layout,
                   const Options& options) {
    Groups groups(peaks);
    Claims claims(layout, peaks);
    candidates.resize(accept(candidates, groups, claims));
    std::vector<Sum> sums = add_up(candidates, peaks, groups, claims);
    const std::vector<int> roots = rank_people(sums, layout.keypoint_count(), options);

    Poses poses = empty_poses(roots.size(), layout.keypoint_channels.size(), layout.limbs.size());
    for (int keypoint = 0; keypoint < layout.keypoint_count(); ++keypoint) {
        for (int peak = peaks.first[keypoint]; peak < peaks.first[keypoint + 1]; ++peak) {
            const int row = sums[groups.root(peak)].row;
            if (row < 0) continue;
            const std::size_t at = row * layout.keypoint_channels.size() + keypoint;
            poses.xy[2 * at] = peaks.all[peak].x;
            poses.xy[2 * at + 1] = peaks.all[peak].y;
            poses.score[at] = peaks.all[peak].score;
        }
    }
    for (const LimbCandidate& limb : candidates) {
        const int row = sums[groups.root(limb.start)].row;
        if (row >= 0) poses.limb_score[row * layout.limbs.size() + limb.limb] = limb.score;
    }
    for (std::size_t row = 0; row < roots.size(); ++row) {
        poses.person_score[row] = sums[roots[row]].person_score(layout.keypoint_count());
        poses.ambiguity[row] = sums[roots[row]].ambiguity;
    }
    return poses;
}

}  // namespace cabinsafe
