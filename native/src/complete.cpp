#include "cabinsafe/complete.hpp"

#include <algorithm>

#include "cabinsafe/errors.hpp"

namespace cabinsafe {
namespace {

// Rule 1: the peaks' places.
template <typename Scalar>
void refine(const MapsOf<Scalar>& heatmaps, const KernelsOf<Scalar>& kernels,
            CompletionRoom& room) {
    GapRoom& gaps = room.gap_room;
    const std::size_t count = gaps.proposals.size();
    room.peaks.resize(count);
    for (auto* list : {&gaps.plane, &gaps.column, &gaps.row}) {
        list->resize(count + kMaxLanes, list->back());
    }
    const PeakCells cells{heatmaps.height,   heatmaps.width,     static_cast<int>(count),
                          gaps.plane.data(), gaps.column.data(), gaps.row.data()};
    kernels.refine(heatmaps.data, cells, room.peaks.data());
    for (std::size_t i = 0; i < count; ++i) gaps.proposals[i].peak = room.peaks[i];
}

// The limbs that the proposals would add.
template <typename Scalar>
LikelyPairs list_limbs(const MapsOf<Scalar>& pafs, const Layout& layout, const Poses& poses,
                       CompletionRoom& room) {
    const std::vector<Proposal>& proposals = room.gap_room.proposals;
    const std::size_t a_list = proposals.size() + kMaxLanes;
    for (auto* list : {&room.x_plane, &room.y_plane}) list->resize(a_list);
    for (auto* list : {&room.x, &room.y, &room.dx, &room.dy, &room.score}) list->resize(a_list);
    for (std::size_t i = 0; i < proposals.size(); ++i) {
        const auto& [gap, cell, peak] = proposals[i];
        const Limb& limb = layout.limbs[gap.limb];
        const Peak anchor = poses.keypoint(gap.person, gap.anchor);
        const Peak& start = gap.anchor == limb.start ? anchor : peak;
        const Peak& end = gap.anchor == limb.start ? peak : anchor;
        room.x[i] = start.x;
        room.y[i] = start.y;
        room.dx[i] = end.x - start.x;
        room.dy[i] = end.y - start.y;
        room.x_plane[i] = static_cast<int>(pafs.channel(limb.x_channel) - pafs.data);
        room.y_plane[i] = static_cast<int>(pafs.channel(limb.y_channel) - pafs.data);
    }
    LikelyPairs pairs;
    pairs.count = static_cast<int>(proposals.size());
    pairs.x_plane = room.x_plane.data();
    pairs.y_plane = room.y_plane.data();
    pairs.x = room.x.data();
    pairs.y = room.y.data();
    pairs.dx = room.dx.data();
    pairs.dy = room.dy.data();
    pairs.score = room.score.data();
    fill_up(pairs);
    return pairs;
}

}  // namespace

template <typename Scalar>
void complete_people(const MapsOf<Scalar>& heatmaps, const MapsOf<Scalar>& pafs,
                     const Layout& layout, const std::vector<LimbSpan>& spans,
                     const Options& options, const Kernels& kernels, CompletionRoom& room,
                     Poses& poses) {
    if (options.weak_peak_threshold >= options.peak_threshold) return;
    const KernelsOf<Scalar>& kernel = kernels.of<Scalar>();
    GapRoom& gaps = room.gap_room;
    gaps.fresh = poses.present;
    gaps.scale_sq.assign(poses.present.size(), -1.0F);
    room.fill_room.filled.clear();
    for (int round = 0; round < kCompletionRounds; ++round) {
        bool finite = list_proposals(heatmaps, pafs, layout, spans, options, kernel, poses, gaps);
        if (!gaps.proposals.empty()) {
            refine(heatmaps, kernel, room);
            const LikelyPairs limbs = list_limbs(pafs, layout, poses, room);
            finite &= kernel.score({pafs.data, pafs.width}, score_rule(options, pafs), limbs);
        }
        if (!finite) require_finite(pafs, NonFiniteError::Tensor::pafs);
        fill_gaps(gaps.proposals, room.score.data(), options, room.fill_room, gaps.fresh, poses);
        if (room.fill_room.filled.empty()) return;
    }
    mark_filled_crossings(layout, room.fill_room, poses);
}

template void complete_people(const Maps&, const Maps&, const Layout&, const std::vector<LimbSpan>&,
                              const Options&, const Kernels&, CompletionRoom&, Poses&);
template void complete_people(const HalfMaps&, const HalfMaps&, const Layout&,
                              const std::vector<LimbSpan>&, const Options&, const Kernels&,
                              CompletionRoom&, Poses&);

}  // namespace cabinsafe
