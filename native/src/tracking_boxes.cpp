#include <algorithm>
#include <cmath>

#include "cabinsafe/tracking.hpp"

namespace cabinsafe::tracking {
namespace {

double on_axis(const Point& point, int axis) { return axis == 0 ? point.x : point.y; }

struct Side {
    double centre, length;
};

// Weighted least squares of one axis over the keypoints in use.
Side fit_side(const Places& learned, const Point* points, const std::vector<char>& used, int axis,
              double expected, double trust) {
    const double* const plain =
        learned.weights + static_cast<std::size_t>(axis) * 3 * learned.count;
    const double* const placed = plain + learned.count;
    const double* const squared = placed + learned.count;
    double seen = 0.0, weight = 0.0, seen_at = 0.0, at = 0.0, at_at = 0.0;
    for (std::size_t k = 0; k < learned.count; ++k) {
        if (!used[k]) continue;
        const double value = on_axis(points[k], axis);
        seen += plain[k] * value;
        weight += plain[k];
        seen_at += placed[k] * value;
        at += placed[k];
        at_at += squared[k];
    }
    const double middle = seen / weight;
    const double middle_at = at / weight;
    const double spread = at_at / weight - middle_at * middle_at;
    const double share =
        ((seen_at / weight - middle * middle_at) / expected + trust) / (spread + trust);
    const double length = expected * std::clamp(share, 0.5, 2.0);
    return {middle - length * middle_at, length};
}

}  // namespace

std::optional<std::array<double, 4>> fit_box(const Places& learned, const Point* points,
                                             double width, double height, const FitLimits& limits) {
    const std::size_t count = learned.count;
    const double expected[2] = {width, height};
    std::vector<char> used(count);
    std::size_t known = 0;
    for (std::size_t k = 0; k < count; ++k) {
        used[k] = !std::isnan(points[k].x) && !std::isnan(learned.places[2 * k]);
        known += static_cast<std::size_t>(used[k]);
    }
    if (known == 0) return std::nullopt;
    Side sides[2];
    const auto fit = [&] {
        for (const int axis : {0, 1}) {
            sides[axis] = fit_side(learned, points, used, axis, expected[axis], limits.trust);
        }
    };
    const auto misses = [&](std::size_t k, int axis) {
        const double place = sides[axis].centre + learned.places[2 * k + axis] * sides[axis].length;
        return std::fabs(on_axis(points[k], axis) - place) > limits.far_off * sides[axis].length;
    };
    fit();
    bool any_misses = false;
    for (std::size_t k = 0; k < count; ++k) {
        any_misses = any_misses || (used[k] && (misses(k, 0) || misses(k, 1)));
    }
    if (any_misses) {
        const auto off = [&](std::size_t k, int axis) {
            return (on_axis(points[k], axis) - learned.places[2 * k + axis] * expected[axis]) /
                   expected[axis];
        };
        double middle[2];
        std::vector<double> offs;
        for (const int axis : {0, 1}) {
            offs.clear();
            for (std::size_t k = 0; k < count; ++k) {
                if (used[k]) offs.push_back(off(k, axis));
            }
            const auto at = offs.begin() + static_cast<std::ptrdiff_t>(known / 2);
            std::nth_element(offs.begin(), at, offs.end());
            middle[axis] = *at;
        }
        std::size_t near = 0;
        for (std::size_t k = 0; k < count; ++k) {
            used[k] = used[k] && std::fabs(off(k, 0) - middle[0]) <= limits.far_off &&
                      std::fabs(off(k, 1) - middle[1]) <= limits.far_off;
            near += static_cast<std::size_t>(used[k]);
        }
        if (static_cast<double>(near) < limits.same_posture * static_cast<double>(known)) {
            return std::nullopt;
        }
        fit();
    }
    return std::array<double, 4>{sides[0].centre, sides[1].centre, sides[0].length,
                                 sides[1].length};
}

}  // namespace cabinsafe::tracking
