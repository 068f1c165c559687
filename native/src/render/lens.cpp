#include "cabinsafe/render/lens.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace cabinsafe::render {
namespace {

constexpr int kTableSize = 4096;

double polynomial(const std::array<double, 4>& k, double t) {
    const double s = t * t;
    return t * (1.0 + s * (k[0] + s * (k[1] + s * (k[2] + s * k[3]))));
}

double slope(const std::array<double, 4>& k, double t) {
    const double s = t * t;
    return 1.0 + s * (3.0 * k[0] + s * (5.0 * k[1] + s * (7.0 * k[2] + s * 9.0 * k[3])));
}

// What a ray is made of at a radius: (sin / radius, cos) of its angle.
struct Bend {
    double across = 1.0;
    double ahead = 1.0;
};

// A fisheye's Bend at equal steps of the radius; the angle by bisection, as the radius rises.
std::vector<Bend> bend_table(const Lens& lens, double step) {
    std::vector<Bend> table(kTableSize + 1);
    double low = 0.0;
    for (int i = 1; i <= kTableSize; ++i) {
        const double radius = i * step;
        double high = lens.max_angle_rad;
        for (int halving = 0; halving < 40; ++halving) {
            const double middle = (low + high) / 2.0;
            (lens.radius(middle) < radius ? low : high) = middle;
        }
        table[i] = {std::sin(low) / radius, std::cos(low)};
    }
    return table;
}

}  // namespace

Lens Lens::enlarged(int factor) const {
    Lens result = *this;
    result.width *= factor;
    result.height *= factor;
    result.focal_px *= factor;
    result.center_x *= factor;
    result.center_y *= factor;
    return result;
}

double Lens::radius(double angle_rad) const {
    if (!fisheye) return std::tan(angle_rad);
    if (angle_rad <= max_angle_rad) return polynomial(distortion, angle_rad);
    const double rise = std::max(slope(distortion, max_angle_rad), 0.1);
    return polynomial(distortion, max_angle_rad) + rise * (angle_rad - max_angle_rad);
}

std::vector<Vec3f> ray_table(const Lens& lens) {
    std::vector<Vec3f> rays;
    rays.reserve(static_cast<std::size_t>(lens.width) * lens.height);
    const double farthest = std::hypot(std::max(lens.center_x, lens.width - lens.center_x),
                                       std::max(lens.center_y, lens.height - lens.center_y));
    const double step = farthest / lens.focal_px / (kTableSize - 1);
    const std::vector<Bend> table = lens.fisheye ? bend_table(lens, step) : std::vector<Bend>();
    std::vector<double> rights(lens.width);
    for (int x = 0; x < lens.width; ++x) rights[x] = (x + 0.5 - lens.center_x) / lens.focal_px;
    for (int y = 0; y < lens.height; ++y) {
        const double down = (y + 0.5 - lens.center_y) / lens.focal_px;
        for (const double right : rights) {
            Bend bend;
            if (lens.fisheye) {
                const double place = std::sqrt(right * right + down * down) / step;
                const int i = std::min(static_cast<int>(place), kTableSize - 1);
                const double share = place - i;
                bend = {table[i].across + share * (table[i + 1].across - table[i].across),
                        table[i].ahead + share * (table[i + 1].ahead - table[i].ahead)};
            }
            rays.push_back(narrowed(normalized(lens.rotation[0] * (right * bend.across) +
                                               lens.rotation[1] * (down * bend.across) +
                                               lens.rotation[2] * bend.ahead)));
        }
    }
    return rays;
}

}  // namespace cabinsafe::render
