// Smooth normals of vertices.
#pragma once

#include <vector>

#include "cabinsafe/render/scene.hpp"

namespace cabinsafe::render {

// The mean of the normals of each vertex's triangles, weighted by area; as long as twice the sum of
// the areas at most, and zero where the triangles cancel out.
std::vector<Vec3f> vertex_normals(const Geometry& geometry);

}  // namespace cabinsafe::render
