// How much of the surroundings a point sees, judged from its neighbours in the picture.
#pragma once

#include <vector>

#include "cabinsafe/render/lens.hpp"

namespace cabinsafe::render {

// Screen-space ambient occlusion (Mittring 2007, Filion and McNaughton 2008): the mean over a few
// neighbours of how steeply they rise above the surface, less the further away they are. The
// samples lie symmetrically about the picture's vertical axis, so that a mirror image stays one.
class Occlusion {
  public:
    // Neighbours are pixels of supersampling^2 rays; `fine`, `rays` and `depth` are of the rays.
    Occlusion(const Lens& fine, int supersampling, const std::vector<Vec3f>& rays,
              const std::vector<float>& depth);

    // 1 in the open, towards 0 in corners. Pixel (x, y) sees a surface at a point, metres from the
    // camera, with this unit normal.
    float open(int x, int y, const Vec3f& point, const Vec3f& normal) const;

  private:
    float blocked(int x, int y, const Vec3f& point, const Vec3f& normal) const;

    int width_;
    int height_;
    float focal_px_;
    std::vector<Vec3f> points_;  // metres from the camera, not finite where nothing is
    std::vector<float> right_;   // samples: offsets in a unit disc
    std::vector<float> down_;
};

}  // namespace cabinsafe::render
