// Heatmaps and part affinity fields (Cao et al. 2017, OpenPose, arXiv:1611.08050) -> people.
#pragma once

#include "cabinsafe/complete.hpp"
#include "cabinsafe/crossings.hpp"
#include "cabinsafe/groups.hpp"
#include "cabinsafe/kernels.hpp"
#include "cabinsafe/limbs.hpp"
#include "cabinsafe/maps.hpp"
#include "cabinsafe/merge.hpp"
#include "cabinsafe/options.hpp"
#include "cabinsafe/peaks.hpp"
#include "cabinsafe/people.hpp"
#include "cabinsafe/prior.hpp"

namespace cabinsafe {

// Everything that a decoding writes, so that the next one need not ask for memory. One per thread.
struct Workspace {
    PeakRoom peak_room;
    LimbRoom limb_room;
    PriorRoom prior_room;
    ClaimRoom claim_room;
    MergeRoom merge_room;
    CrossingRoom crossing_room;
    PeopleRoom people_room;
    CompletionRoom completion_room;
    Peaks peaks;
    std::vector<LimbCandidate> candidates;
    Groups groups;
    std::vector<AcceptedLimb> accepted;
    Poses poses;
};

// Immutable after construction: one decoder may serve several threads, each with its workspace.
class Decoder {
  public:
    // Throws std::invalid_argument when the layout contradicts itself.
    Decoder(Layout layout, Options options, const Kernels& kernels = best_kernels());

    // The people are in the workspace, until it is used again. `expected` biases the owners of
    // limbs that several claim (see prior.hpp).
    // Throws std::invalid_argument (shapes), NonFiniteError, LimitError.
    template <typename Scalar>
    const Poses& decode(const MapsOf<Scalar>& heatmaps, const MapsOf<Scalar>& pafs,
                        Workspace& workspace, const ExpectedPeople& expected = {}) const;

    const Layout& layout() const { return layout_; }

  private:
    Layout layout_;
    Options options_;
    std::vector<LimbSpan> spans_;
    const Kernels* kernels_;
};

extern template const Poses& Decoder::decode(const Maps&, const Maps&, Workspace&,
                                             const ExpectedPeople&) const;
extern template const Poses& Decoder::decode(const HalfMaps&, const HalfMaps&, Workspace&,
                                             const ExpectedPeople&) const;

}  // namespace cabinsafe
