// find_maxima with the registers V of one instruction set (see table.hpp).
#pragma once

#include <cstdint>

#include "cabinsafe/scan.hpp"

namespace cabinsafe {
namespace {

template <typename V, typename Scalar>
class PlaneScan {
  public:
    PlaneScan(const Scalar* plane, float threshold, ScanRoom& room)
        : plane_(plane), threshold_(threshold), room_(room), width_(room.width()) {}

    ScanResult run() {
        const int high_blocks = list_high_blocks();
        const int* const blocks = room_.blocks();
        const int first_inside = width_ + 1;
        const int last_inside = room_.cells() - width_ - kScanBlock - 1;
        int* const out = room_.maxima();
        int count = 0;
        for (int i = 0; i < high_blocks; ++i) {
            const int begin = blocks[i];
            const bool inside = begin >= first_inside && begin <= last_inside;
            const Cells found = inside ? maxima_inside(begin) : high_cells(begin);
            for (std::uint32_t cells = found.likely; cells != 0; cells &= cells - 1) {
                const int place = __builtin_ctz(cells);
                out[count] = begin + place;
                const bool sure = (found.unsure >> place & 1U) == 0;
                count += static_cast<int>(sure || is_maximum(begin + place));
            }
        }
        return {count, finite_};
    }

  private:
    using Reg = typename V::Reg;
    static constexpr int kRegs = kScanBlock / V::kLanes;
    static constexpr int kGroupRegs = kScanGroup / V::kLanes;
    static constexpr int kSums = 4;
    static constexpr int kCellsAhead = 1024;

    // A bit for each cell of a block that can be a maximum, and for each that may yet be none.
    struct Cells {
        std::uint32_t likely, unsure;
    };

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
            for (int i = 0; i < kScanGroup; i += kScanBlock) {
                __builtin_prefetch(plane_ + begin + kCellsAhead + i);
            }
            Reg values[kGroupRegs];
            for (int i = 0; i < kGroupRegs; ++i) {
                values[i] = V::load(plane_ + begin + i * V::kLanes);
                sums[i % kSums] = sums[i % kSums] + values[i];
            }
            if (V::bits(V::above(highest<kGroupRegs>(values), threshold)) == 0) continue;
            for (int i = 0; i < kGroupRegs; i += kRegs) {
                blocks[count] =
                    begin + i * V::kLanes;  // without a branch: no telling which are high
                const auto high = V::above(highest<kRegs>(values + i), threshold);
                count += static_cast<int>(V::bits(high) != 0);
            }
        }
        float rest = 0.0F;
        for (const Reg& sum : sums) rest += V::sum(sum);
        for (; begin < cells; begin += kScanBlock) {
            blocks[count++] = begin;
            const int end = begin + kScanBlock < cells ? begin + kScanBlock : cells;
            for (int cell = begin; cell < end; ++cell) rest += V::value(plane_[cell]);
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

    // Of a block whose cells have neighbours on all sides; but those of the first and last column,
    // which lack them on one, are left unsure.
    Cells maxima_inside(int begin) const {
        const std::uint32_t sides = room_.side_cells()[begin / kScanBlock];
        const Scalar* const at = plane_ + begin;
        const Reg threshold = V::splat(threshold_);
        std::uint32_t column = 0;
        for (int i = 0; i < kRegs; ++i) {
            const Reg values = V::load(at + i * V::kLanes);
            const auto above = V::above(values, threshold) & beats(values, at, i, width_);
            column |= V::bits(above) << (i * V::kLanes);
        }
        if (column == 0) return {0, 0};
        std::uint32_t row = sides;
        for (int i = 0; i < kRegs; ++i) {
            const Reg values = V::load(at + i * V::kLanes);
            row |= V::bits(beats(values, at, i, 1)) << (i * V::kLanes);
        }
        const std::uint32_t likely = column & row;
        if (likely == 0) return {0, 0};
        std::uint32_t corners = 0;
        for (int i = 0; i < kRegs; ++i) {
            const Reg values = V::load(at + i * V::kLanes);
            corners |= V::bits(beats(values, at, i, width_ - 1) & beats(values, at, i, width_ + 1))
                       << (i * V::kLanes);
        }
        return {likely & (corners | sides), sides};
    }

    // Lanes above the cell that is `apart` cells before them, and not below the one as far after.
    static typename V::Mask beats(Reg values, const Scalar* at, int reg, int apart) {
        return V::above(values, V::load(at + reg * V::kLanes - apart)) &
               V::not_below(values, V::load(at + reg * V::kLanes + apart));
    }

    Cells high_cells(int begin) const {
        std::uint32_t bits = 0;
        for (int i = 0; i < kScanBlock && begin + i < room_.cells(); ++i) {
            bits |= static_cast<std::uint32_t>(V::value(plane_[begin + i]) > threshold_) << i;
        }
        return {bits, bits};
    }

    bool is_maximum(int cell) const {
        const int y = cell / width_;
        const int x = cell - y * width_;
        const float value = V::value(plane_[cell]);
        for (int dy = y > 0 ? -1 : 0; dy <= (y + 1 < room_.height() ? 1 : 0); ++dy) {
            for (int dx = x > 0 ? -1 : 0; dx <= (x + 1 < width_ ? 1 : 0); ++dx) {
                const float other = V::value(plane_[cell + dy * width_ + dx]);
                const bool earlier = dy < 0 || (dy == 0 && dx < 0);
                if (other > value || (earlier && other == value)) return false;
            }
        }
        return true;
    }

    const Scalar* plane_;
    float threshold_;
    ScanRoom& room_;
    int width_;
    bool finite_ = true;
};

template <typename V, typename Scalar>
ScanResult find_maxima_with(const Scalar* plane, float threshold, ScanRoom& room) {
    return PlaneScan<V, Scalar>(plane, threshold, room).run();
}

}  // namespace
}  // namespace cabinsafe
