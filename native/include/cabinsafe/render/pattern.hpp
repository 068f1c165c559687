// How a material varies over the rest coordinates.
#pragma once

#include "cabinsafe/render/scene.hpp"

namespace cabinsafe::render {

// Share of the second colour in [0, 1]. `footprint_m` is the width of a pixel on the surface:
// patterns finer than it turn into their mean.
float pattern_share(const Material& material, const Vec3f& rest, float footprint_m);

// What the material's wrinkles add to a unit normal.
Vec3f wrinkle(const Material& material, const Vec3f& rest);

}  // namespace cabinsafe::render
