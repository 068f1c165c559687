#include "cabinsafe/limbs.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace cabinsafe {
namespace {

constexpr std::array<float, 3> kCoarse{0.3F, 0.5F, 0.7F};
constexpr std::array<float, 10> kFine{0.05F, 0.15F, 0.25F, 0.35F, 0.45F,
                                      0.55F, 0.65F, 0.75F, 0.85F, 0.95F};
constexpr int kMinCoarseAgreeing = 2;

// One limb's field, read along the segment between two peaks.
class Field {
  public:
    Field(const Maps& pafs, const Limb& limb)
        : x_(pafs.channel(limb.x_channel)), y_(pafs.channel(limb.y_channel)), width_(pafs.width) {}

    // Field at `fraction` of the way, times (dx, dy). Peaks lie in the map, hence the segment too.
    float along(const Peak& start, float dx, float dy, float fraction) const {
        const int column = static_cast<int>(start.x + fraction * dx);
        const int row = static_cast<int>(start.y + fraction * dy);
        const std::size_t cell = static_cast<std::size_t>(row) * width_ + column;
        return x_[cell] * dx + y_[cell] * dy;
    }

  private:
    const float* x_;
    const float* y_;
    int width_;
};

// Score of the segment between two peaks; negative where it is no candidate.
float score_segment(const Field& field, const Peak& start, const Peak& end, const Options& options,
                    float penalty_per_cell) {
    const float dx = end.x - start.x;
    const float dy = end.y - start.y;
    const float length = std::sqrt(dx * dx + dy * dy);
    const float agreeing_above = options.sample_threshold * length;
    int agreeing = 0;
    for (const float fraction : kCoarse) {
        agreeing += static_cast<int>(field.along(start, dx, dy, fraction) > agreeing_above);
    }
    if (agreeing < kMinCoarseAgreeing) return -1.0F;

    agreeing = 0;
    float sum = 0.0F;
    for (const float fraction : kFine) {
        const float value = field.along(start, dx, dy, fraction);
        agreeing += static_cast<int>(value > agreeing_above);
        sum += value;
    }
    if (agreeing < options.min_agreeing_samples_of_10) return -1.0F;
    const float mean = sum / (static_cast<float>(kFine.size()) * length);
    return std::min(mean - penalty_per_cell * length, 1.0F);
}

}  // namespace

std::vector<LimbCandidate> find_limbs(const Maps& pafs, const Peaks& peaks, const Layout& layout,
                                      const Options& options) {
    std::vector<LimbCandidate> candidates;
    const float penalty_per_cell =
        options.length_penalty_per_map_side / static_cast<float>(std::max(pafs.height, pafs.width));
    for (int l = 0; l < layout.limb_count(); ++l) {
        const Limb& limb = layout.limbs[l];
        const Field field(pafs, limb);
        for (int a = peaks.first[limb.start]; a < peaks.first[limb.start + 1]; ++a) {
            for (int b = peaks.first[limb.end]; b < peaks.first[limb.end + 1]; ++b) {
                const float score =
                    score_segment(field, peaks.all[a], peaks.all[b], options, penalty_per_cell);
                if (score >= options.limb_threshold) candidates.push_back({score, l, a, b});
            }
        }
    }
    return candidates;
}

}  // namespace cabinsafe
