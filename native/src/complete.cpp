#include "cabinsafe/complete.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cabinsafe/crossings.hpp"
#include "cabinsafe/errors.hpp"

namespace cabinsafe {
namespace {

using Gap = CompletionRoom::Gap;
using Proposal = CompletionRoom::Proposal;

std::uint64_t bit_of(int keypoint) { return std::uint64_t{1} << keypoint; }

// How far a cone around a direction reaches along an axis, for the direction's cosine and sine to
// that axis.
float extent(float cosine, float sine) {
    constexpr float kAcross = 0.8660254F;  // sine of the cone's half angle
    return cosine >= kAhead ? 1.0F : std::max(kAhead * cosine + kAcross * sine, 0.0F);
}

int clip(float cell, int cells) {
    return static_cast<int>(std::min(std::max(cell, 0.0F), static_cast<float>(cells)));
}

template <typename Scalar>
class Completion {
  public:
    Completion(const MapsOf<Scalar>& heatmaps, const MapsOf<Scalar>& pafs, const Layout& layout,
               const Options& options, const KernelsOf<Scalar>& kernels, CompletionRoom& room,
               Poses& poses)
        : heatmaps_(heatmaps),
          pafs_(pafs),
          layout_(layout),
          options_(options),
          kernels_(kernels),
          room_(room),
          poses_(poses) {}

    void run() {
        measure_body();
        note_present();
        for (int round = 0; round < kCompletionRounds; ++round) {
            list_proposals();
            refine();
            score_limbs();
            std::fill(room_.fresh.begin(), room_.fresh.end(), 0);
            accept();
        }
        for (const Gap& gap : room_.filled) mark_crossings_of(gap);
    }

  private:
    std::size_t keypoint_at(int person, int keypoint) const {
        return static_cast<std::size_t>(person) * layout_.keypoint_channels.size() + keypoint;
    }
    std::size_t limb_at(int person, int limb) const {
        return static_cast<std::size_t>(person) * layout_.limbs.size() + limb;
    }
    Peak keypoint(int person, int keypoint) const {
        const std::size_t at = keypoint_at(person, keypoint);
        return {poses_.xy[2 * at], poses_.xy[2 * at + 1], poses_.score[at]};
    }
    float field(int channel, const Peak& at) const {
        const int cell = static_cast<int>(at.y) * pafs_.width + static_cast<int>(at.x);
        return to_float(pafs_.channel(channel)[cell]);
    }

    void measure_body() {
        room_.body_sq.assign(layout_.limbs.size(), 0.0F);
        if (layout_.body.empty()) return;
        for (std::size_t i = 0; i < layout_.limbs.size(); ++i) {
            const BodyPoint& a = layout_.body[layout_.limbs[i].start];
            const BodyPoint& b = layout_.body[layout_.limbs[i].end];
            if (!(a.spread > 0.0F && b.spread > 0.0F)) continue;
            room_.body_sq[i] = (b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y);
        }
    }

    void note_present() {
        room_.filled.clear();
        room_.present.assign(static_cast<std::size_t>(poses_.count), 0);
        const float* score = poses_.score.data();
        for (std::uint64_t& present : room_.present) {
            for (int k = 0; k < layout_.keypoint_count(); ++k) {
                present |= std::uint64_t{*score++ > 0.0F} << k;
            }
        }
        room_.fresh = room_.present;
        room_.scale_sq.assign(room_.present.size(), -1.0F);
    }

    void list_proposals() {
        room_.proposals.clear();
        for (auto* list : {&room_.plane, &room_.column, &room_.row}) list->clear();
        for (int person = 0; person < poses_.count; ++person) {
            const std::uint64_t present = room_.present[person];
            if (room_.fresh[person] == 0) continue;
            for (int i = 0; i < layout_.limb_count(); ++i) {
                const Limb& limb = layout_.limbs[i];
                const bool has_start = (present & bit_of(limb.start)) != 0;
                const bool has_end = (present & bit_of(limb.end)) != 0;
                if (has_start == has_end) continue;
                const int anchor = has_start ? limb.start : limb.end;
                if ((room_.fresh[person] & bit_of(anchor)) == 0) continue;
                look_from({person, i, anchor, has_start ? limb.end : limb.start});
            }
        }
    }

    // Rules 1 and 2.
    void look_from(const Gap& gap) {
        const Limb& limb = layout_.limbs[gap.limb];
        const Peak anchor = keypoint(gap.person, gap.anchor);
        const float sign = gap.anchor == limb.start ? 1.0F : -1.0F;
        const float field_x = sign * field(limb.x_channel, anchor);
        const float field_y = sign * field(limb.y_channel, anchor);
        finite_ &= std::isfinite(field_x) && std::isfinite(field_y);
        const float field_sq = field_x * field_x + field_y * field_y;
        if (!(field_sq > options_.sample_threshold * options_.sample_threshold)) return;
        const float reach_sq = reach_sq_of(gap.person, gap.limb);
        const float length = std::sqrt(field_sq);
        const ScanWindow window = window_of(anchor, field_x / length, field_y / length, reach_sq);
        const int channel = layout_.keypoint_channels[gap.missing];
        const int count = list_maxima(heatmaps_.channel(channel), window);
        for (int i = 0; i < count; ++i) {
            const int cell = room_.maxima[i];
            const int row = cell / heatmaps_.width;
            const int column = cell - row * heatmaps_.width;
            const float dx = static_cast<float>(column) + 0.5F - anchor.x;
            const float dy = static_cast<float>(row) + 0.5F - anchor.y;
            const float distance_sq = dx * dx + dy * dy;
            const float ahead = field_x * dx + field_y * dy;
            if (!(distance_sq <= reach_sq)) continue;
            if (!(ahead * std::fabs(ahead) > kAhead * kAhead * field_sq * distance_sq)) continue;
            room_.plane.push_back(channel * static_cast<int>(heatmaps_.cells()));
            room_.column.push_back(column);
            room_.row.push_back(row);
            room_.proposals.push_back({gap, cell, {}});
        }
    }

    int list_maxima(const Scalar* plane, const ScanWindow& window) {
        const int cells = (window.right - window.left) * (window.bottom - window.top);
        room_.maxima.resize(std::max(room_.maxima.size(), static_cast<std::size_t>(cells)));
        return kernels_.find_maxima_in(plane, window, options_.weak_peak_threshold,
                                       room_.maxima.data());
    }

    float reach_sq_of(int person, int limb) {
        float& scale_sq = room_.scale_sq[person];
        if (scale_sq < 0.0F) scale_sq = scale_sq_of(person);  // in the first round
        const float body_sq = room_.body_sq[limb];
        if (!(body_sq > 0.0F && scale_sq > 0.0F)) return std::numeric_limits<float>::max();
        return kReach * kReach * body_sq * scale_sq;
    }

    float scale_sq_of(int person) const {
        float scale_sq = 0.0F;
        for (int i = 0; i < layout_.limb_count(); ++i) {
            if (!(room_.body_sq[i] > 0.0F && poses_.limb_score[limb_at(person, i)] > 0.0F))
                continue;
            const Peak a = keypoint(person, layout_.limbs[i].start);
            const Peak b = keypoint(person, layout_.limbs[i].end);
            const float dx = b.x - a.x, dy = b.y - a.y;
            scale_sq = std::max(scale_sq, (dx * dx + dy * dy) / room_.body_sq[i]);
        }
        return scale_sq;
    }

    // All cells within reach whose direction is less than the cone's half angle from (x, y).
    ScanWindow window_of(const Peak& anchor, float x, float y, float reach_sq) const {
        constexpr float kMargin = 0.6F;  // half a cell, and rounding
        const int height = heatmaps_.height, width = heatmaps_.width;
        const float reach = std::min(std::sqrt(reach_sq), static_cast<float>(height + width));
        const float across_x = std::fabs(y), across_y = std::fabs(x);
        return {height,
                width,
                clip(anchor.x - reach * extent(-x, across_x) - kMargin, width),
                clip(anchor.y - reach * extent(-y, across_y) - kMargin, height),
                clip(anchor.x + reach * extent(x, across_x) + kMargin, width),
                clip(anchor.y + reach * extent(y, across_y) + kMargin, height)};
    }

    void refine() {
        const std::size_t count = room_.proposals.size();
        room_.peaks.resize(count);
        if (count == 0) return;
        for (auto* list : {&room_.plane, &room_.column, &room_.row}) {
            list->resize(count + kMaxLanes, list->back());
        }
        const PeakCells cells{heatmaps_.height,   heatmaps_.width,     static_cast<int>(count),
                              room_.plane.data(), room_.column.data(), room_.row.data()};
        kernels_.refine(heatmaps_.data, cells, room_.peaks.data());
        for (std::size_t i = 0; i < count; ++i) room_.proposals[i].peak = room_.peaks[i];
    }

    // Rule 3: scores of the limbs, -1 where too few points agree.
    void score_limbs() {
        const std::size_t count = room_.proposals.size();
        for (auto* list : {&room_.x_plane, &room_.y_plane}) list->resize(count + kMaxLanes);
        for (auto* list : {&room_.x, &room_.y, &room_.dx, &room_.dy, &room_.score}) {
            list->resize(count + kMaxLanes);
        }
        for (std::size_t i = 0; i < (count == 0 ? 0 : count + kMaxLanes); ++i) {
            const Proposal& proposal = room_.proposals[i < count ? i : 0];
            const Limb& limb = layout_.limbs[proposal.gap.limb];
            Peak start = keypoint(proposal.gap.person, proposal.gap.anchor);
            Peak end = proposal.peak;
            if (proposal.gap.anchor == limb.end) std::swap(start, end);
            room_.x[i] = start.x;
            room_.y[i] = start.y;
            room_.dx[i] = end.x - start.x;
            room_.dy[i] = end.y - start.y;
            room_.x_plane[i] = static_cast<int>(pafs_.channel(limb.x_channel) - pafs_.data);
            room_.y_plane[i] = static_cast<int>(pafs_.channel(limb.y_channel) - pafs_.data);
        }
        LikelyPairs pairs;
        pairs.count = static_cast<int>(count);
        pairs.x_plane = room_.x_plane.data();
        pairs.y_plane = room_.y_plane.data();
        pairs.x = room_.x.data();
        pairs.y = room_.y.data();
        pairs.dx = room_.dx.data();
        pairs.dy = room_.dy.data();
        pairs.score = room_.score.data();
        const float side = static_cast<float>(std::max(pafs_.height, pafs_.width));
        const ScoreRule rule{options_.sample_threshold, options_.min_agreeing_samples_of_10,
                             options_.length_penalty_per_map_side / side};
        finite_ &= kernels_.score({pafs_.data, pafs_.width}, rule, pairs);
        if (!finite_) require_finite(pafs_, NonFiniteError::Tensor::pafs);
    }

    // Rule 4.
    void accept() {
        room_.ranking.clear();
        for (std::size_t i = 0; i < room_.proposals.size(); ++i) {
            if (!(room_.score[i] >= options_.limb_threshold)) continue;
            const float rank = room_.score[i] * std::sqrt(room_.proposals[i].peak.score);
            room_.ranking.emplace_back(-rank, static_cast<int>(i));
        }
        std::sort(room_.ranking.begin(), room_.ranking.end());
        for (const auto& [rank, i] : room_.ranking) {
            const auto& [gap, cell, peak] = room_.proposals[i];
            if ((room_.present[gap.person] & bit_of(gap.missing)) != 0) continue;
            if (is_crowded(gap.missing, peak)) continue;
            fill(gap, peak, room_.score[i], rival_of(i));
        }
    }

    bool is_crowded(int missing, const Peak& peak) const {
        const float radius = options_.suppression_radius_cells;
        for (int person = 0; person < poses_.count; ++person) {  // false for an absent one's NaN
            const Peak other = keypoint(person, missing);
            const float dx = peak.x - other.x, dy = peak.y - other.y;
            const float distance_sq = dx * dx + dy * dy;
            if (distance_sq < radius * radius || distance_sq == 0.0F) return true;
        }
        return false;
    }

    float rival_of(int own) const {
        const auto& [gap, cell, peak] = room_.proposals[own];
        float rival = 0.0F;
        for (const auto& [rank, i] : room_.ranking) {
            const Proposal& other = room_.proposals[i];
            const bool same_peak = other.cell == cell && other.gap.missing == gap.missing;
            if (same_peak && other.gap.person != gap.person)
                rival = std::max(rival, room_.score[i]);
        }
        return rival;
    }

    void fill(const Gap& gap, const Peak& peak, float limb_score, float rival) {
        const std::size_t keypoint = keypoint_at(gap.person, gap.missing);
        poses_.xy[2 * keypoint] = peak.x;
        poses_.xy[2 * keypoint + 1] = peak.y;
        poses_.score[keypoint] = peak.score;
        poses_.limb_score[limb_at(gap.person, gap.limb)] = limb_score;
        raise_ambiguity(gap, std::min(rival / limb_score, 1.0F));
        room_.present[gap.person] |= bit_of(gap.missing);
        room_.fresh[gap.person] |= bit_of(gap.missing);
        room_.filled.push_back(gap);
    }

    void raise_ambiguity(const Gap& gap, float ambiguity) {
        float& own = poses_.limb_ambiguity[limb_at(gap.person, gap.limb)];
        own = std::max(own, ambiguity);
        poses_.ambiguity[gap.person] = std::max(poses_.ambiguity[gap.person], own);
    }

    void mark_crossings_of(const Gap& gap) {
        const Peak a = keypoint(gap.person, layout_.limbs[gap.limb].start);
        const Peak b = keypoint(gap.person, layout_.limbs[gap.limb].end);
        for (const int kind : {gap.limb, layout_.limbs[gap.limb].mirror}) {
            for (int person = 0; kind >= 0 && person < poses_.count; ++person) {
                if (person == gap.person || !(poses_.limb_score[limb_at(person, kind)] > 0.0F)) {
                    continue;
                }
                const Peak c = keypoint(person, layout_.limbs[kind].start);
                const Peak d = keypoint(person, layout_.limbs[kind].end);
                raise_ambiguity(gap, crossing(a, b, c, d));
            }
        }
    }

    const MapsOf<Scalar>& heatmaps_;
    const MapsOf<Scalar>& pafs_;
    const Layout& layout_;
    const Options& options_;
    const KernelsOf<Scalar>& kernels_;
    CompletionRoom& room_;
    Poses& poses_;
    bool finite_ = true;  // all that was read of the PAFs; false also where finite values overflow
};

}  // namespace

template <typename Scalar>
void complete_people(const MapsOf<Scalar>& heatmaps, const MapsOf<Scalar>& pafs,
                     const Layout& layout, const Options& options, const Kernels& kernels,
                     CompletionRoom& room, Poses& poses) {
    if (poses.count == 0 || options.weak_peak_threshold >= options.peak_threshold) return;
    Completion<Scalar>(heatmaps, pafs, layout, options, kernels.of<Scalar>(), room, poses).run();
}

template void complete_people(const Maps&, const Maps&, const Layout&, const Options&,
                              const Kernels&, CompletionRoom&, Poses&);
template void complete_people(const HalfMaps&, const HalfMaps&, const Layout&, const Options&,
                              const Kernels&, CompletionRoom&, Poses&);

}  // namespace cabinsafe
