#include "cabinsafe/fill.hpp"

#include <algorithm>
#include <cmath>

#include "cabinsafe/crossings.hpp"

namespace cabinsafe {
namespace {

bool is_crowded(const Poses& poses, int missing, const Peak& peak, float radius) {
    for (int person = 0; person < poses.count; ++person) {  // false for an absent one's NaN
        const Peak other = poses.keypoint(person, missing);
        const float dx = peak.x - other.x, dy = peak.y - other.y;
        const float distance_sq = dx * dx + dy * dy;
        if (distance_sq < radius * radius || distance_sq == 0.0F) return true;
    }
    return false;
}

// Best limb score of somebody else's proposal of the same peak.
float rival_of(const std::vector<Proposal>& proposals, const float* limb_scores,
               const FillRoom& room, const Proposal& own) {
    float rival = 0.0F;
    for (const auto& [rank, i] : room.ranking) {
        const Proposal& other = proposals[i];
        const bool same_peak = other.cell == own.cell && other.gap.missing == own.gap.missing;
        if (same_peak && other.gap.person != own.gap.person) {
            rival = std::max(rival, limb_scores[i]);
        }
    }
    return rival;
}

void raise_ambiguity(const Gap& gap, float ambiguity, Poses& poses) {
    float& own = poses.limb_ambiguity[poses.limb_at(gap.person, gap.limb)];
    own = std::max(own, ambiguity);
    poses.ambiguity[gap.person] = std::max(poses.ambiguity[gap.person], own);
}

void fill(const Gap& gap, const Peak& peak, float limb_score, Poses& poses) {
    const std::size_t at = poses.keypoint_at(gap.person, gap.missing);
    poses.xy[2 * at] = peak.x;
    poses.xy[2 * at + 1] = peak.y;
    poses.score[at] = peak.score;
    poses.limb_score[poses.limb_at(gap.person, gap.limb)] = limb_score;
    poses.present[gap.person] |= std::uint64_t{1} << gap.missing;
}

}  // namespace

void fill_gaps(const std::vector<Proposal>& proposals, const float* limb_scores,
               const Options& options, FillRoom& room, std::vector<std::uint64_t>& fresh,
               Poses& poses) {
    room.ranking.clear();
    for (std::size_t i = 0; i < proposals.size(); ++i) {
        if (!(limb_scores[i] >= options.limb_threshold)) continue;
        const float rank = limb_scores[i] * std::sqrt(proposals[i].peak.score);
        room.ranking.emplace_back(-rank, static_cast<int>(i));
    }
    std::sort(room.ranking.begin(), room.ranking.end());
    std::fill(fresh.begin(), fresh.end(), 0);
    for (const auto& [rank, i] : room.ranking) {
        const auto& [gap, cell, peak] = proposals[i];
        if ((poses.present[gap.person] >> gap.missing & 1U) != 0) continue;
        if (is_crowded(poses, gap.missing, peak, options.suppression_radius_cells)) continue;
        fill(gap, peak, limb_scores[i], poses);
        const float rival = rival_of(proposals, limb_scores, room, proposals[i]);
        raise_ambiguity(gap, std::min(rival / limb_scores[i], 1.0F), poses);
        fresh[gap.person] |= std::uint64_t{1} << gap.missing;
        room.filled.push_back(gap);
    }
}

void mark_filled_crossings(const Layout& layout, const FillRoom& room, Poses& poses) {
    for (const Gap& gap : room.filled) {
        const Peak a = poses.keypoint(gap.person, layout.limbs[gap.limb].start);
        const Peak b = poses.keypoint(gap.person, layout.limbs[gap.limb].end);
        for (const int kind : {gap.limb, layout.limbs[gap.limb].mirror}) {
            for (int person = 0; kind >= 0 && person < poses.count; ++person) {
                if (person == gap.person || !(poses.limb_score[poses.limb_at(person, kind)] > 0.0F))
                    continue;
                const Peak c = poses.keypoint(person, layout.limbs[kind].start);
                const Peak d = poses.keypoint(person, layout.limbs[kind].end);
                raise_ambiguity(gap, crossing(a, b, c, d), poses);
            }
        }
    }
}

}  // namespace cabinsafe
