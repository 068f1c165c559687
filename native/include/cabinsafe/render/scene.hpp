// What is rendered: triangles, materials and lights. All arrays are someone else's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cabinsafe/render/vec.hpp"

namespace cabinsafe::render {

enum class Pattern { plain, stripes, checks, dots, blotches, weave, strands };

struct Material {
    Vec3f color;
    Vec3f color2;
    Pattern pattern = Pattern::plain;
    float pattern_per_m = 10.0F;
    float roughness = 1.0F;
    float wrinkles = 0.0F;
    float ir_reflectance = 0.5F;
};

// Triangles are rows of three vertex numbers, all valid: the caller has checked them.
struct Geometry {
    const float* vertices = nullptr;  // (vertex_count, 3) metres
    std::size_t vertex_count = 0;
    const std::int32_t* triangles = nullptr;  // (triangle_count, 3)
    std::size_t triangle_count = 0;

    Vec3f vertex(std::size_t index) const {
        const float* v = vertices + 3 * index;
        return {v[0], v[1], v[2]};
    }
};

// How the geometry looks; every material number is valid.
struct Surfaces {
    const float* rest = nullptr;              // (vertex_count, 3) metres: patterns stick to these
    const float* tint = nullptr;              // (vertex_count, 3) factors on the colours
    const std::int32_t* materials = nullptr;  // (triangle_count,)
    std::vector<Material> table;
};

struct PointLight {
    Vec3f position;
    Vec3f color;  // radiance of a white surface that faces it, 1 m away
    float size_m = 0.0F;
};

// Columns go from straight back over the left, ahead (in the middle) and the right to straight
// back; rows from straight up to straight down.
struct Panorama {
    const float* pixels = nullptr;  // (height, width, 3) radiance
    int height = 0;
    int width = 0;
    float yaw_rad = 0.0F;  // turns it to the left

    Vec3f along(const Vec3f& direction) const;
};

struct Lighting {
    Vec3f sun_direction;  // unit, towards the sun
    Vec3f sun_color;      // radiance of a white surface that faces it
    Vec3f sky_color;
    Vec3f ground_color;
    std::vector<PointLight> points;
    float infrared = 0.0F;  // lamp at the camera: radiance of a white surface 1 m away
    Panorama panorama;
};

}  // namespace cabinsafe::render
