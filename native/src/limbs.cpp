#include "cabinsafe/limbs.hpp"

#include <algorithm>

#include "cabinsafe/errors.hpp"
#include "cabinsafe/kernels.hpp"

namespace cabinsafe {
namespace {

// The pairs of several limbs are scored together, in lists that stay in the processor's cache.
constexpr int kPairsAtOnce = 512;

template <typename Scalar>
class LimbSearch {
  public:
    LimbSearch(const MapsOf<Scalar>& pafs, const Peaks& peaks, const Options& options,
               const KernelsOf<Scalar>& kernels, LimbRoom& room,
               std::vector<LimbCandidate>& candidates)
        : pafs_(pafs),
          peaks_(peaks),
          options_(options),
          kernels_(kernels),
          room_(room),
          candidates_(candidates) {}

    void look_for(const Limb& limb, int number) {
        if (peaks_.count(limb.start) == 0 || peaks_.count(limb.end) == 0) return;
        const LimbField<Scalar> field{pafs_.data,
                                      pafs_.width,
                                      number,
                                      plane(limb.x_channel),
                                      plane(limb.y_channel),
                                      options_.sample_threshold * options_.sample_threshold};
        read(field, limb.start, room_.starts);
        read(field, limb.end, room_.ends);
        for (int start = 0; start < room_.starts.count;) {
            finite_ &= kernels_.list_likely(field, room_.starts, room_.ends, start, room_.pairs);
            if (start < room_.starts.count) score_pairs();
        }
    }

    // The candidates among the pairs that were listed.
    void score_pairs() {
        LikelyPairs& pairs = room_.pairs;
        fill_up(pairs);
        const LimbField<Scalar> field{pafs_.data, pafs_.width};
        finite_ &= kernels_.score(field, score_rule(options_, pafs_), pairs);
        for (int i = 0; i < pairs.count; ++i) {
            if (!(pairs.score[i] >= options_.limb_threshold)) continue;
            candidates_.push_back(
                {pairs.score[i], pairs.limb[i], pairs.start[i], pairs.end[i], 0.0F});
        }
        pairs.count = 0;
    }

    bool read_finite() const { return finite_; }

  private:
    int plane(int channel) const { return channel * static_cast<int>(pafs_.cells()); }

    void read(const LimbField<Scalar>& field, int keypoint, LimbEnds& ends) {
        ends.first = peaks_.first[keypoint];
        ends.count = peaks_.count(keypoint);
        ends.x = room_.x.data() + ends.first;
        ends.y = room_.y.data() + ends.first;
        finite_ &= kernels_.read_ends(field, ends);
    }

    const MapsOf<Scalar>& pafs_;
    const Peaks& peaks_;
    const Options& options_;
    const KernelsOf<Scalar>& kernels_;
    LimbRoom& room_;
    std::vector<LimbCandidate>& candidates_;
    bool finite_ = true;  // all that was read; false also where finite values overflow
};

}  // namespace

void fill_up(const LikelyPairs& pairs) {
    for (int i = pairs.count; i < pairs.count + kMaxLanes; ++i) {
        for (float* list : {pairs.x, pairs.y, pairs.dx, pairs.dy}) list[i] = list[0];
        for (int* list : {pairs.x_plane, pairs.y_plane}) list[i] = list[0];
    }
}

void LimbRoom::fit(const Peaks& peaks) {
    const std::size_t count = peaks.all.size();
    x.assign(count + kMaxLanes, 0.5F);
    y.assign(count + kMaxLanes, 0.5F);
    for (std::size_t i = 0; i < count; ++i) {
        x[i] = peaks.all[i].x;
        y[i] = peaks.all[i].y;
    }
    pairs.count = 0;
    int most = 1;
    for (std::size_t k = 0; k + 1 < peaks.first.size(); ++k) {
        most = std::max(most, peaks.count(static_cast<int>(k)));
    }
    if (most <= most_peaks_) return;
    most_peaks_ = most;
    pairs.capacity = std::max(kPairsAtOnce, most);
    const std::size_t a_side = static_cast<std::size_t>(most) + kMaxLanes;
    const std::size_t a_list = static_cast<std::size_t>(pairs.capacity) + kMaxLanes;
    floats_.assign(8 * a_side + 5 * a_list + most * a_side, 0.0F);
    ints_.assign(6 * a_list, 0);
    float* floats = floats_.data();
    for (LimbEnds* side : {&starts, &ends}) {
        for (float** list : {&side->field_x, &side->field_y, &side->field_sq, &side->nearest_sq}) {
            *list = floats;
            floats += a_side;
        }
    }
    for (float** list : {&pairs.x, &pairs.y, &pairs.dx, &pairs.dy, &pairs.score}) {
        *list = floats;
        floats += a_list;
    }
    pairs.distance_sq = floats;
    pairs.row_length = static_cast<int>(a_side);
    int* ints = ints_.data();
    for (int** list :
         {&pairs.close, &pairs.limb, &pairs.start, &pairs.end, &pairs.x_plane, &pairs.y_plane}) {
        *list = ints;
        ints += a_list;
    }
}

template <typename Scalar>
void find_limbs(const MapsOf<Scalar>& pafs, const Peaks& peaks, const Layout& layout,
                const Options& options, const Kernels& kernels, LimbRoom& room,
                std::vector<LimbCandidate>& candidates) {
    candidates.clear();
    room.fit(peaks);
    LimbSearch<Scalar> search(pafs, peaks, options, kernels.of<Scalar>(), room, candidates);
    for (int limb = 0; limb < layout.limb_count(); ++limb) {
        search.look_for(layout.limbs[limb], limb);
    }
    search.score_pairs();
    if (!search.read_finite()) require_finite(pafs, NonFiniteError::Tensor::pafs);
}

template void find_limbs(const Maps&, const Peaks&, const Layout&, const Options&, const Kernels&,
                         LimbRoom&, std::vector<LimbCandidate>&);
template void find_limbs(const HalfMaps&, const Peaks&, const Layout&, const Options&,
                         const Kernels&, LimbRoom&, std::vector<LimbCandidate>&);

}  // namespace cabinsafe
