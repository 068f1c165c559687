// Step 2: peaks + part affinity fields -> candidate limbs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "cabinsafe/maps.hpp"
#include "cabinsafe/options.hpp"
#include "cabinsafe/peaks.hpp"

namespace cabinsafe {

struct LimbCandidate {
    float score = 0.0F;
    int limb = 0;
    int start = 0;  // peak ids
    int end = 0;
    float bias = 0.0F;  // what people who were expected add to the score when owners are chosen
};

// A limb's field among the PAFs: where its two channels begin.
template <typename Scalar>
struct LimbField {
    const Scalar* pafs = nullptr;
    int width = 0;
    int limb = 0;
    int x_plane = 0;
    int y_plane = 0;
    float lowest_sq = 0.0F;  // sample_threshold squared
};

// The peaks at one side of a kind of limb, and the field under them.
struct LimbEnds {
    int count = 0;
    int first = 0;  // id of the first peak
    const float* x = nullptr;
    const float* y = nullptr;
    float* field_x = nullptr;
    float* field_y = nullptr;
    float* field_sq = nullptr;
    float* nearest_sq = nullptr;  // distance to the nearest peak that it faces, as rule 1 says
};

// Pairs of peaks that passed rules 1 to 3, with what it takes to read the field between them.
struct LikelyPairs {
    int count = 0;
    int capacity = 0;
    // Of one kind of limb: for each start and end the distance, infinite for pairs that fail rule
    // 1; those that passed rule 2.
    float* distance_sq = nullptr;
    int row_length = 0;
    int* close = nullptr;
    int* limb = nullptr;
    int* start = nullptr;  // peak ids
    int* end = nullptr;
    int* x_plane = nullptr;
    int* y_plane = nullptr;
    float* x = nullptr;  // of the start
    float* y = nullptr;
    float* dx = nullptr;  // to the end
    float* dy = nullptr;
    float* score = nullptr;
};

// Numbers of rules 4 and 5.
struct ScoreRule {
    float sample_threshold = 0.0F;
    int min_agreeing = 0;
    float penalty_per_cell = 0.0F;
};

// Whole registers are read: makes what lies behind the last pair copies of the first.
void fill_up(const LikelyPairs& pairs);

template <typename Scalar>
ScoreRule score_rule(const Options& options, const MapsOf<Scalar>& pafs) {
    const auto side = static_cast<float>(std::max(pafs.height, pafs.width));
    return {options.sample_threshold, options.min_agreeing_samples_of_10,
            options.length_penalty_per_map_side / side};
}

// What find_limbs writes over; keep it between calls. One per thread.
class LimbRoom {
  public:
    LimbRoom() = default;
    LimbRoom(const LimbRoom&) = delete;
    LimbRoom& operator=(const LimbRoom&) = delete;

    // Makes room for limbs between these peaks, and empties the lists.
    void fit(const Peaks& peaks);

    std::vector<float> x;  // of all peaks
    std::vector<float> y;
    LimbEnds starts;
    LimbEnds ends;
    LikelyPairs pairs;

  private:
    int most_peaks_ = 0;
    std::vector<float> floats_;
    std::vector<int> ints_;
};

// Candidates of every limb, in the order limb, start, end. The field is read at the cells under
// the two ends and under points of the segment from start to end; a point agrees if the field along
// the segment's direction is above sample_threshold there.
//  1. The mean of the fields at the two ends must agree, and along the segment it must be at least
//     kFacing / 2 of the stronger of the two: most pairs do not even face each other.
//  2. Of the pairs that pass rule 1, those are left out whose ends both face another peak at less
//     than 1 / kNearer of the distance: fields of other people's limbs that point the same way.
//  3. The point at half the way must agree.
//  4. Of the ten points at 0.05, 0.15, ... 0.95, min_agreeing_samples_of_10 must agree.
//  5. score = mean of the ten - length_penalty_per_map_side * length / longer side of the map, at
//     most 1, and at least limb_threshold.
// Two peaks at the same place have no direction, so nothing agrees with them.
// Throws NonFiniteError for NaN or infinity at a cell that was read.
template <typename Scalar>
void find_limbs(const MapsOf<Scalar>& pafs, const Peaks& peaks, const Layout& layout,
                const Options& options, const Kernels& kernels, LimbRoom& room,
                std::vector<LimbCandidate>& candidates);

extern template void find_limbs(const Maps&, const Peaks&, const Layout&, const Options&,
                                const Kernels&, LimbRoom&, std::vector<LimbCandidate>&);
extern template void find_limbs(const HalfMaps&, const Peaks&, const Layout&, const Options&,
                                const Kernels&, LimbRoom&, std::vector<LimbCandidate>&);

constexpr float kFacing = 0.8F;
constexpr float kNearer = 2.0F;

}  // namespace cabinsafe
