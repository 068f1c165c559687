#include "cabinsafe/render/normals.hpp"

#include <cstddef>
#include <cstdint>

namespace cabinsafe::render {

std::vector<Vec3f> vertex_normals(const Geometry& geometry) {
    std::vector<Vec3f> normals(geometry.vertex_count);
    for (std::size_t t = 0; t < geometry.triangle_count; ++t) {
        const std::int32_t* corners = geometry.triangles + 3 * t;
        const Vec3f a = geometry.vertex(corners[0]);
        const Vec3f twice_area =
            cross(geometry.vertex(corners[1]) - a, geometry.vertex(corners[2]) - a);
        for (int i = 0; i < 3; ++i) normals[corners[i]] += twice_area;
    }
    return normals;
}

}  // namespace cabinsafe::render
