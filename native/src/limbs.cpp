#include "cabinsafe/limbs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "cabinsafe/errors.hpp"

namespace cabinsafe {
namespace {

constexpr std::array<float, 10> kFine{0.05F, 0.15F, 0.25F, 0.35F, 0.45F,
                                      0.55F, 0.65F, 0.75F, 0.85F, 0.95F};

constexpr float kFacing = 0.8F;

struct Vector {
    float x, y;
};

float square(const Vector& v) { return v.x * v.x + v.y * v.y; }

// One limb's field.
template <typename Scalar>
class Field {
  public:
    Field(const MapsOf<Scalar>& pafs, const Limb& limb)
        : x_(pafs.channel(limb.x_channel)), y_(pafs.channel(limb.y_channel)), width_(pafs.width) {}

    // Peaks lie in the map, hence the segments between them too.
    Vector at(float x, float y) const {
        const int cell = static_cast<int>(y) * width_ + static_cast<int>(x);
        return {to_float(x_[cell]), to_float(y_[cell])};
    }
    // Field at `fraction` of the way, times the way.
    float along(const Peak& start, const Vector& to, float fraction) const {
        const Vector field = at(start.x + fraction * to.x, start.y + fraction * to.y);
        return field.x * to.x + field.y * to.y;
    }

  private:
    const Scalar* x_;
    const Scalar* y_;
    int width_;
};

// A pair of one limb's possible ends, by their places among the peaks of its keypoints.
struct Pair {
    explicit Pair(std::uint32_t code) : start(code >> 16U), end(code & 0xFFFFU) {}
    static std::uint32_t code(int start, int end) {
        return static_cast<std::uint32_t>(start) << 16U | static_cast<std::uint32_t>(end);
    }

    std::uint32_t start, end;
};

// The candidates of one limb. Each rule goes over the list of the pairs that passed the one before
// and keeps those that pass, without a branch: which pairs pass cannot be predicted.
template <typename Scalar>
class LimbSearch {
  public:
    LimbSearch(const MapsOf<Scalar>& pafs, const Limb& limb, const Peaks& peaks,
               const Options& options, LimbRoom& room)
        : field_(pafs, limb),
          starts_(peaks.all.data() + peaks.first[limb.start]),
          ends_(peaks.all.data() + peaks.first[limb.end]),
          start_count_(peaks.count(limb.start)),
          end_count_(peaks.count(limb.end)),
          lowest_sq_(options.sample_threshold * options.sample_threshold),
          lowest_end_sq_(4.0F / (kFacing * kFacing) * lowest_sq_),
          room_(room) {}

    // Rules 1 and 2; returns how many pairs are left in LimbRoom::pairs.
    int find_likely() {
        read_ends();
        room_.pairs.resize(static_cast<std::size_t>(start_count_) * end_count_ + 1);
        int count = 0;
        for (int start = 0; start < start_count_; ++start) count = add_facing(start, count);
        count = keep(count, [&](const Peak& start, const Vector& to) {
            return agrees(field_.along(start, to, 0.5F), to);
        });
        return keep(count, [&](const Peak& start, const Vector& to) {
            return agrees(field_.along(start, to, 0.3F), to) |
                   agrees(field_.along(start, to, 0.7F), to);
        });
    }

    // Rules 3 and 4 for a pair that is left; below 0 where it is no candidate.
    float score(std::uint32_t code, const Options& options, float penalty_per_cell) {
        const Pair pair(code);
        const Peak& start = starts_[pair.start];
        const Vector to = way(pair);
        const float length = std::sqrt(to.x * to.x + to.y * to.y);
        const float agreeing_above = options.sample_threshold * length;
        int agreeing = 0;
        float sum = 0.0F;
        for (const float fraction : kFine) {
            const float value = field_.along(start, to, fraction);
            agreeing += static_cast<int>(value > agreeing_above);
            sum += value;
        }
        note(sum);
        if (agreeing < options.min_agreeing_samples_of_10) return -1.0F;
        const float mean = sum / (static_cast<float>(kFine.size()) * length);
        return std::min(mean - penalty_per_cell * length, 1.0F);
    }

    bool read_finite() const { return finite_; }

  private:
    void read_ends() {
        for (auto* list : {&room_.x, &room_.y, &room_.field_x, &room_.field_y, &room_.field_sq}) {
            list->resize(end_count_);
        }
        room_.faces.resize(end_count_);
        for (int i = 0; i < end_count_; ++i) {
            const Vector field = field_.at(ends_[i].x, ends_[i].y);
            room_.x[i] = ends_[i].x;
            room_.y[i] = ends_[i].y;
            room_.field_x[i] = field.x;
            room_.field_y[i] = field.y;
            room_.field_sq[i] = std::max(square(field), lowest_end_sq_);
            note(field.x + field.y);
        }
    }

    // Rule 1 for all ends of one start.
    int add_facing(int start, int count) {
        const Peak from = starts_[start];
        const Vector field = field_.at(from.x, from.y);
        note(field.x + field.y);
        const float* const x = room_.x.data();
        const float* const y = room_.y.data();
        const float* const field_x = room_.field_x.data();
        const float* const field_y = room_.field_y.data();
        const float* const field_sq = room_.field_sq.data();
        int* const faces = room_.faces.data();
        std::uint32_t* const pairs = room_.pairs.data();
        const float own_sq = square(field);
        for (int i = 0; i < end_count_; ++i) {
            const float dx = x[i] - from.x;
            const float dy = y[i] - from.y;
            const float along = (field.x + field_x[i]) * dx + (field.y + field_y[i]) * dy;
            const float lowest_sq = kFacing * kFacing * std::max(own_sq, field_sq[i]);
            faces[i] = along * std::fabs(along) > lowest_sq * (dx * dx + dy * dy) ? 1 : 0;
        }
        for (int i = 0; i < end_count_; ++i) {
            pairs[count] = Pair::code(start, i);
            count += faces[i];
        }
        return count;
    }

    template <typename Test>
    int keep(int count, Test passes) {
        std::uint32_t* const pairs = room_.pairs.data();
        int kept = 0;
        for (int i = 0; i < count; ++i) {
            const std::uint32_t code = pairs[i];
            const Pair pair(code);
            pairs[kept] = code;
            kept += static_cast<int>(passes(starts_[pair.start], way(pair)));
        }
        return kept;
    }

    Vector way(const Pair& pair) const {
        const Peak& start = starts_[pair.start];
        const Peak& end = ends_[pair.end];
        return {end.x - start.x, end.y - start.y};
    }

    // Whether a value of Field::along is above the threshold.
    bool agrees(float value, const Vector& to) {
        note(value);
        return value * std::fabs(value) > lowest_sq_ * (to.x * to.x + to.y * to.y);
    }

    void note(float value) { finite_ &= std::fabs(value) <= std::numeric_limits<float>::max(); }

    Field<Scalar> field_;
    const Peak* starts_;
    const Peak* ends_;
    int start_count_;
    int end_count_;
    float lowest_sq_;
    float lowest_end_sq_;
    LimbRoom& room_;
    bool finite_ = true;  // all that was read; false also where finite values overflow
};

}  // namespace

template <typename Scalar>
void find_limbs(const MapsOf<Scalar>& pafs, const Peaks& peaks, const Layout& layout,
                const Options& options, LimbRoom& room, std::vector<LimbCandidate>& candidates) {
    candidates.clear();
    const float penalty_per_cell =
        options.length_penalty_per_map_side / static_cast<float>(std::max(pafs.height, pafs.width));
    bool finite = true;
    for (int l = 0; l < layout.limb_count(); ++l) {
        const Limb& limb = layout.limbs[l];
        LimbSearch<Scalar> search(pafs, limb, peaks, options, room);
        const int likely = search.find_likely();
        for (int i = 0; i < likely; ++i) {
            const float score = search.score(room.pairs[i], options, penalty_per_cell);
            if (!(score >= options.limb_threshold)) continue;
            const Pair pair(room.pairs[i]);
            candidates.push_back({score, l, peaks.first[limb.start] + static_cast<int>(pair.start),
                                  peaks.first[limb.end] + static_cast<int>(pair.end)});
        }
        finite &= search.read_finite();
    }
    if (!finite) require_finite(pafs, NonFiniteError::Tensor::pafs);
}

template void find_limbs(const Maps&, const Peaks&, const Layout&, const Options&, LimbRoom&,
                         std::vector<LimbCandidate>&);
template void find_limbs(const HalfMaps&, const Peaks&, const Layout&, const Options&, LimbRoom&,
                         std::vector<LimbCandidate>&);

}  // namespace cabinsafe
