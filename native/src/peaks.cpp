#include "cabinsafe/peaks.hpp"

#include <algorithm>
#include <cmath>

#include "cabinsafe/errors.hpp"

namespace cabinsafe {
namespace {

constexpr int kBlock = 32;

struct Cell {
    float value = 0.0F;
    int x = 0;
    int y = 0;
};

// One heatmap channel.
struct Plane {
    const float* values = nullptr;
    int height = 0;
    int width = 0;

    float at(int x, int y) const { return values[static_cast<std::size_t>(y) * width + x]; }
};

// Counting, not a search with an early end: the compiler turns it into a few vector instructions.
bool any_above(const float* values, float threshold) {
    int count = 0;
    for (int i = 0; i < kBlock; ++i) count += static_cast<int>(values[i] > threshold);
    return count > 0;
}

// Whether the cell is above its neighbours that come earlier and not below those that come later.
bool is_local_maximum(const Plane& plane, int x, int y) {
    const float value = plane.at(x, y);
    const int left = std::max(x - 1, 0);
    const int right = std::min(x + 1, plane.width - 1);
    if (left < x && plane.at(left, y) >= value) return false;
    if (plane.at(right, y) > value) return false;
    for (int column = left; column <= right; ++column) {
        if (y > 0 && plane.at(column, y - 1) >= value) return false;
        if (y + 1 < plane.height && plane.at(column, y + 1) > value) return false;
    }
    return true;
}

void scan_block(const Plane& plane, int begin, int end, float threshold, std::vector<Cell>& out) {
    int y = begin / plane.width;
    int x = begin - y * plane.width;
    for (int i = begin; i < end; ++i) {
        const float value = plane.values[i];
        if (value > threshold && is_local_maximum(plane, x, y)) out.push_back({value, x, y});
        if (++x == plane.width) {
            x = 0;
            ++y;
        }
    }
}

void find_candidates(const Plane& plane, float threshold, std::vector<Cell>& out) {
    out.clear();
    const int cells = plane.height * plane.width;
    int begin = 0;
    for (; begin + kBlock <= cells; begin += kBlock) {
        if (any_above(plane.values + begin, threshold)) {
            scan_block(plane, begin, begin + kBlock, threshold, out);
        }
    }
    scan_block(plane, begin, cells, threshold, out);
    std::sort(out.begin(), out.end(), [](const Cell& a, const Cell& b) {
        if (a.value != b.value) return a.value > b.value;
        return a.y != b.y ? a.y < b.y : a.x < b.x;
    });
}

// Step from the middle of three equally spaced sums to the top of the parabola through their logs.
double log_parabola_step(double before, double middle, double after) {
    if (!(before > kLowestSum && middle > kLowestSum && after > kLowestSum)) return 0.0;
    const double slope = std::log(before / after);
    const double curvature = std::log(before * after / (middle * middle));
    if (!(curvature < 0.0)) return 0.0;
    return std::clamp(0.5 * slope / curvature, -kLongestStep, kLongestStep);
}

double column_sum(const Plane& plane, int x, int top, int bottom) {
    double sum = 0.0;
    for (int y = top; y <= bottom; ++y) sum += plane.at(x, y);
    return sum;
}

double row_sum(const Plane& plane, int y, int left, int right) {
    double sum = 0.0;
    for (int x = left; x <= right; ++x) sum += plane.at(x, y);
    return sum;
}

Peak refine(const Plane& plane, const Cell& cell) {
    const int left = std::max(cell.x - 1, 0);
    const int right = std::min(cell.x + 1, plane.width - 1);
    const int top = std::max(cell.y - 1, 0);
    const int bottom = std::min(cell.y + 1, plane.height - 1);
    double step_x = 0.0;
    double step_y = 0.0;
    if (right - left == 2) {
        step_x = log_parabola_step(column_sum(plane, left, top, bottom),
                                   column_sum(plane, cell.x, top, bottom),
                                   column_sum(plane, right, top, bottom));
    }
    if (bottom - top == 2) {
        step_y =
            log_parabola_step(row_sum(plane, top, left, right), row_sum(plane, cell.y, left, right),
                              row_sum(plane, bottom, left, right));
    }
    return {static_cast<float>(cell.x + 0.5 + step_x), static_cast<float>(cell.y + 0.5 + step_y),
            std::min(cell.value, 1.0F)};
}

// Keeps the strongest of the sorted candidates that crowd each other, in place.
// False as soon as more than `limit` are kept.
bool suppress(std::vector<Cell>& cells, float radius, int limit) {
    std::size_t kept = 0;
    for (const Cell cell : cells) {
        const auto crowded = [&](const Cell& other) {
            const float dx = static_cast<float>(cell.x - other.x);
            const float dy = static_cast<float>(cell.y - other.y);
            return dx * dx + dy * dy < radius * radius;
        };
        const auto end = cells.begin() + static_cast<std::ptrdiff_t>(kept);
        if (std::any_of(cells.begin(), end, crowded)) continue;
        if (kept == static_cast<std::size_t>(limit)) return false;
        cells[kept++] = cell;
    }
    cells.resize(kept);
    return true;
}

}  // namespace

Peaks find_peaks(const Maps& heatmaps, const Layout& layout, const Options& options) {
    Peaks peaks;
    peaks.first.push_back(0);
    std::vector<Cell> cells;
    for (int keypoint = 0; keypoint < layout.keypoint_count(); ++keypoint) {
        const Plane plane{heatmaps.channel(layout.keypoint_channels[keypoint]), heatmaps.height,
                          heatmaps.width};
        find_candidates(plane, options.peak_threshold, cells);
        if (!suppress(cells, options.suppression_radius_cells, options.max_peaks_per_keypoint)) {
            throw LimitError(LimitError::Limit::peaks_per_keypoint, keypoint);
        }
        for (const Cell& cell : cells) peaks.all.push_back(refine(plane, cell));
        peaks.first.push_back(peaks.total());
    }
    return peaks;
}

}  // namespace cabinsafe
