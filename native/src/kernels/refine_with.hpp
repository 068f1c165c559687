// refine with the registers V of one instruction set (see table.hpp): a peak in each lane.
#pragma once

#include "cabinsafe/peaks.hpp"

namespace cabinsafe {
namespace {

template <typename V, typename Scalar>
class PeakRefiner {
  public:
    PeakRefiner(const Scalar* heatmaps, const PeakCells& cells)
        : heatmaps_(heatmaps), cells_(cells), has_inside_(cells.width > 4 && cells.height > 4) {}

    void refine(Peak* peaks) const {
        for (int i = 0; i < cells_.count; i += V::kLanes) {
            float sums[6][V::kLanes];
            if (has_inside_) add_up_inside(i, sums);
            add_up_at_border(i, sums);
            float steps[2][V::kLanes];
            for (int axis = 0; axis < 2; ++axis) {
                V::store(steps[axis],
                         log_parabola_step(V::load(sums[3 * axis]), V::load(sums[3 * axis + 1]),
                                           V::load(sums[3 * axis + 2])));
            }
            const int count = cells_.count - i < V::kLanes ? cells_.count - i : V::kLanes;
            for (int lane = 0; lane < count; ++lane) {
                const int x = cells_.x[i + lane];
                const int y = cells_.y[i + lane];
                const float height = V::value(*at(i + lane, x, y));
                peaks[i + lane] = {static_cast<float>(x) + 0.5F + steps[0][lane],
                                   static_cast<float>(y) + 0.5F + steps[1][lane],
                                   height < 1.0F ? height : 1.0F};
            }
        }
    }

  private:
    using Reg = typename V::Reg;
    using Ints = typename V::Ints;

    const Scalar* at(int peak, int x, int y) const {
        return heatmaps_ + cells_.plane[peak] + y * cells_.width + x;
    }

    // The six sums of each lane: before, at, after along x, then along y. Peaks too near the border
    // get those of some other cell.
    void add_up_inside(int first, float (*sums)[V::kLanes]) const {
        const Ints width = V::splat(cells_.width);
        const Ints two = V::splat(2);
        const Ints x = V::load(cells_.x + first);
        const Ints y = V::load(cells_.y + first);
        const Ints inside_x = V::lower(V::higher(x, two), width - 3);
        const Ints inside_y = V::lower(V::higher(y, two), V::splat(cells_.height - 3));
        const Ints cell = V::load(cells_.plane + first) + inside_y * width + inside_x;
        Reg near[3][3];
        for (int row = 0; row < 3; ++row) {
            for (int column = 0; column < 3; ++column) {
                near[row][column] = value(cell, column - 1, row - 1);
            }
        }
        const Reg across = near[1][0] * near[1][2];
        const Reg along = near[0][1] * near[2][1];
        const Reg own = near[1][1] * near[1][1];
        const Reg none{};
        const auto broad = V::above(across, none) & V::above(along, none) &
                           V::above(across * along, kBroad * (own * own));
        for (int i = 0; i < 3; ++i) {
            V::store(sums[i], near[0][i] + near[1][i] + near[2][i]);
            V::store(sums[3 + i], near[i][0] + near[i][1] + near[i][2]);
        }
        if (V::bits(broad) != 0) add_up_broad(cell, near, broad, sums);
    }

    void add_up_broad(const Ints& cell, const Reg (*near)[3], const typename V::Mask& broad,
                      float (*sums)[V::kLanes]) const {
        Reg columns[5] = {};
        Reg rows[5];
        for (int j = 0; j < 5; ++j) {
            Reg row[5];
            for (int i = 0; i < 5; ++i) {
                const bool is_near = i > 0 && i < 4 && j > 0 && j < 4;
                row[i] = is_near ? near[j - 1][i - 1] : value(cell, i - 2, j - 2);
            }
            rows[j] = row[0] + 2.0F * row[1] + 3.0F * row[2] + 2.0F * row[3] + row[4];
            const float weight = j < 3 ? static_cast<float>(j + 1) : static_cast<float>(5 - j);
            for (int i = 0; i < 5; ++i) {
                columns[i] = columns[i] + weight * row[i];
            }
        }
        for (int i = 0; i < 3; ++i) {
            const Reg x = columns[i] + 2.0F * columns[i + 1] + columns[i + 2];
            const Reg y = rows[i] + 2.0F * rows[i + 1] + rows[i + 2];
            V::store(sums[i], V::pick(broad, x, V::load(sums[i])));
            V::store(sums[3 + i], V::pick(broad, y, V::load(sums[3 + i])));
        }
    }

    Reg value(const Ints& cell, int dx, int dy) const {
        return V::gather(heatmaps_ + dy * cells_.width + dx, cell);
    }

    // The sums that the border cuts off are 0: no step along that axis.
    void add_up_at_border(int first, float (*sums)[V::kLanes]) const {
        for (int lane = 0; lane < V::kLanes; ++lane) {
            const int x = cells_.x[first + lane];
            const int y = cells_.y[first + lane];
            if (x >= 2 && x < cells_.width - 2 && y >= 2 && y < cells_.height - 2) continue;
            for (int i = 0; i < 6; ++i) sums[i][lane] = 0.0F;
            for (int dy = y > 0 ? -1 : 0; dy <= (y + 1 < cells_.height ? 1 : 0); ++dy) {
                for (int dx = x > 0 ? -1 : 0; dx <= (x + 1 < cells_.width ? 1 : 0); ++dx) {
                    const float value = V::value(*at(first + lane, x + dx, y + dy));
                    sums[1 + dx][lane] += value;
                    sums[4 + dy][lane] += value;
                }
            }
        }
    }

    // Logarithm of a / b as 2 atanh((a - b) / (a + b)), by the fraction of degrees 5 and 4 that
    // meets the series best at 0 (Padé). Off by 1e-6 for a = 3 b; plain arithmetic, so the same
    // everywhere.
    struct LogRatio {
        Reg above, below;

        LogRatio(const Reg& a, const Reg& b) {
            const Reg u = (a - b) / (a + b);
            const Reg w = u * u;
            above = u * (945.0F + w * (64.0F * w - 735.0F));
            below = 945.0F + w * (225.0F * w - 1050.0F);  // positive
        }
    };

    // Step from the middle of three equally spaced sums to the top of the parabola through their
    // logarithms.
    static Reg log_parabola_step(const Reg& before, const Reg& middle, const Reg& after) {
        const Reg none{};
        const Reg lowest = V::splat(kLowestSum);
        const auto positive =
            V::above(before, lowest) & V::above(middle, lowest) & V::above(after, lowest);
        const LogRatio slope(before, after);
        const LogRatio curvature(before * after, middle * middle);
        const Reg step = 0.5F * (slope.above * curvature.below) / (slope.below * curvature.above);
        const Reg longest = V::splat(kLongestStep);
        const Reg clipped = V::min(V::max(step, -longest), longest);
        return V::pick(positive & V::above(none, curvature.above), clipped, none);
    }

    const Scalar* heatmaps_;
    PeakCells cells_;
    bool has_inside_;
};

template <typename V, typename Scalar>
void refine_with(const Scalar* heatmaps, const PeakCells& cells, Peak* peaks) {
    PeakRefiner<V, Scalar>(heatmaps, cells).refine(peaks);
}

}  // namespace
}  // namespace cabinsafe
