// Which pixels a triangle can cover at most.
#pragma once

#include <array>
#include <vector>

#include "cabinsafe/render/lens.hpp"

namespace cabinsafe::render {

// Pixels [x0, x1) x [y0, y1).
struct Box {
    int x0 = 0;
    int y0 = 0;
    int x1 = 0;
    int y1 = 0;

    bool empty() const { return x0 >= x1 || y0 >= y1; }
};

// A vertex as the camera sees it.
struct Projected {
    Vec3d offset;  // from the camera, metres
    Vec3d direction;
    double angle_rad = 0.0;  // from the axis
    double x = 0.0;          // pixels; of no meaning for a pinhole camera's points behind it
    double y = 0.0;
};

// Bounds of triangles in the picture, never too small. A pinhole camera's are those of the triangle
// clipped in front of the camera. A fisheye bends edges: its bounds are those of the vertices,
// widened by the largest sag of an arc of that length; large triangles are cut into four, again
// and again, and their parts' bounds joined.
class Bounds {
  public:
    explicit Bounds(const Lens& lens);

    Projected project(const Vec3d& point) const;
    Box box(const Projected& a, const Projected& b, const Projected& c) const;

  private:
    struct Extent;

    Projected at(const Vec3d& offset) const;
    void add_clipped(const std::array<const Projected*, 3>& corners, Extent& extent) const;
    void add_bent(const Projected& a, const Projected& b, const Projected& c, int depth,
                  Extent& extent) const;
    double largest_bend(double angle_rad) const;

    Lens lens_;
    std::vector<double>
        bend_;  // by angle: largest second derivative of a picture of an arc, so far
};

}  // namespace cabinsafe::render
