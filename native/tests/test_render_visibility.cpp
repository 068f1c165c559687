#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include "cabinsafe/render/bounds.hpp"
#include "cabinsafe/render/lens.hpp"
#include "cabinsafe/render/visibility.hpp"
#include "check.hpp"
#include "render_scene.hpp"

namespace {

using namespace cabinsafe::render;

void rays_go_through_their_pixels(test::Results& results) {
    Lens bent = test::forward_lens(true, 33, 9.0, 2.9);
    bent.distortion = {-0.02, 0.003, 0.0, 0.0};
    for (const Lens& lens : {test::forward_lens(false, 32, 20.0, 0.9), bent, bent.enlarged(3)}) {
        const std::vector<Vec3f> rays = ray_table(lens);
        const Bounds bounds(lens);
        for (std::size_t i = 0; i < rays.size(); ++i) {
            const Projected seen = bounds.project(widened(rays[i]) * 2.5);
            const double x = static_cast<double>(i % lens.width) + 0.5;
            const double y = static_cast<double>(i / lens.width) + 0.5;
            CHECK(std::hypot(seen.x - x, seen.y - y) < 1e-3);
            CHECK(test::near(length(rays[i]), 1.0F, 1e-6F));
        }
    }
}

void a_wall_is_seen_at_its_distance(test::Results& results) {
    const Lens lens = test::forward_lens(false, 16, 8.0, 0.9);
    const std::vector<Vec3f> rays = ray_table(lens);
    test::Scene scene;
    scene.add_wall(3.0F, 10.0F);
    scene.add_wall(2.0F, 0.5F);
    scene.add_wall(2.0F, 0.5F);    // a tie: the first is seen
    scene.add_wall(0.01F, 10.0F);  // too near
    scene.add_wall(-1.0F, 10.0F);  // behind
    const Visibility seen = see(lens, rays, scene.geometry());
    for (std::size_t i = 0; i < rays.size(); ++i) {
        const Vec3f& ray = rays[i];
        const float spread = std::max(std::fabs(ray.y), std::fabs(ray.z)) / ray.x;
        const float x = spread < 0.25F ? 2.0F : 3.0F;
        CHECK(test::near(seen.depth[i], x / ray.x, 1e-5F));
        CHECK(seen.triangle[i] / 2 == (spread < 0.25F ? 1 : 0));
    }
}

void edge_on_and_empty_triangles_are_not_seen(test::Results& results) {
    const Lens lens = test::forward_lens(true, 16, 6.0, 2.0);
    test::Scene scene;
    scene.add({{1, 0, 0}, {2, 0, 0}, {2, 0, 1}});    // its plane holds the camera
    scene.add({{1, 1, 0}, {1, 1, 0}, {1, 0, 0}});    // a line
    scene.add({{0, 0, 0}, {1, 0.5, 0}, {1, 0, 1}});  // a corner at the camera
    const Visibility seen = see(lens, ray_table(lens), scene.geometry());
    for (const auto triangle : seen.triangle) CHECK(triangle == kNothing);
    for (const float depth : seen.depth) CHECK(std::isinf(depth));
}

// Every ray that meets a triangle lies within its box.
void boxes_are_never_too_small(test::Results& results) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    const std::vector<Lens> lenses{
        test::forward_lens(false, 40, 20.0, 0.97),
        test::forward_lens(true, 40, 12.0, 2.4),
        test::forward_lens(true, 40, 9.2, 3.1),  // its corners see straight back
    };
    for (const Lens& lens : lenses) {
        const std::vector<Vec3f> rays = ray_table(lens);
        const Bounds bounds(lens);
        for (int round = 0; round < 600; ++round) {
            const float size = std::pow(10.0F, static_cast<float>(round % 4) - 2.0F);
            const Vec3f middle{normal(random), normal(random), normal(random)};
            Projected corner[3];
            for (Projected& c : corner) {
                const Vec3f offset{normal(random), normal(random), normal(random)};
                c = bounds.project(widened(middle + offset * size));
            }
            const Box box = bounds.box(corner[0], corner[1], corner[2]);
            const Sides sides(corner[0].offset, corner[1].offset, corner[2].offset);
            for (int i = 0; i < static_cast<int>(rays.size()); ++i) {
                const Vec3d ray = widened(rays[i]);
                const double lowest = std::min(
                    {dot(sides.side[0], ray), dot(sides.side[1], ray), dot(sides.side[2], ray)});
                if (lowest <= 0.0) continue;
                const int x = i % lens.width;
                const int y = i / lens.width;
                CHECK(x >= box.x0 && x < box.x1 && y >= box.y0 && y < box.y1);
            }
        }
    }
}

void shared_sides_are_opposite(test::Results& results) {
    std::mt19937 random(2);
    std::uniform_real_distribution<double> uniform(-3.0, 3.0);
    const auto point = [&] { return Vec3d{uniform(random), uniform(random), uniform(random)}; };
    for (int round = 0; round < 200; ++round) {
        const Vec3d a = point();
        const Vec3d b = point();
        const Vec3d one = cross(a, b);
        const Vec3d other = cross(b, a);
        CHECK(one.x == -other.x && one.y == -other.y && one.z == -other.z);
        const Sides sides(a, b, point());
        CHECK(sides.volume >= 0.0);
    }
}

}  // namespace

int main() {
    test::Results results;
    rays_go_through_their_pixels(results);
    a_wall_is_seen_at_its_distance(results);
    edge_on_and_empty_triangles_are_not_seen(results);
    boxes_are_never_too_small(results);
    shared_sides_are_opposite(results);
    return results.report();
}
