#include "cabinsafe/render/bounds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cabinsafe::render {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int kBendSteps = 256;           // over [0, pi]
constexpr double kSlackPx = 0.02;         // rounding of rays and projections
constexpr double kLargestSagPx = 2.0;     // a triangle with more is cut
constexpr double kLargestSizeRad = 0.25;  // and one that is larger than this
constexpr double kConvexRad = 1.5;        // caps smaller than half the sphere are convex
constexpr int kDeepest = 9;
constexpr double kAhead_m = 1e-6;

// Largest angle between the vertices' directions, never too small.
double size_rad(const Projected& a, const Projected& b, const Projected& c) {
    const auto squared = [](const Vec3d& v) { return dot(v, v); };
    const double chord =
        std::sqrt(std::max({squared(a.direction - b.direction), squared(b.direction - c.direction),
                            squared(c.direction - a.direction)}));
    return chord < 0.5 ? chord * 1.011 : 2.0 * std::asin(std::min(chord / 2.0, 1.0));
}

// Length of the second derivative of the picture of a great circle walked at unit speed, at most,
// at this angle from the axis; over the focal length. From the geodesic's t'' = cos t sin t p'^2,
// p'' = -2 t' p' cot t in polar coordinates (t, p) around the axis.
double second_derivative(const Lens& lens, double t) {
    constexpr double h = 1e-4;
    const double r = lens.radius(t);
    const double first = (lens.radius(t + h) - lens.radius(t - h)) / (2.0 * h);
    const double second = (lens.radius(t + h) - 2.0 * r + lens.radius(t - h)) / (h * h);
    const double sine = std::sin(t);
    const double cotangent = std::cos(t) / sine;
    const double radial = std::fabs(second) + std::fabs(first * cotangent - r / (sine * sine));
    return std::hypot(radial, (first - r * cotangent) / sine);
}

int clamped(double value, int limit) {
    return static_cast<int>(std::min(std::max(value, 0.0), static_cast<double>(limit)));
}

}  // namespace

struct Bounds::Extent {
    double x0 = std::numeric_limits<double>::infinity();
    double y0 = std::numeric_limits<double>::infinity();
    double x1 = -std::numeric_limits<double>::infinity();
    double y1 = -std::numeric_limits<double>::infinity();

    void add(double x, double y, double margin) {
        x0 = std::min(x0, x - margin);
        y0 = std::min(y0, y - margin);
        x1 = std::max(x1, x + margin);
        y1 = std::max(y1, y + margin);
    }
    void add_everything() {
        x0 = y0 = -std::numeric_limits<double>::infinity();
        x1 = y1 = std::numeric_limits<double>::infinity();
    }
};

Bounds::Bounds(const Lens& lens) : lens_(lens) {
    if (!lens.fisheye) return;
    double largest = 0.0;
    for (int i = 1; i < kBendSteps; ++i) {
        largest = std::max(largest, second_derivative(lens, i * kPi / kBendSteps));
        bend_.push_back(1.1 * largest * lens.focal_px);
    }
}

double Bounds::largest_bend(double angle_rad) const {
    const int step = static_cast<int>(angle_rad * kBendSteps / kPi) + 1;
    return step < kBendSteps ? bend_[step - 1] : std::numeric_limits<double>::infinity();
}

Projected Bounds::project(const Vec3d& point) const { return at(point - lens_.position); }

Projected Bounds::at(const Vec3d& offset) const {
    Projected result;
    result.offset = offset;
    result.direction = normalized(offset);
    const double right = dot(offset, lens_.rotation[0]);
    const double down = dot(offset, lens_.rotation[1]);
    const double ahead = dot(offset, lens_.rotation[2]);
    double scale = lens_.focal_px / ahead;
    if (lens_.fisheye) {
        const double across = std::sqrt(right * right + down * down);
        result.angle_rad = std::atan2(across, ahead);
        scale = across > 0.0 ? lens_.focal_px * lens_.radius(result.angle_rad) / across : 0.0;
    }
    result.x = lens_.center_x + scale * right;
    result.y = lens_.center_y + scale * down;
    return result;
}

Box Bounds::box(const Projected& a, const Projected& b, const Projected& c) const {
    Extent extent;
    if (lens_.fisheye) {
        add_bent(a, b, c, 0, extent);
    } else {
        add_clipped({&a, &b, &c}, extent);
    }
    if (!(extent.x0 <= extent.x1)) return {};
    return {clamped(std::ceil(extent.x0 - 0.5 - kSlackPx), lens_.width),
            clamped(std::ceil(extent.y0 - 0.5 - kSlackPx), lens_.height),
            clamped(std::floor(extent.x1 - 0.5 + kSlackPx) + 1.0, lens_.width),
            clamped(std::floor(extent.y1 - 0.5 + kSlackPx) + 1.0, lens_.height)};
}

void Bounds::add_clipped(const std::array<const Projected*, 3>& corners, Extent& extent) const {
    std::array<double, 3> ahead{};
    for (int i = 0; i < 3; ++i) ahead[i] = dot(corners[i]->offset, lens_.rotation[2]) - kAhead_m;
    for (int i = 0; i < 3; ++i) {
        if (ahead[i] >= 0.0) extent.add(corners[i]->x, corners[i]->y, 0.0);
        const int next = (i + 1) % 3;
        if ((ahead[i] < 0.0) == (ahead[next] < 0.0)) continue;
        const double share = ahead[i] / (ahead[i] - ahead[next]);
        const Projected cut =
            at(corners[i]->offset * (1.0 - share) + corners[next]->offset * share);
        extent.add(cut.x, cut.y, 0.0);
    }
}

void Bounds::add_bent(const Projected& a, const Projected& b, const Projected& c, int depth,
                      Extent& extent) const {
    const double size = size_rad(a, b, c);
    if (size < kConvexRad && a.angle_rad > lens_.max_angle_rad + size) return;
    const double sag = largest_bend(a.angle_rad + size) * size * size / 8.0;
    if (size < kLargestSizeRad && sag < kLargestSagPx) {
        for (const Projected* corner : {&a, &b, &c}) extent.add(corner->x, corner->y, sag);
        return;
    }
    if (depth == kDeepest) return extent.add_everything();
    const Projected ab = at((a.offset + b.offset) * 0.5);
    const Projected bc = at((b.offset + c.offset) * 0.5);
    const Projected ca = at((c.offset + a.offset) * 0.5);
    add_bent(a, ab, ca, depth + 1, extent);
    add_bent(ab, b, bc, depth + 1, extent);
    add_bent(ca, bc, c, depth + 1, extent);
    add_bent(ab, bc, ca, depth + 1, extent);
}

}  // namespace cabinsafe::render
