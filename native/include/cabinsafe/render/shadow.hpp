// Where the sun does not reach.
#pragma once

#include <vector>

#include "cabinsafe/render/scene.hpp"

namespace cabinsafe::render {

// A shadow map (Williams 1978): from the sun's direction, how far up each cell's first surface
// lies. Percentage-closer filtering (Reeves et al. 1987) over a window of 3 x 3 cells that follows
// the point. The map covers the whole geometry.
class ShadowMap {
  public:
    // `sun` is the unit direction towards it. Without triangles everything is lit.
    ShadowMap(const Geometry& geometry, const Vec3f& sun);

    // Share of the sun, 0 to 1, that reaches a point of a surface with this unit normal on the
    // sun's side.
    float lit(const Vec3f& point, const Vec3f& normal) const;

  private:
    Vec3f in_map(const Vec3f& point) const;  // cells, cells, metres towards the sun
    void draw(const Vec3f& a, const Vec3f& b, const Vec3f& c);
    bool covered(int x, int y, float height) const;

    Vec3f across_;
    Vec3f along_;
    Vec3f sun_;
    float x0_ = 0.0F;
    float y0_ = 0.0F;
    float cells_per_m_ = 0.0F;
    int width_ = 0;
    int height_ = 0;
    std::vector<float> top_;
};

}  // namespace cabinsafe::render
