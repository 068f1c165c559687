// What the decoder is told once: the layout of the maps and the numbers of its rules.
#pragma once

#include <vector>

namespace cabinsafe {

// Most keypoints of a layout: a person's keypoints are one bit each of a 64-bit mask.
constexpr int kMaxKeypoints = 64;

// A connection of two keypoints (positions in Layout::keypoint_channels) and the PAF channels that
// hold its unit vector, from start to end.
struct Limb {
    int start = 0;
    int end = 0;
    int x_channel = 0;
    int y_channel = 0;
    int mirror = -1;  // the limb of the other side; -1 for none
};

// Where a keypoint usually lies on an upright body, in torso lengths, and how far people stray from
// that; a spread of 0 for a keypoint that says nothing about the others.
struct BodyPoint {
    float x = 0.0F;
    float y = 0.0F;
    float spread = 0.0F;
};

struct Layout {
    std::vector<int> keypoint_channels;  // heatmap channel of each keypoint
    std::vector<Limb> limbs;             // cycles are allowed
    int heatmap_count = 0;               // channels of the heatmap tensor, background included
    int paf_count = 0;
    std::vector<BodyPoint> body;  // one for each keypoint, or none: fragments are not merged then

    int keypoint_count() const { return static_cast<int>(keypoint_channels.size()); }
    int limb_count() const { return static_cast<int>(limbs.size()); }
};

// Defaults, bounds and descriptions are the Python wrapper's (cabinsafe/pose/decoder.py).
struct Options {
    float peak_threshold = 0.0F;
    float suppression_radius_cells = 0.0F;
    float sample_threshold = 0.0F;
    int min_agreeing_samples_of_10 = 0;
    float limb_threshold = 0.0F;
    float length_penalty_per_map_side = 0.0F;
    int min_keypoints = 0;
    float half_score_size_map_sides = 0.0F;
    float min_person_score = 0.0F;
    int max_peaks_per_keypoint = 0;
    int max_people = 0;
    float max_merge_misfit = 0.0F;
    float prior_weight = 0.0F;
    float prior_reach_person_sizes = 0.0F;
    float weak_peak_threshold = 0.0F;
};

}  // namespace cabinsafe
