// A scene -> a picture.
#pragma once

#include <vector>

#include "cabinsafe/render/lens.hpp"
#include "cabinsafe/render/scene.hpp"
#include "cabinsafe/render/shader.hpp"
#include "cabinsafe/render/visibility.hpp"

namespace cabinsafe::render {

struct Picture {
    std::vector<float> color;  // (height, width, 3) linear RGB of the lens's own pixels
    Visibility seen;           // of the supersampled pixels
};

// Deferred shading: each of the supersampling^2 rays of a pixel finds its triangle; those of one
// surface are shaded as one, and the mean over the rays is the pixel. Under an infrared lamp the
// picture is grey. `supersampling` is 1 to kMostSupersampling.
Picture render(const Lens& lens, int supersampling, const Geometry& geometry,
               const Surfaces& surfaces, const Lighting& lighting);

}  // namespace cabinsafe::render
