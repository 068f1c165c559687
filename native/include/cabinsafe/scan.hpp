// What the pass over one heatmap needs and finds.
#pragma once

#include <cstdint>
#include <vector>

namespace cabinsafe {

// Cells are looked at row by row, first in groups and then in blocks, with a bit for each cell.
constexpr int kScanGroup = 64;
constexpr int kScanBlock = 16;
// Most lanes of a register: so much more room is behind lists that kernels read or write.
constexpr int kMaxLanes = 16;
using BlockBits = std::uint16_t;

// What a scan needs to know of a map's shape, and room for what it finds. One per thread.
class ScanRoom {
  public:
    void fit(int height, int width);

    int height() const { return height_; }
    int width() const { return width_; }
    int cells() const { return height_ * width_; }
    // Per block: the cells of the first and the last column.
    const BlockBits* side_cells() const { return side_cells_.data(); }
    int* blocks() { return blocks_.data(); }
    int* maxima() { return maxima_.data(); }

  private:
    int height_ = 0;
    int width_ = 0;
    std::vector<BlockBits> side_cells_;
    std::vector<int> blocks_;
    std::vector<int> maxima_;
};

// A part of a map, columns left to right - 1 and rows top to bottom - 1, all of them inside.
struct ScanWindow {
    int map_height = 0;
    int map_width = 0;
    int left = 0;
    int top = 0;
    int right = 0;
    int bottom = 0;
};

struct ScanResult {
    int maxima = 0;      // in ScanRoom::maxima, as cell numbers, rising
    bool finite = true;  // false also where a sum of finite values overflows
};

}  // namespace cabinsafe
