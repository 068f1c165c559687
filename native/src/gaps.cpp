#include "cabinsafe/gaps.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cabinsafe {
namespace {

// How far a cone around a direction reaches along an axis, for the direction's cosine and sine to
// that axis.
float extent(float cosine, float sine) {
    constexpr float kAcross = 0.8660254F;  // sine of the cone's half angle
    return cosine >= kAhead ? 1.0F : std::max(kAhead * cosine + kAcross * sine, 0.0F);
}

int clip(float cell, int cells) {
    return static_cast<int>(std::min(std::max(0.0F, cell), static_cast<float>(cells)));
}

template <typename Scalar>
class GapSearch {
  public:
    GapSearch(const MapsOf<Scalar>& heatmaps, const MapsOf<Scalar>& pafs, const Layout& layout,
              const std::vector<LimbSpan>& spans, const Options& options,
              const KernelsOf<Scalar>& kernels, const Poses& poses, GapRoom& room)
        : heatmaps_(heatmaps),
          pafs_(pafs),
          layout_(layout),
          spans_(spans),
          options_(options),
          kernels_(kernels),
          poses_(poses),
          room_(room) {}

    bool run() {
        list_gaps();
        room_.proposals.clear();
        for (auto* list : {&room_.plane, &room_.column, &room_.row}) list->clear();
        for (const Gap& gap : room_.gaps) look_from(gap);
        return finite_;
    }

  private:
    void list_gaps() {
        room_.gaps.clear();
        for (int person = 0; person < poses_.count; ++person) {
            const std::uint64_t present = poses_.present[person];
            const std::uint64_t fresh = room_.fresh[person];
            if (fresh == 0) continue;
            for (int i = 0; i < layout_.limb_count(); ++i) {
                const std::uint64_t ends = spans_[i].ends;
                if ((fresh & ends) == 0 || (present & ends) == ends) continue;
                const Limb& limb = layout_.limbs[i];
                const bool has_start = (present >> limb.start & 1U) != 0;
                room_.gaps.push_back({person, i, has_start ? limb.start : limb.end,
                                      has_start ? limb.end : limb.start});
            }
        }
    }

    // Rules 1 and 2.
    void look_from(const Gap& gap) {
        const Limb& limb = layout_.limbs[gap.limb];
        const Peak anchor = poses_.keypoint(gap.person, gap.anchor);
        const int under = static_cast<int>(anchor.y) * pafs_.width + static_cast<int>(anchor.x);
        float field_x = to_float(pafs_.channel(limb.x_channel)[under]);
        float field_y = to_float(pafs_.channel(limb.y_channel)[under]);
        const float field_sq = field_x * field_x + field_y * field_y;
        const bool finite = field_sq - field_sq == 0.0F;
        finite_ &= finite;
        const float lowest = options_.sample_threshold;
        if (!finite || !(field_sq > lowest * lowest)) return;
        if (gap.anchor == limb.end) {
            field_x = -field_x;
            field_y = -field_y;
        }
        const float length = std::sqrt(field_sq);
        const float x = field_x / length, y = field_y / length;
        if (!goes_on(gap, anchor, x, y, length)) return;
        const float reach_sq = reach_sq_of(gap.person, gap.limb);
        const ScanWindow window = window_of(anchor, x, y, reach_sq);
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

    // Whether the field goes on as it begins at the anchor: there it has the length and, away from
    // the anchor, the direction (x, y).
    bool goes_on(const Gap& gap, const Peak& anchor, float x, float y, float length) {
        const Limb& limb = layout_.limbs[gap.limb];
        const float sign = gap.anchor == limb.start ? 1.0F : -1.0F;
        float sum = length;
        for (int step = 1; step <= kStepsOn; ++step) {
            const int column = clip(anchor.x + static_cast<float>(step) * x, pafs_.width - 1);
            const int row = clip(anchor.y + static_cast<float>(step) * y, pafs_.height - 1);
            const int cell = row * pafs_.width + column;
            sum += sign * (to_float(pafs_.channel(limb.x_channel)[cell]) * x +
                           to_float(pafs_.channel(limb.y_channel)[cell]) * y);
        }
        finite_ &= sum - sum == 0.0F;
        return sum > static_cast<float>(kStepsOn + 1) * options_.sample_threshold;
    }

    int list_maxima(const Scalar* plane, const ScanWindow& window) {
        const int cells = (window.right - window.left) * (window.bottom - window.top);
        room_.maxima.resize(std::max(room_.maxima.size(), static_cast<std::size_t>(cells) + 1));
        return kernels_.find_maxima_in(plane, window, options_.weak_peak_threshold,
                                       room_.maxima.data());
    }

    float reach_sq_of(int person, int limb) {
        float& scale_sq = room_.scale_sq[person];
        if (scale_sq < 0.0F) scale_sq = scale_sq_of(person);  // in the first round
        const float body_sq = spans_[limb].body_sq;
        if (!(body_sq > 0.0F && scale_sq > 0.0F)) return std::numeric_limits<float>::max();
        return kReach * kReach * body_sq * scale_sq;
    }

    float scale_sq_of(int person) const {
        float scale_sq = 0.0F;
        for (int i = 0; i < layout_.limb_count(); ++i) {
            const bool found = poses_.limb_score[poses_.limb_at(person, i)] > 0.0F;
            if (!(found && spans_[i].body_sq > 0.0F)) continue;
            const Peak a = poses_.keypoint(person, layout_.limbs[i].start);
            const Peak b = poses_.keypoint(person, layout_.limbs[i].end);
            const float dx = b.x - a.x, dy = b.y - a.y;
            scale_sq = std::max(scale_sq, (dx * dx + dy * dy) / spans_[i].body_sq);
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

    const MapsOf<Scalar>& heatmaps_;
    const MapsOf<Scalar>& pafs_;
    const Layout& layout_;
    const std::vector<LimbSpan>& spans_;
    const Options& options_;
    const KernelsOf<Scalar>& kernels_;
    const Poses& poses_;
    GapRoom& room_;
    bool finite_ = true;
};

}  // namespace

std::vector<LimbSpan> spans_of(const Layout& layout) {
    std::vector<LimbSpan> spans;
    for (const Limb& limb : layout.limbs) {
        LimbSpan span{std::uint64_t{1} << limb.start | std::uint64_t{1} << limb.end, 0.0F};
        if (!layout.body.empty()) {
            const BodyPoint& a = layout.body[limb.start];
            const BodyPoint& b = layout.body[limb.end];
            const float dx = b.x - a.x, dy = b.y - a.y;
            if (a.spread > 0.0F && b.spread > 0.0F) span.body_sq = dx * dx + dy * dy;
        }
        spans.push_back(span);
    }
    return spans;
}

template <typename Scalar>
bool list_proposals(const MapsOf<Scalar>& heatmaps, const MapsOf<Scalar>& pafs,
                    const Layout& layout, const std::vector<LimbSpan>& spans,
                    const Options& options, const KernelsOf<Scalar>& kernels, const Poses& poses,
                    GapRoom& room) {
    return GapSearch<Scalar>(heatmaps, pafs, layout, spans, options, kernels, poses, room).run();
}

template bool list_proposals(const Maps&, const Maps&, const Layout&, const std::vector<LimbSpan>&,
                             const Options&, const KernelsOf<float>&, const Poses&, GapRoom&);
template bool list_proposals(const HalfMaps&, const HalfMaps&, const Layout&,
                             const std::vector<LimbSpan>&, const Options&, const KernelsOf<Half>&,
                             const Poses&, GapRoom&);

}  // namespace cabinsafe
