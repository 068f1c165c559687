#include "cabinsafe/render/visibility.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "cabinsafe/render/bounds.hpp"

namespace cabinsafe::render {
namespace {

constexpr int kTile = 8;  // pixels
constexpr float kSlack = 1e-5F;
constexpr double kBarelyMore = 1.0 + 1e-6;  // than rounding to floats can add

// A ball around the rays of kTile x kTile pixels.
struct Tile {
    Vec3d middle;
    double radius = 0.0;
};

int tiles_along(int pixels) { return (pixels + kTile - 1) / kTile; }

std::vector<Tile> tile_table(const Lens& lens, const std::vector<Vec3f>& rays) {
    std::vector<Tile> tiles;
    tiles.reserve(static_cast<std::size_t>(tiles_along(lens.width)) * tiles_along(lens.height));
    for (int y0 = 0; y0 < lens.height; y0 += kTile) {
        const int y1 = std::min(y0 + kTile, lens.height);
        for (int x0 = 0; x0 < lens.width; x0 += kTile) {
            const int x1 = std::min(x0 + kTile, lens.width);
            const auto ray = [&](int x, int y) {
                return rays[static_cast<std::size_t>(y) * lens.width + x];
            };
            const Vec3f middle = ray((x0 + x1) / 2, (y0 + y1) / 2);
            float squared = 0.0F;
            for (int y = y0; y < y1; ++y) {
                for (int x = x0; x < x1; ++x) {
                    const Vec3f way = ray(x, y) - middle;
                    squared = std::max(squared, dot(way, way));
                }
            }
            tiles.push_back({widened(middle), std::sqrt(squared) + kSlack});
        }
    }
    return tiles;
}

class Drawing {
  public:
    Drawing(const Lens& lens, const std::vector<Vec3f>& rays, Visibility& seen)
        : lens_(lens), rays_(rays), seen_(seen), tiles_(tile_table(lens, rays)) {}

    void add(const Sides& sides, const Box& box, std::int32_t triangle) {
        if (box.x1 - box.x0 <= kTile && box.y1 - box.y0 <= kTile) {
            return fill(sides, box, triangle);
        }
        double margin[3];
        for (int i = 0; i < 3; ++i) margin[i] = length(sides.side[i]);
        for (int y = box.y0 / kTile; y <= (box.y1 - 1) / kTile; ++y) {
            for (int x = box.x0 / kTile; x <= (box.x1 - 1) / kTile; ++x) {
                const Tile& tile =
                    tiles_[static_cast<std::size_t>(y) * tiles_along(lens_.width) + x];
                const auto is_beside = [&](int i) {
                    return dot(sides.side[i], tile.middle) < -margin[i] * tile.radius;
                };
                if (is_beside(0) || is_beside(1) || is_beside(2)) continue;
                fill(sides,
                     {std::max(box.x0, x * kTile), std::max(box.y0, y * kTile),
                      std::min(box.x1, (x + 1) * kTile), std::min(box.y1, (y + 1) * kTile)},
                     triangle);
            }
        }
    }

  private:
    void fill(const Sides& sides, const Box& box, std::int32_t triangle) {
        for (int y = box.y0; y < box.y1; ++y) {
            const std::size_t row = static_cast<std::size_t>(y) * lens_.width;
            for (std::size_t pixel = row + box.x0; pixel < row + box.x1; ++pixel) {
                const Vec3d ray = widened(rays_[pixel]);
                const double first = dot(sides.side[0], ray);
                const double second = dot(sides.side[1], ray);
                const double third = dot(sides.side[2], ray);
                const double sum = first + second + third;
                const double inside = std::min(std::min(first, second), third);
                const double in_front = seen_.depth[pixel] * kBarelyMore * sum - sides.volume;
                // One test of all three, as hardly any can be foretold.
                if (!(std::min(inside, in_front) >= 0.0 && sum > 0.0)) continue;
                const double distance = sides.volume / sum;
                const auto depth = static_cast<float>(distance);
                if (distance < lens_.nearest_m || depth >= seen_.depth[pixel]) continue;
                seen_.depth[pixel] = depth;
                seen_.triangle[pixel] = triangle;
            }
        }
    }

    const Lens& lens_;
    const std::vector<Vec3f>& rays_;
    Visibility& seen_;
    std::vector<Tile> tiles_;
};

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
    Drawing drawing(lens, rays, seen);
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
        drawing.add(sides, box, static_cast<std::int32_t>(t));
    }
    return seen;
}

}  // namespace cabinsafe::render
