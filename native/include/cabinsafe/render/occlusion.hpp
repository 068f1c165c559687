// How much of the surroundings a point sees, judged from its neighbours in the picture.
#pragma once

#include <vector>

#include "cabinsafe/render/lens.hpp"

namespace cabinsafe::render {

// Screen-space ambient occlusion (Mittring 2007, Filion and McNaughton 2008): the mean over a few
// neighbours of how steeply they rise above the surface, less the further away they are. The
// samples change from pixel to pixel and lie symmetrically about the picture's vertical axis, so
// that a mirror image stays one.
class Occlusion {
  public:
    Occlusion(const Lens& lens, const std::vector<Vec3f>& rays, const std::vector<float>& depth);

    // 1 in the open, towards 0 in corners; (x, y) sees a surface with this unit normal.
    float open(int x, int y, float depth, const Vec3f& normal) const;

  private:
    float blocked(int x, int y, const Vec3f& point, const Vec3f& normal) const;

    Lens lens_;
    std::vector<Vec3f> points_;  // metres from the camera, not finite where nothing is
    std::vector<float> right_;   // samples: offsets in a unit disc, kPairs for each variant
    std::vector<float> down_;
};

}  // namespace cabinsafe::render
