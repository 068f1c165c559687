// Light of a pixel, from what its rays see.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cabinsafe/render/lens.hpp"
#include "cabinsafe/render/lights.hpp"
#include "cabinsafe/render/occlusion.hpp"
#include "cabinsafe/render/scene.hpp"
#include "cabinsafe/render/visibility.hpp"

namespace cabinsafe::render {

constexpr int kMostSupersampling = 8;

// As in multisample antialiasing, rays of a pixel that see one surface are lit as one: those that
// see the same material at about the same distance and slope. Their pattern is the mean of all. An
// order of the rays does not show, so that a mirror image stays one.
class Shader {
  public:
    // `fine` is the lens of the rays, supersampling times as large as the picture. All must outlive
    // this.
    Shader(const Lens& fine, int supersampling, const std::vector<Vec3f>& rays,
           const Visibility& seen, const Geometry& geometry, const Surfaces& surfaces,
           const Lighting& lighting);

    // Mean radiance of the rays of the picture's pixel (x, y).
    Vec3f radiance(int x, int y) const;

  private:
    struct Facet;
    // Numbers of rays: all of a pixel, or some that see the same material.
    struct Rays {
        std::size_t* first;
        std::size_t* last;
        std::size_t* begin() const { return first; }
        std::size_t* end() const { return last; }
    };

    std::int32_t material_at(std::size_t ray) const;
    Vec3d sum(int x, int y, const Rays& alike) const;
    bool is_one_surface(const Rays& alike, std::int32_t front) const;
    Vec3f background(const Rays& rays) const;
    Vec3f surface(int x, int y, const Rays& rays, std::int32_t front) const;
    Vec3f facing(const Vec3f& ray, const std::int32_t* corners, const Vec3f& smooth) const;
    float pattern(const Rays& rays, const Material& material) const;
    Vec3f albedo(const Material& material, float share, const Vec3f& tint) const;

    const Lens& fine_;
    int supersampling_;
    const std::vector<Vec3f>& rays_;
    const Visibility& seen_;
    const Geometry& geometry_;
    const Surfaces& surfaces_;
    const Lighting& lighting_;
    bool infrared_;
    std::vector<Vec3f> normals_;
    Occlusion occlusion_;
    Lights lights_;
};

}  // namespace cabinsafe::render
