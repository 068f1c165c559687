// Small scenes for the renderer's tests.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "cabinsafe/render/lens.hpp"
#include "cabinsafe/render/scene.hpp"

namespace test {

// A camera at the origin that looks along +x with z up and y to the left.
inline cabinsafe::render::Lens forward_lens(bool fisheye, int side, double focal_px,
                                            double max_angle_rad) {
    cabinsafe::render::Lens lens;
    lens.fisheye = fisheye;
    lens.width = lens.height = side;
    lens.focal_px = focal_px;
    lens.center_x = lens.center_y = side / 2.0;
    lens.max_angle_rad = max_angle_rad;
    lens.nearest_m = 0.03;
    lens.rotation = {{{0, -1, 0}, {0, 0, -1}, {1, 0, 0}}};
    return lens;
}

// Owns what a Geometry and its Surfaces point at.
struct Scene {
    std::vector<float> vertices;
    std::vector<std::int32_t> triangles;
    std::vector<std::int32_t> materials;
    std::vector<float> tint;

    void add(const std::vector<cabinsafe::render::Vec3f>& corners, std::int32_t material = 0) {
        const auto first = static_cast<std::int32_t>(vertices.size() / 3);
        for (const auto& corner : corners) {
            vertices.insert(vertices.end(), {corner.x, corner.y, corner.z});
            tint.insert(tint.end(), {1.0F, 1.0F, 1.0F});
        }
        for (std::int32_t i = 2; i < static_cast<std::int32_t>(corners.size()); ++i) {
            triangles.insert(triangles.end(), {first, first + i - 1, first + i});
            materials.push_back(material);
        }
    }
    // A wall across the view, x metres ahead.
    void add_wall(float x, float half, std::int32_t material = 0) {
        add({{x, -half, -half}, {x, half, -half}, {x, half, half}, {x, -half, half}}, material);
    }
    cabinsafe::render::Geometry geometry() const {
        return {vertices.data(), vertices.size() / 3, triangles.data(), triangles.size() / 3};
    }
    cabinsafe::render::Surfaces surfaces(std::vector<cabinsafe::render::Material> table) const {
        return {vertices.data(), tint.data(), materials.data(), std::move(table)};
    }
};

}  // namespace test
