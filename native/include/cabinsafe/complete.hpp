// Step 6: people -> people with fainter keypoints, where what was found firmly points at them.
#pragma once

#include <vector>

#include "cabinsafe/fill.hpp"
#include "cabinsafe/gaps.hpp"
#include "cabinsafe/kernels.hpp"
#include "cabinsafe/limbs.hpp"
#include "cabinsafe/maps.hpp"
#include "cabinsafe/options.hpp"
#include "cabinsafe/people.hpp"

namespace cabinsafe {

// What complete_people writes over; keep it between calls. One per thread.
struct CompletionRoom {
    GapRoom gap_room;
    FillRoom fill_room;
    std::vector<Peak> peaks;
    std::vector<int> x_plane, y_plane;  // of the proposals' limbs, as in LikelyPairs
    std::vector<float> x, y, dx, dy, score;
};

// Hysteresis, as in Canny's edge detector (1986): a keypoint that is too faint to be found by
// itself is found where a neighbour's field points at it. Rules, in this order:
//  1. A peak may fill a gap if it is a maximum as in rule 1 of find_peaks, but above
//     weak_peak_threshold: also higher ones that are nobody's. Its place is refined as in rule 3
//     there.
//  2. The centre of its cell must lie where the field under the present end of the limb points:
//     that field is longer than sample_threshold, and turned away from the peak by less than
//     acos(kAhead), 60 degrees. It must also go on: along its direction, the mean of it and of the
//     fields 1 to kStepsOn cells further on, at most at the map's border, must be above
//     sample_threshold. The peak may be as far as kReach times the length that the limb has on
//     Layout::body, in the person's scale: the largest ratio of a limb that was found before to
//     that limb on the body. Limbs that the body does not know, and people without any that it
//     knows, are not bounded.
//  3. Rules 4 and 5 of find_limbs hold for the limb between the two.
//  4. All such proposals are taken together, the largest limb score * sqrt(height of the peak)
//     first; equal ones by person, limb, cell. One is accepted unless the gap is filled already or
//     the peak is at the place of that keypoint of somebody, or closer to one than
//     suppression_radius_cells. The limb's ambiguity = (best limb score of somebody else's proposal
//     of this peak) / (its own), at most 1, and at least that of the person's limb crossing others
//     of its kind (see crossings.hpp).
//  5. Once more, from the keypoints that were found so.
// What was found before stays as it was, person scores and ambiguity of limbs included. Nothing
// happens if weak_peak_threshold is not below peak_threshold.
// Throws NonFiniteError for NaN or infinity at a cell of the PAFs that was read.
template <typename Scalar>
void complete_people(const MapsOf<Scalar>& heatmaps, const MapsOf<Scalar>& pafs,
                     const Layout& layout, const std::vector<LimbSpan>& spans,
                     const Options& options, const Kernels& kernels, CompletionRoom& room,
                     Poses& poses);

extern template void complete_people(const Maps&, const Maps&, const Layout&,
                                     const std::vector<LimbSpan>&, const Options&, const Kernels&,
                                     CompletionRoom&, Poses&);
extern template void complete_people(const HalfMaps&, const HalfMaps&, const Layout&,
                                     const std::vector<LimbSpan>&, const Options&, const Kernels&,
                                     CompletionRoom&, Poses&);

constexpr int kCompletionRounds = 2;

}  // namespace cabinsafe
