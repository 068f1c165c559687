#include "cabinsafe/render/lights.hpp"

#include <algorithm>
#include <cmath>

namespace cabinsafe::render {
namespace {

constexpr float kMirrored = 0.04F;  // of the light that falls on plastics, skin and cloth
constexpr float kLampSize_m = 0.1F;

bool any(const Vec3f& color) { return color.x > 0.0F || color.y > 0.0F || color.z > 0.0F; }

// Highlight of a light along `to_light`, over its irradiance.
float shine(const Spot& spot, const Vec3f& to_light) {
    const float squared = spot.roughness * spot.roughness;
    if (squared >= 1.0F) return 0.0F;
    const float power = 2.0F / std::max(squared * squared, 1e-4F);
    const Vec3f halfway = normalized(to_light + spot.to_camera);
    const float t = std::max(0.0F, dot(halfway, spot.normal));
    const float lobe = t / (power - power * t + t);
    return kMirrored * (power + 8.0F) / 8.0F * (1.0F - squared) * lobe;
}

// What a light adds: `cosine` of its angle to the normal, at least 0.
Vec3f reflected(const Spot& spot, const Vec3f& to_light, float cosine) {
    const float highlight = shine(spot, to_light);
    return (spot.albedo + Vec3f{highlight, highlight, highlight}) * cosine;
}

Vec3f from_point(const Spot& spot, const PointLight& light) {
    const Vec3f way = light.position - spot.place;
    const float squared = dot(way, way);
    const float distance = std::sqrt(squared);
    if (distance == 0.0F) return {};
    // A large or near light is above the horizon even where its middle is not.
    const float wrap = light.size_m / (light.size_m + distance);
    const Vec3f to_light = way * (1.0F / distance);
    const float cosine = (dot(to_light, spot.normal) + wrap) / (1.0F + wrap);
    if (cosine <= 0.0F) return {};
    const float falloff = spot.open / (squared + light.size_m * light.size_m);
    return reflected(spot, to_light, cosine) * light.color * falloff;
}

}  // namespace

Lights::Lights(const Lighting& lighting, const Geometry& geometry)
    : lighting_(lighting),
      sunny_(any(lighting.sun_color)),
      shadows_(sunny_ ? geometry : Geometry{}, lighting.sun_direction) {}

Vec3f Lights::radiance(const Spot& spot) const {
    const Vec3f ambient =
        mix(lighting_.ground_color, lighting_.sky_color, 0.5F + 0.5F * spot.normal.z);
    Vec3f sum = spot.albedo * ambient * spot.open;
    const float sun_cosine = dot(lighting_.sun_direction, spot.normal);
    if (sunny_ && sun_cosine > 0.0F) {
        const float lit = shadows_.lit(spot.place, spot.normal);
        if (lit > 0.0F) {
            sum += reflected(spot, lighting_.sun_direction, sun_cosine) * lighting_.sun_color * lit;
        }
    }
    for (const PointLight& light : lighting_.points) sum += from_point(spot, light);
    if (lighting_.infrared > 0.0F) {
        const float cosine = std::max(0.0F, dot(spot.to_camera, spot.normal));
        const float squared = spot.camera_distance_m * spot.camera_distance_m;
        sum += reflected(spot, spot.to_camera, cosine) *
               (lighting_.infrared / (squared + kLampSize_m * kLampSize_m));
    }
    return sum;
}

}  // namespace cabinsafe::render
