// Step 6: people -> people with fainter keypoints, where what was found firmly points at them.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "cabinsafe/kernels.hpp"
#include "cabinsafe/limbs.hpp"
#include "cabinsafe/maps.hpp"
#include "cabinsafe/options.hpp"
#include "cabinsafe/peaks.hpp"
#include "cabinsafe/people.hpp"

namespace cabinsafe {

// What complete_people writes over; keep it between calls. One per thread.
struct CompletionRoom {
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
    std::vector<std::uint64_t> present;  // per person: keypoints
    std::vector<std::uint64_t> fresh;    // those among them that this round starts from
    std::vector<float> scale_sq;         // square of a body's torso, below 0 if not measured yet
    std::vector<float> body_sq;          // per limb: square of its length on the body, 0 if unknown
    std::vector<int> maxima;
    std::vector<Proposal> proposals;
    std::vector<int> plane, column, row;  // of their peaks, as in PeakCells
    std::vector<Peak> peaks;
    std::vector<int> x_plane, y_plane;  // of their limbs, as in LikelyPairs
    std::vector<float> x, y, dx, dy, score;
    std::vector<std::pair<float, int>> ranking;
    std::vector<Gap> filled;
};

// Hysteresis, as in Canny's edge detector (1986): a keypoint that is too faint to be found by
// itself is found where a neighbour's field points at it. Rules, in this order:
//  1. A peak may fill a gap if it is a maximum as in rule 1 of find_peaks, but above
//     weak_peak_threshold: also higher ones that are nobody's. Its place is refined as in rule 3
//     there.
//  2. The centre of its cell must lie where the field under the present end of the limb points:
//  that field is longer
//     than sample_threshold, and turned away from the peak by less than acos(kAhead), 60 degrees.
//     It may be as far as kReach times the length that the limb has on Layout::body, in the
//     person's scale: the largest ratio of a limb that was found before to that limb on the body.
//     Limbs that the body does not know, and people without any that it knows, are not bounded.
//  3. Rules 3 and 4 of find_limbs hold for the limb between the two.
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
                     const Layout& layout, const Options& options, const Kernels& kernels,
                     CompletionRoom& room, Poses& poses);

extern template void complete_people(const Maps&, const Maps&, const Layout&, const Options&,
                                     const Kernels&, CompletionRoom&, Poses&);
extern template void complete_people(const HalfMaps&, const HalfMaps&, const Layout&,
                                     const Options&, const Kernels&, CompletionRoom&, Poses&);

constexpr int kCompletionRounds = 2;
constexpr float kAhead = 0.5F;
constexpr float kReach = 1.5F;

}  // namespace cabinsafe
