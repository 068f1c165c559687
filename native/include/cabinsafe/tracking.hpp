// The arithmetic of tracking that is done for every keypoint of every frame. Plain C++, no Python
// type.
//
// cabinsafe/tracking says what it means; tests/tracking holds every function here to a numpy
// oracle.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace cabinsafe::tracking {

struct Point {
    float x, y;  // pixels, both NaN where absent
};

// Smallest box around the keypoints present, and how many those are; NaN if there are none.
struct Extent {
    double left, top, right, bottom;
    int count;
};

Extent extent_of(const Point* points, std::size_t count);

// One keypoint as filtered so far: place, velocity (pixels, seconds), time last seen; NaN at first.
struct KeypointState {
    double x, y, vx, vy, seen_s;
};

// Whether a keypoint moved farther than (sizes + sizes_per_s * time) * size_px since last seen.
bool any_jump(const KeypointState* states, const Point* seen, std::size_t count, double t_s,
              double size_px, double sizes, double sizes_per_s);

struct Smoothing {
    double hz;                 // One-Euro cutoff at rest
    double hz_per_size_per_s;  // its growth with speed
    double longest_gap_s;      // beyond it a keypoint starts anew; below 0 nothing is smoothed
};

// One-Euro filter with real time steps (Casiez, Roussel, Vogel, CHI 2012), in place; absent
// keypoints keep their state. `smoothed` gets the filtered places, NaN where absent.
void smooth(KeypointState* states, const Point* seen, std::size_t count, double t_s, double size_px,
            const Smoothing& smoothing, Point* smoothed);

// Where keypoints lie in a box, as learned: per keypoint and axis its place in box sides from the
// centre, NaN if unknown, and its weights: plain, times place, times place squared, 0 if unknown.
struct Places {
    const double* places;   // (K, 2)
    const double* weights;  // (2, 3, K)
    std::size_t count;
};

struct FitLimits {
    double far_off;       // in box sides, of a keypoint from its place; it does not count then
    double same_posture;  // share of keypoints in their places, from which the posture is the one
                          // learned
    double trust;  // mean square of places that speaks for the sides as loudly as what is known of
                   // them
};

// Centre x, y, width and height of the box that fits the keypoints best by least squares; nothing
// in a posture that was not learned.
std::optional<std::array<double, 4>> fit_box(const Places& learned, const Point* points,
                                             double width, double height, const FitLimits& limits);

}  // namespace cabinsafe::tracking
