// What each pixel sees.
#pragma once

#include <cstdint>
#include <vector>

#include "cabinsafe/render/lens.hpp"
#include "cabinsafe/render/scene.hpp"

namespace cabinsafe::render {

constexpr std::int32_t kNothing = -1;

struct Visibility {
    std::vector<float> depth;            // metres along the ray, infinite where nothing is
    std::vector<std::int32_t> triangle;  // kNothing where nothing is
};

// The sides of a triangle as planes through the camera. A ray d meets the triangle if
// dot(side[i], d) >= 0 for all three; the three over their sum are the barycentric coordinates, and
// volume over their sum is the distance. A side that two triangles share has exactly opposite
// planes in them, so that no ray passes between. All zero: it is seen edge on, hence not at all.
// With every z = 1, x and y are those of an orthographic picture.
struct Sides {
    Vec3d side[3];
    double volume = 0.0;

    Sides(const Vec3d& a, const Vec3d& b, const Vec3d& c);
};

// Nearest triangle of every ray, from both sides; of two at the same distance (as a float), the
// first one. `rays` is the lens's ray_table.
Visibility see(const Lens& lens, const std::vector<Vec3f>& rays, const Geometry& geometry);

}  // namespace cabinsafe::render
