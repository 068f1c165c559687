#include "cabinsafe/decoder.hpp"

#include <limits>
#include <stdexcept>
#include <utility>

#include "cabinsafe/errors.hpp"
#include "cabinsafe/limbs.hpp"
#include "cabinsafe/peaks.hpp"

namespace cabinsafe {
namespace {

void require(bool holds, const char* message) {
    if (!holds) throw std::invalid_argument(message);
}

void check_layout(const Layout& layout) {
    const auto below = [](int value, int count) { return value >= 0 && value < count; };
    require(layout.keypoint_count() <= kMaxKeypoints, "more than 64 keypoints");
    for (const int channel : layout.keypoint_channels) {
        require(below(channel, layout.heatmap_count), "a heatmap channel is out of range");
    }
    for (const Limb& limb : layout.limbs) {
        require(below(limb.start, layout.keypoint_count()) &&
                    below(limb.end, layout.keypoint_count()) && limb.start != limb.end,
                "a limb must join two different keypoints");
        require(below(limb.x_channel, layout.paf_count) && below(limb.y_channel, layout.paf_count),
                "a PAF channel is out of range");
    }
}

void check_finite(const Maps& maps, NonFiniteError::Tensor tensor) {
    const NonFiniteCount found = count_non_finite(maps);
    if (found.values > 0) throw NonFiniteError(tensor, found.values, found.first_channel);
}

}  // namespace

Decoder::Decoder(Layout layout, Options options) : layout_(std::move(layout)), options_(options) {
    check_layout(layout_);
}

Poses Decoder::decode(const Maps& heatmaps, const Maps& pafs) const {
    require(heatmaps.channels == layout_.heatmap_count && pafs.channels == layout_.paf_count,
            "the layout has another number of channels");
    require(heatmaps.height > 0 && heatmaps.width > 0 && heatmaps.height == pafs.height &&
                heatmaps.width == pafs.width,
            "heatmaps and pafs must have the same height and width, both above 0");
    require(heatmaps.cells() <= static_cast<std::size_t>(std::numeric_limits<int>::max()),
            "a map has too many cells");
    check_finite(heatmaps, NonFiniteError::Tensor::heatmaps);
    check_finite(pafs, NonFiniteError::Tensor::pafs);
    const Peaks peaks = find_peaks(heatmaps, layout_, options_);
    return group_people(find_limbs(pafs, peaks, layout_, options_), peaks, layout_, options_);
}

}  // namespace cabinsafe
