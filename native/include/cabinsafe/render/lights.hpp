// Light that a surface sends to the camera.
#pragma once

#include <vector>

#include "cabinsafe/render/scene.hpp"
#include "cabinsafe/render/shadow.hpp"

namespace cabinsafe::render {

// A lit point. Vectors are unit; the normal is on the camera's side.
struct Spot {
    Vec3f place;  // metres, vehicle frame
    Vec3f normal;
    Vec3f to_camera;
    float camera_distance_m = 1.0F;
    Vec3f albedo;
    float roughness = 1.0F;
    float open = 1.0F;  // share of the surroundings that it sees
};

// All lights of a scene: sun with shadows, hemisphere of sky and ground, point lights, infrared
// lamp. The shine is Blinn's, with Schlick's rational function for the power (1994).
class Lights {
  public:
    // `lighting` must outlive this.
    Lights(const Lighting& lighting, const Geometry& geometry);

    Vec3f radiance(const Spot& spot) const;

  private:
    Vec3f from_points(const Spot& spot) const;

    const Lighting& lighting_;
    std::vector<float> x_;  // of the point lights
    std::vector<float> y_;
    std::vector<float> z_;
    std::vector<float> size_m_;
    bool sunny_;
    ShadowMap shadows_;
};

}  // namespace cabinsafe::render
