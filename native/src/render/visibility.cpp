#include "cabinsafe/render/visibility.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "cabinsafe/render/bounds.hpp"

namespace cabinsafe::render {
namespace {

void draw(const Sides& sides, const Box& box, std::int32_t triangle, const Lens& lens,
          const std::vector<Vec3f>& rays, Visibility& seen) {
    for (int y = box.y0; y < box.y1; ++y) {
        const std::size_t row = static_cast<std::size_t>(y) * lens.width;
        for (std::size_t pixel = row + box.x0; pixel < row + box.x1; ++pixel) {
            const Vec3d ray = widened(rays[pixel]);
            const double first = dot(sides.side[0], ray);
            const double second = dot(sides.side[1], ray);
            const double third = dot(sides.side[2], ray);
            const double sum = first + second + third;
            if (!(first >= 0.0 && second >= 0.0 && third >= 0.0 && sum > 0.0)) continue;
            const double distance = sides.volume / sum;
            const auto depth = static_cast<float>(distance);
            if (distance < lens.nearest_m || depth >= seen.depth[pixel]) continue;
            seen.depth[pixel] = depth;
            seen.triangle[pixel] = triangle;
        }
    }
}

}  // namespace

Sides::Sides(const Vec3d& a, const Vec3d& b, const Vec3d& c)
    : side{cross(b, c), cross(c, a), cross(a, b)}, volume(dot(a, side[0])) {
    if (volume > 0.0) return;
    const double sign = volume < 0.0 ? -1.0 : 0.0;
    for (Vec3d& plane : side) plane = plane * sign;
    volume *= sign;
}

Visibility see(const Lens& lens, const std::vector<Vec3f>& rays, const Geometry& geometry) {
    Visibility seen{std::vector<float>(rays.size(), std::numeric_limits<float>::infinity()),
                    std::vector<std::int32_t>(rays.size(), kNothing)};
    const Bounds bounds(lens);
    std::vector<Projected> vertices(geometry.vertex_count);
    for (std::size_t v = 0; v < geometry.vertex_count; ++v) {
        vertices[v] = bounds.project(widened(geometry.vertex(v)));
    }
    for (std::size_t t = 0; t < geometry.triangle_count; ++t) {
        const std::int32_t* corners = geometry.triangles + 3 * t;
        const Projected& a = vertices[corners[0]];
        const Projected& b = vertices[corners[1]];
        const Projected& c = vertices[corners[2]];
        const Box box = bounds.box(a, b, c);
        if (box.empty()) continue;
        const Sides sides(a.offset, b.offset, c.offset);
        draw(sides, box, static_cast<std::int32_t>(t), lens, rays, seen);
    }
    return seen;
}

}  // namespace cabinsafe::render
