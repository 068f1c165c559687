// find_maxima_in with the registers V of one instruction set (see table.hpp): a row of cells at
// once; those at the map's border are tested one by one.
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
                const Cells found = look_at(begin, x, (1U << lanes) - 1U);
                for (std::uint32_t cells = found.likely; cells != 0; cells &= cells - 1) {
                    const int place = __builtin_ctz(cells);
                    maxima[count] = begin + place;
                    const bool sure = (found.unsure >> place & 1U) == 0;
                    count += static_cast<int>(sure || is_maximum(y, x + place));
                }
            }
        }
        return count;
    }

  private:
    using Reg = typename V::Reg;

    // A bit for each of some cells that can be a maximum, and for each that may yet be none.
    struct Cells {
        std::uint32_t likely, unsure;
    };

    // Without a branch on what is high: in a faint map's noise there is no telling.
    Cells look_at(int begin, int x, std::uint32_t wanted) const {
        const int width = window_.map_width;
        if (begin <= width || begin + width + V::kLanes >= cells_) return {wanted, wanted};
        const Scalar* const at = plane_ + begin;
        const Reg values = V::load(at);
        const auto column = V::above(values, V::splat(threshold_)) & beats(values, at, width);
        const auto others =
            beats(values, at, 1) & beats(values, at, width - 1) & beats(values, at, width + 1);
        // The first and the last column lack neighbours.
        std::uint32_t sides = x == 0 ? 1U : 0U;
        if (x + V::kLanes >= width) sides |= 1U << (width - 1 - x);
        return {wanted & V::bits(column) & (sides | V::bits(others)), sides};
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
