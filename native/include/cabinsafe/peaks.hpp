// Step 1: heatmaps -> peaks.
#pragma once

#include <vector>

#include "cabinsafe/maps.hpp"
#include "cabinsafe/options.hpp"
#include "cabinsafe/scan.hpp"

namespace cabinsafe {

struct Kernels;

struct Peak {
    float x = 0.0F;  // map cells, within [0.5, width - 0.5]
    float y = 0.0F;
    float score = 0.0F;  // height of the heatmap, at most 1
};

// Peaks of all keypoints in one list; those of keypoint k are [first[k], first[k + 1]), the
// strongest first. The position of a peak in the list is its id.
struct Peaks {
    std::vector<Peak> all;
    std::vector<int> first;

    int count(int keypoint) const { return first[keypoint + 1] - first[keypoint]; }
    int total() const { return static_cast<int>(all.size()); }
};

// Cells of kept maxima: where each one's heatmap begins, and its column and row in it.
struct PeakCells {
    int height = 0;
    int width = 0;
    int count = 0;
    const int* plane = nullptr;
    const int* x = nullptr;
    const int* y = nullptr;
};

// What find_peaks writes over; keep it between calls. One per thread.
struct PeakRoom {
    ScanRoom scan;
    std::vector<int> ranked;  // cells
    std::vector<int> plane;   // of the kept maxima, as in PeakCells
    std::vector<int> x;
    std::vector<int> y;
};

// Rules, in this order:
//  1. A cell is a candidate if it is above peak_threshold, above its neighbours (of 8) that come
//     earlier in row-by-row order, and not below those that come later. So a flat top counts once,
//     at its first cell. (A flat top that bends so far that two of its cells have no equal before
//     them counts once per such cell, if they are as far apart as rule 2 asks.)
//  2. From the strongest candidate to the weakest, the earlier cell first among equals: it is kept
//     if no kept one is closer than suppression_radius_cells, cell to cell.
//  3. Its place is refined, per axis, to the top of the parabola through the logarithms of three
//     sums: exact for a Gaussian. Where the peak is broad (the product of its four neighbours is
//     above kBroad times its own fourth power: a Gaussian's sigma is above 1.25 cells) and its 5x5
//     neighbourhood lies in the map, the sums are weighted 1 2 3 2 1 across and 1 2 1 along the
//     axis, which averages noise; elsewhere they are those of the 3x3 neighbourhood. No step is
//     taken at the border, where a sum is not above kLowestSum, or where the middle is no maximum;
//     a step is at most kLongestStep.
// Throws LimitError when a keypoint keeps more than max_peaks_per_keypoint, and NonFiniteError for
// NaN or infinity in the heatmap of any keypoint.
template <typename Scalar>
void find_peaks(const MapsOf<Scalar>& heatmaps, const Layout& layout, const Options& options,
                const Kernels& kernels, PeakRoom& room, Peaks& peaks);

extern template void find_peaks(const Maps&, const Layout&, const Options&, const Kernels&,
                                PeakRoom&, Peaks&);
extern template void find_peaks(const HalfMaps&, const Layout&, const Options&, const Kernels&,
                                PeakRoom&, Peaks&);

constexpr float kLowestSum = 1e-3F;
constexpr float kLongestStep = 0.6F;
constexpr float kBroad = 0.278F;  // exp(-2 / 1.25^2)

}  // namespace cabinsafe
