#include "cabinsafe/render/shadow.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "cabinsafe/render/visibility.hpp"

namespace cabinsafe::render {
namespace {

constexpr int kSide = 1024;         // cells along the map's longer side
constexpr float kBiasCells = 1.5F;  // lifts a point off its own surface, along normal and sun
constexpr float kSmallest_m = 1e-3F;

}  // namespace

ShadowMap::ShadowMap(const Geometry& geometry, const Vec3f& sun) : sun_(sun) {
    if (geometry.triangle_count == 0) return;
    const Vec3f aside = std::fabs(sun.z) < 0.9F ? Vec3f{0.0F, 0.0F, 1.0F} : Vec3f{1.0F, 0.0F, 0.0F};
    across_ = normalized(cross(aside, sun));
    along_ = cross(sun, across_);
    float x1 = -std::numeric_limits<float>::infinity();
    float y1 = x1;
    x0_ = y0_ = std::numeric_limits<float>::infinity();
    for (std::size_t v = 0; v < geometry.vertex_count; ++v) {
        const float x = dot(geometry.vertex(v), across_);
        const float y = dot(geometry.vertex(v), along_);
        x0_ = std::min(x0_, x);
        x1 = std::max(x1, x);
        y0_ = std::min(y0_, y);
        y1 = std::max(y1, y);
    }
    cells_per_m_ = kSide / std::max({x1 - x0_, y1 - y0_, kSmallest_m});
    width_ = std::min(static_cast<int>((x1 - x0_) * cells_per_m_) + 1, kSide);
    height_ = std::min(static_cast<int>((y1 - y0_) * cells_per_m_) + 1, kSide);
    top_.assign(static_cast<std::size_t>(width_) * height_,
                -std::numeric_limits<float>::infinity());
    std::vector<Vec3f> vertices(geometry.vertex_count);
    for (std::size_t v = 0; v < geometry.vertex_count; ++v) {
        vertices[v] = in_map(geometry.vertex(v));
    }
    for (std::size_t t = 0; t < geometry.triangle_count; ++t) {
        const std::int32_t* corners = geometry.triangles + 3 * t;
        draw(vertices[corners[0]], vertices[corners[1]], vertices[corners[2]]);
    }
}

Vec3f ShadowMap::in_map(const Vec3f& point) const {
    return {(dot(point, across_) - x0_) * cells_per_m_, (dot(point, along_) - y0_) * cells_per_m_,
            dot(point, sun_)};
}

void ShadowMap::draw(const Vec3f& a, const Vec3f& b, const Vec3f& c) {
    const int x0 = std::max(static_cast<int>(std::ceil(std::min({a.x, b.x, c.x}) - 0.5F)), 0);
    const int y0 = std::max(static_cast<int>(std::ceil(std::min({a.y, b.y, c.y}) - 0.5F)), 0);
    const int x1 = std::min(static_cast<int>(std::max({a.x, b.x, c.x}) + 0.5F), width_);
    const int y1 = std::min(static_cast<int>(std::max({a.y, b.y, c.y}) + 0.5F), height_);
    if (x0 >= x1 || y0 >= y1) return;
    const Sides sides({a.x, a.y, 1.0}, {b.x, b.y, 1.0}, {c.x, c.y, 1.0});
    if (sides.volume == 0.0) return;
    // The height is a plane, too; of slivers, rounding could lift it.
    const float highest = std::max({a.z, b.z, c.z});
    const double scale = 1.0 / sides.volume;
    const auto plane = [&](double first, double second, double third) {
        return (first * a.z + second * b.z + third * c.z) * scale;
    };
    const double slope = plane(sides.side[0].x, sides.side[1].x, sides.side[2].x);
    for (int y = y0; y < y1; ++y) {
        const auto along_row = [&](const Vec3d& side) { return side.y * (y + 0.5) + side.z; };
        const double first = along_row(sides.side[0]);
        const double second = along_row(sides.side[1]);
        const double third = along_row(sides.side[2]);
        const double start = plane(first, second, third);
        float* row = top_.data() + static_cast<std::size_t>(y) * width_;
        for (int x = x0; x < x1; ++x) {
            const double middle = x + 0.5;
            const double inside = std::min(
                std::min(sides.side[0].x * middle + first, sides.side[1].x * middle + second),
                sides.side[2].x * middle + third);
            const float height = std::min(static_cast<float>(slope * middle + start), highest);
            row[x] = inside >= 0.0 && height > row[x] ? height : row[x];
        }
    }
}

float ShadowMap::lit(const Vec3f& point, const Vec3f& normal) const {
    if (top_.empty()) return 1.0F;
    const float bias = kBiasCells / cells_per_m_;
    const Vec3f place = in_map(point + normal * bias);
    const float left = place.x - 0.5F;
    const float below = place.y - 0.5F;
    const int x = whole(left) - 1;
    const int y = whole(below) - 1;
    const std::array<float, 4> across{1.0F - fraction(left), 1.0F, 1.0F, fraction(left)};
    const std::array<float, 4> along{1.0F - fraction(below), 1.0F, 1.0F, fraction(below)};
    float sum = 0.0F;
    for (int row = 0; row < 4; ++row) {
        for (int column = 0; column < 4; ++column) {
            const bool open = !covered(x + column, y + row, place.z + bias);
            if (open) sum += across[column] * along[row];
        }
    }
    return std::min(sum / 9.0F, 1.0F);
}

bool ShadowMap::covered(int x, int y, float height) const {
    if (x < 0 || y < 0 || x >= width_ || y >= height_) return false;
    return height < top_[static_cast<std::size_t>(y) * width_ + x];
}

}  // namespace cabinsafe::render
