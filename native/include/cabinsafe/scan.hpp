// The pass over one heatmap, in whatever vector registers the processor has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cabinsafe/half.hpp"
#include "cabinsafe/isa.hpp"

namespace cabinsafe {

// Cells are looked at row by row, first in groups and then in blocks, with a bit for each cell.
constexpr int kScanGroup = 64;
constexpr int kScanBlock = 16;
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
    float* plane() { return plane_.data(); }

  private:
    int height_ = 0;
    int width_ = 0;
    std::vector<BlockBits> side_cells_;
    std::vector<int> blocks_;
    std::vector<int> maxima_;
    std::vector<float> plane_;
};

struct ScanResult {
    int maxima = 0;      // in ScanRoom::maxima, as cell numbers, rising
    bool finite = true;  // false also where a sum of finite values overflows
};

struct Scanner {
    Isa isa = Isa::scalar;
    // Cells above the threshold, above their neighbours (of 8) that come earlier in row-by-row
    // order and not below those that come later.
    ScanResult (*find_maxima)(const float* plane, float threshold, ScanRoom& room) = nullptr;
    // The same values as float.
    void (*widen)(const Half* from, float* to, std::size_t count) = nullptr;
};

// Null where this build or this processor does not have it.
const Scanner* find_scanner(Isa isa);
// The fastest one of this processor.
const Scanner& best_scanner();

}  // namespace cabinsafe
