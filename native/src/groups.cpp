#include "cabinsafe/groups.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace cabinsafe {

void Groups::reset(const Peaks& peaks) {
    const auto count = peaks.all.size();
    root_.resize(count);
    keypoint_.resize(count);
    last_.resize(count);
    next_.assign(count, -1);
    count_.assign(count, 1);
    keypoints_.resize(count);
    for (std::size_t keypoint = 0; keypoint + 1 < peaks.first.size(); ++keypoint) {
        for (int peak = peaks.first[keypoint]; peak < peaks.first[keypoint + 1]; ++peak) {
            root_[peak] = last_[peak] = peak;
            keypoint_[peak] = static_cast<int>(keypoint);
            keypoints_[peak] = std::uint64_t{1} << keypoint;
        }
    }
}

bool Groups::join(int a, int b) {
    const int low = std::min(root_[a], root_[b]);
    const int high = std::max(root_[a], root_[b]);
    if (low == high) return true;
    if ((keypoints_[low] & keypoints_[high]) != 0) return false;
    for (int peak = high; peak >= 0; peak = next_[peak]) root_[peak] = low;
    next_[last_[low]] = high;
    last_[low] = last_[high];
    count_[low] += count_[high];
    keypoints_[low] |= keypoints_[high];
    return true;
}

namespace {

// Sorts as rule 1 asks: the bits of positive floats rise with their values, and candidates come in
// the order of limb, start, end.
std::uint64_t rank_of(const LimbCandidate& candidate, std::size_t place) {
    const float score = std::max(candidate.score + candidate.bias, 0.0F);
    std::uint32_t bits = 0;
    std::memcpy(&bits, &score, sizeof bits);
    return std::uint64_t{~bits} << 32U | place;
}

// Into buckets of like scores first; then little is left to the insertion.
void sort_candidates(const std::vector<LimbCandidate>& candidates, ClaimRoom& room) {
    constexpr int kBuckets = 128;
    constexpr float kPerUnit = 100.0F;
    const std::size_t count = candidates.size();
    std::array<int, kBuckets + 1> first{};
    room.order.resize(count);
    room.sorted.resize(count);
    const auto bucket_of = [](const LimbCandidate& candidate) {
        const float score = std::min(std::max(candidate.score + candidate.bias, 0.0F), 1.27F);
        return kBuckets - 1 - static_cast<int>(score * kPerUnit);
    };
    for (const LimbCandidate& candidate : candidates) ++first[bucket_of(candidate) + 1];
    for (int i = 0; i < kBuckets; ++i) first[i + 1] += first[i];
    for (std::size_t i = 0; i < count; ++i) {
        room.sorted[first[bucket_of(candidates[i])]++] = rank_of(candidates[i], i);
    }
    for (std::size_t i = 1; i < count; ++i) {
        const std::uint64_t rank = room.sorted[i];
        std::size_t j = i;
        for (; j > 0 && room.sorted[j - 1] > rank; --j) room.sorted[j] = room.sorted[j - 1];
        room.sorted[j] = rank;
    }
}

// One slot for each limb and each peak that can be an end of it.
void lay_out_slots(const Peaks& peaks, const Layout& layout, ClaimRoom& room) {
    room.first_start.clear();
    room.first_end.clear();
    int slots = 0;
    for (const Limb& limb : layout.limbs) {
        room.first_start.push_back(slots - peaks.first[limb.start]);
        slots += peaks.count(limb.start);
        room.first_end.push_back(slots - peaks.first[limb.end]);
        slots += peaks.count(limb.end);
    }
    room.taken.assign(static_cast<std::size_t>(slots), 0);
    room.rival.assign(static_cast<std::size_t>(slots), 0.0F);
}

}  // namespace

void accept_limbs(const std::vector<LimbCandidate>& candidates, const Peaks& peaks,
                  const Layout& layout, ClaimRoom& room, Groups& groups,
                  std::vector<AcceptedLimb>& accepted) {
    accepted.clear();
    sort_candidates(candidates, room);
    lay_out_slots(peaks, layout, room);
    for (const std::uint64_t rank : room.sorted) {
        const LimbCandidate& candidate = candidates[rank & 0xFFFFFFFFU];
        const int start = room.first_start[candidate.limb] + candidate.start;
        const int end = room.first_end[candidate.limb] + candidate.end;
        const bool free = (room.taken[start] | room.taken[end]) == 0;
        if (free && groups.join(candidate.start, candidate.end)) {
            room.taken[start] = room.taken[end] = 1;
            accepted.push_back(
                {candidate.score, candidate.limb, candidate.start, candidate.end, 0.0F});
        } else {
            room.rival[start] = std::max(room.rival[start], candidate.score);
            room.rival[end] = std::max(room.rival[end], candidate.score);
        }
    }
    for (AcceptedLimb& limb : accepted) {
        const float rival = std::max(room.rival[room.first_start[limb.limb] + limb.start],
                                     room.rival[room.first_end[limb.limb] + limb.end]);
        limb.ambiguity = std::min(rival / limb.score, 1.0F);
    }
}

}  // namespace cabinsafe
