// Value noise: a random number at each point with whole coordinates, smooth between.
#pragma once

#include <cstdint>

#include "cabinsafe/render/vec.hpp"

namespace cabinsafe::render {

struct Noise {
    float value = 0.0F;  // in [0, 1], mean 1/2
    Vec3f gradient;
};

Noise noise(const Vec3f& place);

}  // namespace cabinsafe::render
