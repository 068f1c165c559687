// Rules of find_limbs with the registers V of one instruction set (see table.hpp): a pair of peaks
// in each lane.
#pragma once

#include <cstdint>
#include <limits>

#include "cabinsafe/limbs.hpp"

namespace cabinsafe {
namespace {

constexpr float kMostFinite = 3.402823466e38F;
constexpr float kFar = std::numeric_limits<float>::infinity();

template <typename V, typename Scalar>
class LimbReader {
  public:
    explicit LimbReader(const LimbField<Scalar>& field) : field_(field) {}

    bool read_ends(const LimbEnds& ends) {
        const Reg lowest_sq = V::splat(4.0F / (kFacing * kFacing) * field_.lowest_sq);
        for (int i = 0; i < ends.count; i += V::kLanes) {
            const Vectors field = at(V::load(ends.x + i), V::load(ends.y + i));
            V::store(ends.field_x + i, field.x);
            V::store(ends.field_y + i, field.y);
            V::store(ends.field_sq + i, V::max(lowest_sq, field.x * field.x + field.y * field.y));
            note(field.x + field.y, first_lanes(ends.count - i));
        }
        V::store(ends.field_sq + ends.count, V::splat(kFar));  // the lanes left over face nothing
        return finite_;
    }

    bool list_likely(const LimbEnds& starts, const LimbEnds& ends, int& start, LikelyPairs& pairs) {
        if (start == 0) measure_facing(starts, ends, pairs);
        int close = 0;
        for (; start < starts.count; ++start) {
            if (pairs.count + close + ends.count > pairs.capacity) break;
            close = add_close(starts, start, ends, pairs, close);
        }
        if (close == 0) return finite_;
        V::store(pairs.close + close, V::splat(pairs.close[close - 1]));
        for (int i = 0; i < close; i += V::kLanes) {
            add_likely(starts, ends, V::load(pairs.close + i), first_lanes(close - i), pairs);
        }
        return finite_;
    }

    bool score(const ScoreRule& rule, const LikelyPairs& pairs) {
        for (int i = 0; i < pairs.count; i += V::kLanes) {
            V::store(pairs.score + i, score_at(i, rule, pairs));
        }
        return finite_;
    }

  private:
    using Reg = typename V::Reg;
    using Ints = typename V::Ints;
    struct Vectors {
        Reg x, y;
    };
    static constexpr std::uint32_t kAllLanes = (1U << V::kLanes) - 1U;

    static std::uint32_t first_lanes(int count) {
        return count < V::kLanes ? (1U << count) - 1U : kAllLanes;
    }

    // Peaks lie in the map, hence the segments between them too.
    Vectors at(const Reg& x, const Reg& y, const Ints& x_plane, const Ints& y_plane) const {
        const Ints cell = V::truncate(y) * field_.width + V::truncate(x);
        return {V::gather(field_.pafs, cell + x_plane), V::gather(field_.pafs, cell + y_plane)};
    }
    Vectors at(const Reg& x, const Reg& y) const {
        const Ints cell = V::truncate(y) * field_.width + V::truncate(x);
        return {V::gather(field_.pafs + field_.x_plane, cell),
                V::gather(field_.pafs + field_.y_plane, cell)};
    }

    // Keeps in mind whether what was read in some lanes is finite; an overflow counts as not.
    void note(const Reg& values, std::uint32_t lanes) {
        finite_ &= (lanes & ~V::bits(V::not_below(V::splat(kMostFinite), V::abs(values)))) == 0;
    }

    // Rule 1.
    static void measure_facing(const LimbEnds& starts, const LimbEnds& ends,
                               const LikelyPairs& pairs) {
        const Reg far = V::splat(kFar);
        for (int i = 0; i < ends.count; i += V::kLanes) V::store(ends.nearest_sq + i, far);
        for (int start = 0; start < starts.count; ++start) {
            float* const row = pairs.distance_sq + start * pairs.row_length;
            const Reg x = V::splat(starts.x[start]);
            const Reg y = V::splat(starts.y[start]);
            const Reg field_x = V::splat(starts.field_x[start]);
            const Reg field_y = V::splat(starts.field_y[start]);
            const Reg field_sq = V::splat(starts.field_sq[start]);
            Reg nearest = far;
            for (int i = 0; i < ends.count; i += V::kLanes) {
                const Reg dx = V::load(ends.x + i) - x;
                const Reg dy = V::load(ends.y + i) - y;
                const Reg leaning = (V::load(ends.field_x + i) + field_x) * dx +
                                    (V::load(ends.field_y + i) + field_y) * dy;
                const Reg lowest_sq =
                    kFacing * kFacing * V::max(V::load(ends.field_sq + i), field_sq);
                const Reg length_sq = dx * dx + dy * dy;
                const auto facing = V::above(leaning * V::abs(leaning), lowest_sq * length_sq);
                const Reg distance_sq = V::pick(facing, length_sq, far);
                V::store(row + i, distance_sq);
                V::store(ends.nearest_sq + i, V::min(V::load(ends.nearest_sq + i), distance_sq));
                nearest = V::min(nearest, distance_sq);
            }
            starts.nearest_sq[start] = V::lowest(nearest);
        }
    }

    // Rule 2 for a start and all ends; appends those that pass as the start's place, in the upper
    // half of the bits, and the end's.
    static int add_close(const LimbEnds& starts, int start, const LimbEnds& ends,
                         const LikelyPairs& pairs, int count) {
        const float* const row = pairs.distance_sq + start * pairs.row_length;
        const Reg nearest = V::splat(starts.nearest_sq[start]);
        Ints code = V::splat(start << 16) + V::iota();
        for (int i = 0; i < ends.count; i += V::kLanes) {
            const Reg limit = kNearer * kNearer * V::max(nearest, V::load(ends.nearest_sq + i));
            const std::uint32_t passed =
                first_lanes(ends.count - i) & V::bits(V::above(limit, V::load(row + i)));
            V::pack(pairs.close + count, code, passed);
            count += V::count(passed);
            code += V::kLanes;
        }
        return count;
    }

    // Rule 3 for pairs that passed the others.
    void add_likely(const LimbEnds& starts, const LimbEnds& ends, const Ints& codes,
                    std::uint32_t lanes, LikelyPairs& pairs) {
        const Ints start = codes >> 16;
        const Ints end = codes & 0xFFFF;
        const Reg x = V::gather(starts.x, start);
        const Reg y = V::gather(starts.y, start);
        const Reg dx = V::gather(ends.x, end) - x;
        const Reg dy = V::gather(ends.y, end) - y;
        const Vectors field = at(x + 0.5F * dx, y + 0.5F * dy);
        const Reg along = field.x * dx + field.y * dy;
        note(along, lanes);
        const std::uint32_t passed =
            lanes &
            V::bits(V::above(along * V::abs(along), field_.lowest_sq * (dx * dx + dy * dy)));
        const int at = pairs.count;
        V::store(pairs.limb + at, V::splat(field_.limb));
        V::pack(pairs.start + at, start + starts.first, passed);
        V::pack(pairs.end + at, end + ends.first, passed);
        V::store(pairs.x_plane + at, V::splat(field_.x_plane));
        V::store(pairs.y_plane + at, V::splat(field_.y_plane));
        V::pack(pairs.x + at, x, passed);
        V::pack(pairs.y + at, y, passed);
        V::pack(pairs.dx + at, dx, passed);
        V::pack(pairs.dy + at, dy, passed);
        pairs.count += V::count(passed);
    }

    Reg score_at(int i, const ScoreRule& rule, const LikelyPairs& pairs) {
        const Reg x = V::load(pairs.x + i);
        const Reg y = V::load(pairs.y + i);
        const Reg dx = V::load(pairs.dx + i);
        const Reg dy = V::load(pairs.dy + i);
        const Ints x_plane = V::load(pairs.x_plane + i);
        const Ints y_plane = V::load(pairs.y_plane + i);
        const Reg length = V::sqrt(dx * dx + dy * dy);
        const Reg agreeing_above = rule.sample_threshold * length;
        Ints agreeing{};
        Reg sum{};
        for (const float fraction : kFine) {
            const Vectors field = at(x + fraction * dx, y + fraction * dy, x_plane, y_plane);
            const Reg along = field.x * dx + field.y * dy;
            agreeing -= V::above(along, agreeing_above);
            sum += along;
        }
        note(sum, first_lanes(pairs.count - i));
        const Reg mean = sum / (10.0F * length);
        const Reg score = V::min(V::splat(1.0F), mean - rule.penalty_per_cell * length);
        return V::pick(agreeing >= rule.min_agreeing, score, V::splat(-1.0F));
    }

    static constexpr float kFine[10] = {0.05F, 0.15F, 0.25F, 0.35F, 0.45F,
                                        0.55F, 0.65F, 0.75F, 0.85F, 0.95F};

    LimbField<Scalar> field_;
    bool finite_ = true;
};

template <typename V, typename Scalar>
bool read_ends_with(const LimbField<Scalar>& field, const LimbEnds& ends) {
    return LimbReader<V, Scalar>(field).read_ends(ends);
}

template <typename V, typename Scalar>
bool list_likely_with(const LimbField<Scalar>& field, const LimbEnds& starts, const LimbEnds& ends,
                      int& start, LikelyPairs& pairs) {
    return LimbReader<V, Scalar>(field).list_likely(starts, ends, start, pairs);
}

template <typename V, typename Scalar>
bool score_with(const LimbField<Scalar>& field, const ScoreRule& rule, const LikelyPairs& pairs) {
    return LimbReader<V, Scalar>(field).score(rule, pairs);
}

}  // namespace
}  // namespace cabinsafe
