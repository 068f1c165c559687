#include "cabinsafe/scan.hpp"

#include <cstddef>

namespace cabinsafe {

void ScanRoom::fit(int height, int width) {
    if (height == height_ && width == width_) return;
    height_ = height;
    width_ = width;
    const auto cells = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    const std::size_t blocks = cells / kScanBlock + 1;
    side_cells_.assign(blocks, 0);
    for (std::size_t row = 0; row < cells; row += static_cast<std::size_t>(width)) {
        for (const std::size_t cell : {row, row + static_cast<std::size_t>(width) - 1}) {
            side_cells_[cell / kScanBlock] |= static_cast<BlockBits>(1U << (cell % kScanBlock));
        }
    }
    blocks_.resize(blocks + 1);
    maxima_.resize(cells + 1);
}

}  // namespace cabinsafe
