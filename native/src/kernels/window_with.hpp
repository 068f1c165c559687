// find_maxima_in with the registers V of one instruction set (see table.hpp): a row of cells at
// once, by value; the few that are left are tested one by one.
#pragma once

#include <cstdint>

#include "cabinsafe/scan.hpp"

namespace cabinsafe {
namespace {

template <typename V, typename Scalar>
class WindowScan {
  public:
    WindowScan(const Scalar* plane, const ScanWindow& window, float threshold)
        : plane_(plane),
          window_(window),
          cells_(window.map_height * window.map_width),
          threshold_(threshold) {}

    int run(int* maxima) const {
        int count = 0;
        for (int y = window_.top; y < window_.bottom; ++y) {
            for (int x = window_.left; x < window_.right; x += V::kLanes) {
                const int begin = y * window_.map_width + x;
                const int lanes = window_.right - x < V::kLanes ? window_.right - x : V::kLanes;
                std::uint32_t likely = likely_cells(begin, x, lanes);
                for (; likely != 0; likely &= likely - 1) {
                    const int place = __builtin_ctz(likely);
                    maxima[count] = begin + place;
                    count += static_cast<int>(is_maximum(y, x + place));
                }
            }
        }
        return count;
    }

  private:
    using Reg = typename V::Reg;

    // A bit for each of the cells that can be a maximum.
    std::uint32_t likely_cells(int begin, int x, int lanes) const {
        const std::uint32_t wanted = (1U << lanes) - 1U;
        const int width = window_.map_width;
        if (begin < width || begin + width + V::kLanes > cells_) return wanted;
        const Scalar* const at = plane_ + begin;
        const Reg values = V::load(at);
        const std::uint32_t high = wanted & V::bits(V::above(values, V::splat(threshold_)));
        if (high == 0) return 0;
        const std::uint32_t column = high & V::bits(beats(values, at, width));
        // The first and the last column lack a neighbour in the row.
        std::uint32_t sides = x == 0 ? 1U : 0U;
        if (x + lanes == width) sides |= 1U << (lanes - 1);
        return column & (sides | V::bits(beats(values, at, 1)));
    }

    // Lanes above the cell that is `apart` cells before them, and not below the one as far after.
    static typename V::Mask beats(Reg values, const Scalar* at, int apart) {
        return V::above(values, V::load(at - apart)) & V::not_below(values, V::load(at + apart));
    }

    bool is_maximum(int y, int x) const {
        const int width = window_.map_width;
        const Scalar* const at = plane_ + y * width + x;
        const float value = V::value(*at);
        if (!(value > threshold_)) return false;
        for (int dy = y > 0 ? -1 : 0; dy <= (y + 1 < window_.map_height ? 1 : 0); ++dy) {
            for (int dx = x > 0 ? -1 : 0; dx <= (x + 1 < width ? 1 : 0); ++dx) {
                const float other = V::value(at[dy * width + dx]);
                const bool earlier = dy < 0 || (dy == 0 && dx < 0);
                if (other > value || (earlier && other == value)) return false;
            }
        }
        return true;
    }

    const Scalar* plane_;
    ScanWindow window_;
    int cells_;
    float threshold_;
};

template <typename V, typename Scalar>
int find_maxima_in_with(const Scalar* plane, const ScanWindow& window, float threshold,
                        int* maxima) {
    return WindowScan<V, Scalar>(plane, window, threshold).run(maxima);
}

}  // namespace
}  // namespace cabinsafe
