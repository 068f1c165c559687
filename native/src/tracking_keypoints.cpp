#include <algorithm>
#include <cmath>
#include <limits>

#include "cabinsafe/tracking.hpp"

namespace cabinsafe::tracking {
namespace {

constexpr double kTurn = 6.283185307179586;
constexpr double kSpeedCutoffHz = 1.0;

}  // namespace

Extent extent_of(const Point* points, std::size_t count) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    Extent extent{kNone, kNone, kNone, kNone, 0};
    for (std::size_t k = 0; k < count; ++k) {
        const double x = points[k].x;
        const double y = points[k].y;
        if (std::isnan(x)) continue;
        ++extent.count;
        extent.left = std::fmin(extent.left, x);
        extent.top = std::fmin(extent.top, y);
        extent.right = std::fmax(extent.right, x);
        extent.bottom = std::fmax(extent.bottom, y);
    }
    return extent;
}

bool any_jump(const KeypointState* states, const Point* seen, std::size_t count, double t_s,
              double size_px, double sizes, double sizes_per_s) {
    for (std::size_t k = 0; k < count; ++k) {  // comparisons with NaN are false
        const double farthest = (sizes + sizes_per_s * (t_s - states[k].seen_s)) * size_px;
        if (std::hypot(seen[k].x - states[k].x, seen[k].y - states[k].y) > farthest) return true;
    }
    return false;
}

void smooth(KeypointState* states, const Point* seen, std::size_t count, double t_s, double size_px,
            const Smoothing& smoothing, Point* smoothed) {
    for (std::size_t k = 0; k < count; ++k) {
        smoothed[k] = seen[k];
        if (std::isnan(seen[k].x)) continue;
        KeypointState& state = states[k];
        const double x = seen[k].x;
        const double y = seen[k].y;
        const double dt_s = t_s - state.seen_s;
        if (!(dt_s <= smoothing.longest_gap_s)) {
            state = {x, y, 0.0, 0.0, t_s};
            continue;
        }
        const double step_x = x - state.x;
        const double step_y = y - state.y;
        const double turn = kTurn * dt_s;
        const double newness = turn / (turn + 1.0 / kSpeedCutoffHz);
        state.vx += newness * (step_x / dt_s - state.vx);
        state.vy += newness * (step_y / dt_s - state.vy);
        const double speed_sizes = std::hypot(state.vx, state.vy) / size_px;
        const double follow = turn * (smoothing.hz + smoothing.hz_per_size_per_s * speed_sizes);
        state.x += follow / (1.0 + follow) * step_x;
        state.y += follow / (1.0 + follow) * step_y;
        state.seen_s = t_s;
        smoothed[k] = {static_cast<float>(state.x), static_cast<float>(state.y)};
    }
}

}  // namespace cabinsafe::tracking
