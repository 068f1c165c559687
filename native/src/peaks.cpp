#include "cabinsafe/peaks.hpp"

#include <algorithm>
#include <array>

#include "cabinsafe/errors.hpp"

namespace cabinsafe {
namespace {

// One heatmap channel.
struct Plane {
    const float* values = nullptr;
    int height = 0;
    int width = 0;

    const float* at(int x, int y) const {
        return values + static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + x;
    }
    bool has_around(int x, int y, int reach) const {
        return x >= reach && x + reach < width && y >= reach && y + reach < height;
    }
};

const float* plane_of(const Maps& maps, int channel, const Scanner&, ScanRoom&) {
    return maps.channel(channel);
}

const float* plane_of(const HalfMaps& maps, int channel, const Scanner& scanner, ScanRoom& room) {
    scanner.widen(maps.channel(channel), room.plane(), maps.cells());
    return room.plane();
}

// Cells in the order of rule 2: each goes to the place that the number of those before it says,
// which for a few cells is quicker to count, in vector registers, than to sort.
void rank_maxima(const Plane& plane, int count, PeakRoom& room) {
    const int* const cells = room.scan.maxima();
    room.ranked.resize(static_cast<std::size_t>(count));
    if (count > 64) {
        std::copy(cells, cells + count, room.ranked.begin());
        std::stable_sort(room.ranked.begin(), room.ranked.end(),
                         [&](int a, int b) { return plane.values[a] > plane.values[b]; });
        return;
    }
    std::array<float, 64> values;
    for (int i = 0; i < count; ++i) values[i] = plane.values[cells[i]];
    for (int i = 0; i < count; ++i) {
        const float own = values[i];
        int before = 0;
        for (int j = 0; j < i; ++j) before += static_cast<int>(values[j] >= own);
        for (int j = i + 1; j < count; ++j) before += static_cast<int>(values[j] > own);
        room.ranked[before] = cells[i];
    }
}

// Keeps the strongest of the ranked maxima that crowd each other; returns how many, or limit + 1
// as soon as more are kept.
int suppress(int width, float radius, int limit, PeakRoom& room) {
    int kept = 0;
    const auto most = std::min(room.ranked.size(), static_cast<std::size_t>(limit) + 1);
    room.kept_x.resize(most);
    room.kept_y.resize(most);
    for (const int cell : room.ranked) {
        const int y = cell / width;
        const int x = cell - y * width;
        int crowding = 0;  // counted to the end: that is vector work, a search is not
        for (int i = 0; i < kept; ++i) {
            const auto dx = static_cast<float>(x - room.kept_x[i]);
            const auto dy = static_cast<float>(y - room.kept_y[i]);
            crowding += static_cast<int>(dx * dx + dy * dy < radius * radius);
        }
        if (crowding > 0) continue;
        room.kept_x[kept] = x;
        room.kept_y[kept] = y;
        if (++kept > limit) break;
    }
    return kept;
}

bool is_broad(const Plane& plane, int x, int y) {
    const float* const at = plane.at(x, y);
    const float across = at[-1] * at[1];
    const float along = at[-plane.width] * at[plane.width];
    const float own = *at * *at;
    return across > 0.0F && along > 0.0F && across * along > kBroad * (own * own);
}

// The six sums of a broad peak: before, at, after along x, then along y.
std::array<float, 6> broad_sums(const Plane& plane, int x, int y) {
    constexpr std::array<float, 5> kAcross{1.0F, 2.0F, 3.0F, 2.0F, 1.0F};
    std::array<float, 5> columns{};
    std::array<float, 5> rows{};
    for (int j = 0; j < 5; ++j) {
        const float* const row = plane.at(x - 2, y + j - 2);
        for (int i = 0; i < 5; ++i) columns[i] += kAcross[j] * row[i];
        rows[j] = row[0] + 2.0F * row[1] + 3.0F * row[2] + 2.0F * row[3] + row[4];
    }
    std::array<float, 6> sums{};
    for (int i = 0; i < 3; ++i) {
        sums[i] = columns[i] + 2.0F * columns[i + 1] + columns[i + 2];
        sums[3 + i] = rows[i] + 2.0F * rows[i + 1] + rows[i + 2];
    }
    return sums;
}

std::array<float, 6> narrow_sums(const Plane& plane, int x, int y) {
    std::array<float, 6> sums{};
    const int left = std::max(x - 1, 0);
    const int right = std::min(x + 1, plane.width - 1);
    const int top = std::max(y - 1, 0);
    const int bottom = std::min(y + 1, plane.height - 1);
    for (int row = top; row <= bottom; ++row) {
        for (int column = left; column <= right; ++column) {
            const float value = *plane.at(column, row);
            sums[column - x + 1] += value;
            sums[3 + row - y + 1] += value;
        }
    }
    return sums;  // one that the border cuts off is 0: no step along its axis
}

// Logarithm of a / b as 2 atanh((a - b) / (a + b)), by the fraction of degrees 5 and 4 that meets
// the series best at 0 (Padé). Off by 1e-6 for a = 3 b; plain arithmetic, so the same everywhere.
struct LogRatio {
    float above, below;

    LogRatio(float a, float b) {
        const float u = (a - b) / (a + b);
        const float w = u * u;
        above = u * (945.0F + w * (64.0F * w - 735.0F));
        below = 945.0F + w * (225.0F * w - 1050.0F);  // positive
    }
};

// Step from the middle of three equally spaced sums to the top of the parabola through their logs.
float log_parabola_step(float before, float middle, float after) {
    const bool positive = before > kLowestSum && middle > kLowestSum && after > kLowestSum;
    const LogRatio slope(before, after);
    const LogRatio curvature(before * after, middle * middle);
    const float step = 0.5F * (slope.above * curvature.below) / (slope.below * curvature.above);
    const float clipped = std::min(std::max(step, -kLongestStep), kLongestStep);
    return positive && curvature.above < 0.0F ? clipped : 0.0F;
}

// Rules 2 and 3 left these cells of a keypoint: appends their peaks.
void append_peaks(const Plane& plane, std::size_t count, PeakRoom& room, Peaks& peaks) {
    room.sums.resize(6 * count);
    room.steps.resize(2 * count);
    for (std::size_t i = 0; i < count; ++i) {
        const int x = room.kept_x[i];
        const int y = room.kept_y[i];
        const bool broad = plane.has_around(x, y, 2) && is_broad(plane, x, y);
        const auto sums = broad ? broad_sums(plane, x, y) : narrow_sums(plane, x, y);
        for (std::size_t s = 0; s < sums.size(); ++s) room.sums[s * count + i] = sums[s];
    }
    for (int axis = 0; axis < 2; ++axis) {
        const float* const sums = room.sums.data() + 3 * axis * count;
        float* const steps = room.steps.data() + axis * count;
        for (std::size_t i = 0; i < count; ++i) {
            steps[i] = log_parabola_step(sums[i], sums[count + i], sums[2 * count + i]);
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        const int x = room.kept_x[i];
        const int y = room.kept_y[i];
        peaks.all.push_back({static_cast<float>(x) + 0.5F + room.steps[i],
                             static_cast<float>(y) + 0.5F + room.steps[count + i],
                             std::min(*plane.at(x, y), 1.0F)});
    }
    peaks.first.push_back(peaks.total());
}

}  // namespace

template <typename Scalar>
void find_peaks(const MapsOf<Scalar>& heatmaps, const Layout& layout, const Options& options,
                const Scanner& scanner, PeakRoom& room, Peaks& peaks) {
    room.scan.fit(heatmaps.height, heatmaps.width);
    peaks.all.clear();
    peaks.first.assign(1, 0);
    for (int keypoint = 0; keypoint < layout.keypoint_count(); ++keypoint) {
        const int channel = layout.keypoint_channels[keypoint];
        const Plane plane{plane_of(heatmaps, channel, scanner, room.scan), heatmaps.height,
                          heatmaps.width};
        const ScanResult found =
            scanner.find_maxima(plane.values, options.peak_threshold, room.scan);
        if (!found.finite) require_finite(heatmaps, NonFiniteError::Tensor::heatmaps);
        rank_maxima(plane, found.maxima, room);
        const int limit = options.max_peaks_per_keypoint;
        const int kept = suppress(plane.width, options.suppression_radius_cells, limit, room);
        if (kept > limit) throw LimitError(LimitError::Limit::peaks_per_keypoint, keypoint);
        append_peaks(plane, static_cast<std::size_t>(kept), room, peaks);
    }
}

template void find_peaks(const Maps&, const Layout&, const Options&, const Scanner&, PeakRoom&,
                         Peaks&);
template void find_peaks(const HalfMaps&, const Layout&, const Options&, const Scanner&, PeakRoom&,
                         Peaks&);

}  // namespace cabinsafe
