#include "cabinsafe/decoder.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

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
        require(limb.mirror >= -1 && limb.mirror < layout.limb_count(),
                "a mirrored limb is out of range");
    }
    require(layout.body.empty() || layout.body.size() == layout.keypoint_channels.size(),
            "the body must have a point for each keypoint");
}

}  // namespace

Decoder::Decoder(Layout layout, Options options, const Kernels& kernels)
    : layout_(std::move(layout)), options_(options), kernels_(&kernels) {
    check_layout(layout_);
    spans_ = spans_of(layout_);
}

template <typename Scalar>
const Poses& Decoder::decode(const MapsOf<Scalar>& heatmaps, const MapsOf<Scalar>& pafs,
                             Workspace& w, const ExpectedPeople& expected) const {
    require(heatmaps.channels == layout_.heatmap_count && pafs.channels == layout_.paf_count,
            "the layout has another number of channels");
    require(heatmaps.height > 0 && heatmaps.width > 0 && heatmaps.height == pafs.height &&
                heatmaps.width == pafs.width,
            "heatmaps and pafs must have the same height and width, both above 0");
    require(std::max(heatmaps.size(), pafs.size()) <= std::numeric_limits<int>::max() / 2,
            "the maps have too many values");
    find_peaks(heatmaps, layout_, options_, *kernels_, w.peak_room, w.peaks);
    find_limbs(pafs, w.peaks, layout_, options_, *kernels_, w.limb_room, w.candidates);
    if (expected.count > 0) {
        bias_candidates(expected, w.peaks, layout_, options_, w.prior_room, w.candidates);
    }
    w.groups.reset(w.peaks);
    accept_limbs(w.candidates, w.peaks, layout_, w.claim_room, w.groups, w.accepted);
    merge_fragments(w.peaks, layout_, options_, w.merge_room, w.groups);
    mark_crossings(w.peaks, layout_, w.groups, w.crossing_room, w.accepted);
    write_people(w.peaks, w.accepted, w.groups, layout_, options_,
                 std::max(heatmaps.height, heatmaps.width), w.people_room, w.poses);
    complete_people(heatmaps, pafs, layout_, spans_, options_, *kernels_, w.completion_room,
                    w.poses);
    if (expected.count > 0) {
        match_expected(expected, w.peaks, w.groups, w.people_room.sums, w.prior_room, w.poses);
    }
    return w.poses;
}

template const Poses& Decoder::decode(const Maps&, const Maps&, Workspace&,
                                      const ExpectedPeople&) const;
template const Poses& Decoder::decode(const HalfMaps&, const HalfMaps&, Workspace&,
                                      const ExpectedPeople&) const;

}  // namespace cabinsafe
