// Step 1: heatmaps -> peaks.
#pragma once

#include <vector>

#include "cabinsafe/maps.hpp"
#include "cabinsafe/options.hpp"

namespace cabinsafe {

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

// Rules, in this order:
//  1. A cell is a candidate if it is above peak_threshold, above its neighbours (of 8) that come
//     earlier in row-by-row order, and not below those that come later. So a flat top counts once,
//     at its first cell. (A flat top that bends so far that two of its cells have no equal before
//     them counts once per such cell, if they are as far apart as rule 2 asks.)
//  2. From the strongest candidate to the weakest, the earlier cell first among equals: it is kept
//     if no kept one is closer than suppression_radius_cells, cell to cell.
//  3. Its place is refined, per axis, to the top of the parabola through the logarithms of three
//     sums over its 3x3 neighbourhood (columns for x, rows for y): exact for a Gaussian. No step is
//     taken at the border, where a sum is not above kLowestSum, or where the middle is no maximum;
//     a step is at most kLongestStep.
// Throws LimitError when a keypoint keeps more than max_peaks_per_keypoint.
Peaks find_peaks(const Maps& heatmaps, const Layout& layout, const Options& options);

constexpr double kLowestSum = 1e-3;
constexpr double kLongestStep = 0.6;

}  // namespace cabinsafe
