// Step 6a: keypoints that people lack, and faint peaks that may be them.
#pragma once

#include <cstdint>
#include <vector>

#include "cabinsafe/kernels.hpp"
#include "cabinsafe/maps.hpp"
#include "cabinsafe/options.hpp"
#include "cabinsafe/peaks.hpp"
#include "cabinsafe/people.hpp"

namespace cabinsafe {

// What completion asks of a kind of limb.
struct LimbSpan {
    std::uint64_t ends = 0;  // its two keypoints, a bit each
    float body_sq = 0.0F;    // square of its length on Layout::body, 0 if unknown
};

std::vector<LimbSpan> spans_of(const Layout& layout);

// A keypoint that somebody lacks, and one beside it that the person has.
struct Gap {
    int person, limb, anchor, missing;
};

// A peak that may fill a gap.
struct Proposal {
    Gap gap;
    int cell;
    Peak peak;
};

// What list_proposals reads and writes over; keep it between calls. One per thread.
struct GapRoom {
    std::vector<std::uint64_t> fresh;  // per person: keypoints that are anchors now, a bit each
    std::vector<float> scale_sq;       // square of a body's torso, below 0 if not measured yet
    std::vector<Gap> gaps;
    std::vector<int> maxima;
    std::vector<Proposal> proposals;
    std::vector<int> plane, column, row;  // of their peaks, as in PeakCells
};

// Proposals by rules 1 and 2 of complete_people, by person, limb and cell; false if something that
// was read of the PAFs is not finite or overflows.
template <typename Scalar>
bool list_proposals(const MapsOf<Scalar>& heatmaps, const MapsOf<Scalar>& pafs,
                    const Layout& layout, const std::vector<LimbSpan>& spans,
                    const Options& options, const KernelsOf<Scalar>& kernels, const Poses& poses,
                    GapRoom& room);

extern template bool list_proposals(const Maps&, const Maps&, const Layout&,
                                    const std::vector<LimbSpan>&, const Options&,
                                    const KernelsOf<float>&, const Poses&, GapRoom&);
extern template bool list_proposals(const HalfMaps&, const HalfMaps&, const Layout&,
                                    const std::vector<LimbSpan>&, const Options&,
                                    const KernelsOf<Half>&, const Poses&, GapRoom&);

constexpr float kAhead = 0.5F;
constexpr int kStepsOn = 2;
constexpr float kReach = 1.5F;

}  // namespace cabinsafe
