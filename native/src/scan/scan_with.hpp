// find_maxima for vector registers V. Each instruction set includes this in a file of its own and
// names its registers in an anonymous namespace, so that nothing compiled for one processor is
// ever linked into another's path.
//
// V: kLanes; Reg; load(const float*); splat(float); add, max (Reg, Reg); any_above(Reg, Reg);
// above, not_below (Reg, Reg): a bit per lane; sum(Reg). Reg{} is 0.
#pragma once

#include <algorithm>

#include "cabinsafe/scan.hpp"

namespace cabinsafe {
namespace {

template <typename V>
class PlaneScan {
  public:
    PlaneScan(const float* plane, float threshold, ScanRoom& room)
        : plane_(plane), threshold_(threshold), room_(room), width_(room.width()) {}

    ScanResult run() {
        const int high_blocks = list_high_blocks();
        const int* const blocks = room_.blocks();
        int* const out = room_.maxima();
        int count = 0;
        for (int i = 0; i < high_blocks; ++i) {
            const int begin = blocks[i];
            std::uint32_t maybe = maybe_maxima(begin);
            for (; maybe != 0; maybe &= maybe - 1) {
                const int cell = begin + __builtin_ctz(maybe);
                out[count] = cell;
                count += static_cast<int>(is_maximum(cell));
            }
        }
        return {count, finite_};
    }

  private:
    using Reg = typename V::Reg;
    static constexpr int kRegs = kScanBlock / V::kLanes;
    static constexpr int kGroupRegs = kScanGroup / V::kLanes;
    static constexpr int kSums = 4;

    // Blocks with a cell above the threshold, and those of the last group if it is cut off. Groups
    // without any are passed at the speed of memory. A NaN or an infinity never leaves a sum.
    int list_high_blocks() {
        const Reg threshold = V::splat(threshold_);
        Reg sums[kSums] = {};
        int* const blocks = room_.blocks();
        const int cells = room_.cells();
        int count = 0;
        int begin = 0;
        for (; begin + kScanGroup <= cells; begin += kScanGroup) {
            Reg values[kGroupRegs];
            for (int i = 0; i < kGroupRegs; ++i) {
                values[i] = V::load(plane_ + begin + i * V::kLanes);
                sums[i % kSums] = V::add(sums[i % kSums], values[i]);
            }
            if (!V::any_above(highest<kGroupRegs>(values), threshold)) continue;
            for (int i = 0; i < kGroupRegs; i += kRegs) {
                blocks[count] =
                    begin + i * V::kLanes;  // without a branch: no telling which are high
                count += static_cast<int>(V::any_above(highest<kRegs>(values + i), threshold));
            }
        }
        float rest = 0.0F;
        for (const Reg& sum : sums) rest += V::sum(sum);
        for (; begin < cells; begin += kScanBlock) {
            blocks[count++] = begin;
            const int end = std::min(begin + kScanBlock, cells);
            for (int cell = begin; cell < end; ++cell) rest += plane_[cell];
        }
        finite_ = rest - rest == 0.0F;
        return count;
    }

    template <int kCount>
    static Reg highest(const Reg* values) {
        if constexpr (kCount == 1) {
            return *values;
        } else {
            return V::max(highest<kCount / 2>(values), highest<kCount / 2>(values + kCount / 2));
        }
    }

    // A bit for each cell of the block that can be a maximum; too many rather than too few.
    std::uint32_t maybe_maxima(int begin) const {
        const bool whole = begin > width_ && begin + kScanBlock + width_ < room_.cells();
        if (!whole) return above(begin);
        const Reg threshold = V::splat(threshold_);
        std::uint32_t in_row = 0;
        std::uint32_t in_column = 0;
        for (int i = 0; i < kRegs; ++i) {
            const float* const at = plane_ + begin + i * V::kLanes;
            const Reg values = V::load(at);
            const int shift = i * V::kLanes;
            in_row |= (V::above(values, V::load(at - 1)) & V::not_below(values, V::load(at + 1)))
                      << shift;
            in_column |= (V::above(values, threshold) & V::above(values, V::load(at - width_)) &
                          V::not_below(values, V::load(at + width_)))
                         << shift;
        }
        // Left of the first column lies the row above's end, which is no neighbour.
        return in_column & (in_row | room_.side_cells()[begin / kScanBlock]);
    }

    std::uint32_t above(int begin) const {
        std::uint32_t bits = 0;
        for (int i = 0; i < kScanBlock && begin + i < room_.cells(); ++i) {
            bits |= static_cast<std::uint32_t>(plane_[begin + i] > threshold_) << i;
        }
        return bits;
    }

    bool is_maximum(int cell) const {
        const int y = cell / width_;
        const int x = cell - y * width_;
        const float value = plane_[cell];
        const int left = x > 0 ? -1 : 0;
        const int right = x + 1 < width_ ? 1 : 0;
        if (left < 0 && plane_[cell - 1] >= value) return false;
        if (right > 0 && plane_[cell + 1] > value) return false;
        for (int dx = left; dx <= right; ++dx) {
            if (y > 0 && plane_[cell - width_ + dx] >= value) return false;
            if (y + 1 < room_.height() && plane_[cell + width_ + dx] > value) return false;
        }
        return true;
    }

    const float* plane_;
    float threshold_;
    ScanRoom& room_;
    int width_;
    bool finite_ = true;
};

template <typename V>
ScanResult find_maxima_with(const float* plane, float threshold, ScanRoom& room) {
    return PlaneScan<V>(plane, threshold, room).run();
}

}  // namespace
}  // namespace cabinsafe
