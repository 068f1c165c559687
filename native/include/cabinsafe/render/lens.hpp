// A camera: the ray through each pixel, and where a point lands.
//
// Boundary: plain C++17 from here down. No Python type enters these headers, nothing here is global
// or static, and every function may be called from several threads at once.
#pragma once

#include <array>
#include <vector>

#include "cabinsafe/render/vec.hpp"

namespace cabinsafe::render {

// A central camera. Pinhole, or Kannala and Brandt's fisheye (IEEE TPAMI 28(8), 2006, eq. 6): a ray
// at the angle t from the axis lands focal_px (t + k1 t^3 + k2 t^5 + k3 t^7 + k4 t^9) from the
// principal point. Pixel centres are at +0.5.
struct Lens {
    bool fisheye = false;
    int width = 0;
    int height = 0;
    double focal_px = 1.0;
    double center_x = 0.0;
    double center_y = 0.0;
    std::array<double, 4> distortion{};
    double max_angle_rad = 0.0;  // every pixel's ray is nearer to the axis than this
    double nearest_m = 0.0;      // nothing nearer is seen
    Vec3d position;
    std::array<Vec3d, 3> rotation;  // the picture's right, down and ahead

    // The same camera with `factor` times the pixels along each side.
    Lens enlarged(int factor) const;
    // Distance from the principal point over the focal length. A fisheye's goes on as a straight
    // line beyond max_angle_rad, so that it rises everywhere.
    double radius(double angle_rad) const;
};

// Unit directions through the pixel centres, row by row.
std::vector<Vec3f> ray_table(const Lens& lens);

}  // namespace cabinsafe::render
