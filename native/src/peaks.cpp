#include "cabinsafe/peaks.hpp"

#include <algorithm>
#include <array>

#include "cabinsafe/errors.hpp"
#include "cabinsafe/kernels.hpp"

namespace cabinsafe {
namespace {

// Cells in the order of rule 2: each goes to the place that the number of those before it says,
// which for a few cells is quicker to count, in vector registers, than to sort.
template <typename Scalar>
void rank_maxima(const Scalar* plane, int count, PeakRoom& room) {
    const int* const cells = room.scan.maxima();
    room.ranked.resize(static_cast<std::size_t>(count));
    if (count > 64) {
        std::copy(cells, cells + count, room.ranked.begin());
        std::stable_sort(room.ranked.begin(), room.ranked.end(),
                         [&](int a, int b) { return to_float(plane[a]) > to_float(plane[b]); });
        return;
    }
    std::array<float, 64> values;
    for (int i = 0; i < count; ++i) values[i] = to_float(plane[cells[i]]);
    for (int i = 0; i < count; ++i) {
        const float own = values[i];
        int before = 0;
        for (int j = 0; j < i; ++j) before += static_cast<int>(values[j] >= own);
        for (int j = i + 1; j < count; ++j) before += static_cast<int>(values[j] > own);
        room.ranked[before] = cells[i];
    }
}

// Of two neighbours only one can be a maximum, and what is no neighbour is at least so far away.
constexpr float kBeyondNeighbours = 2.0F;

// Keeps the strongest of the ranked maxima that crowd each other; false as soon as more than the
// limit are kept.
bool suppress(int plane, int width, float radius, int limit, PeakRoom& room) {
    const std::size_t first = room.x.size();
    for (const int cell : room.ranked) {
        const int y = cell / width;
        const int x = cell - y * width;
        int crowding = 0;  // counted to the end: that is vector work, a search is not
        const std::size_t kept = room.x.size();
        const std::size_t compared = radius > kBeyondNeighbours ? kept : first;
        for (std::size_t i = first; i < compared; ++i) {
            const auto dx = static_cast<float>(x - room.x[i]);
            const auto dy = static_cast<float>(y - room.y[i]);
            crowding += static_cast<int>(dx * dx + dy * dy < radius * radius);
        }
        if (crowding > 0) continue;
        if (kept - first == static_cast<std::size_t>(limit)) return false;
        room.plane.push_back(plane);
        room.x.push_back(x);
        room.y.push_back(y);
    }
    return true;
}

}  // namespace

template <typename Scalar>
void find_peaks(const MapsOf<Scalar>& heatmaps, const Layout& layout, const Options& options,
                const Kernels& kernels, PeakRoom& room, Peaks& peaks) {
    const KernelsOf<Scalar>& kernel = kernels.of<Scalar>();
    room.scan.fit(heatmaps.height, heatmaps.width);
    for (auto* list : {&room.plane, &room.x, &room.y}) list->clear();
    peaks.first.assign(1, 0);
    for (int keypoint = 0; keypoint < layout.keypoint_count(); ++keypoint) {
        const Scalar* const plane = heatmaps.channel(layout.keypoint_channels[keypoint]);
        const ScanResult found = kernel.find_maxima(plane, options.peak_threshold, room.scan);
        if (!found.finite) require_finite(heatmaps, NonFiniteError::Tensor::heatmaps);
        rank_maxima(plane, found.maxima, room);
        if (!suppress(static_cast<int>(plane - heatmaps.data), heatmaps.width,
                      options.suppression_radius_cells, options.max_peaks_per_keypoint, room)) {
            throw LimitError(LimitError::Limit::peaks_per_keypoint, keypoint);
        }
        peaks.first.push_back(static_cast<int>(room.x.size()));
    }
    const std::size_t count = room.x.size();
    peaks.all.resize(count);
    if (count == 0) return;
    for (auto* list : {&room.plane, &room.x, &room.y})
        list->resize(count + kMaxLanes, list->back());
    const PeakCells cells{heatmaps.height,   heatmaps.width, static_cast<int>(count),
                          room.plane.data(), room.x.data(),  room.y.data()};
    kernel.refine(heatmaps.data, cells, peaks.all.data());
}

template void find_peaks(const Maps&, const Layout&, const Options&, const Kernels&, PeakRoom&,
                         Peaks&);
template void find_peaks(const HalfMaps&, const Layout&, const Options&, const Kernels&, PeakRoom&,
                         Peaks&);

}  // namespace cabinsafe
