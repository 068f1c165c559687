#include "cabinsafe/render/lights.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace cabinsafe::render {
namespace {

constexpr float kMirrored = 0.04F;  // of the light that falls on plastics, skin and cloth
constexpr float kLampSize_m = 0.1F;
constexpr float kSmallest = 1e-12F;
constexpr std::size_t kBatch = 8;  // point lights reckoned at once

bool any(const Vec3f& color) { return color.x > 0.0F || color.y > 0.0F || color.z > 0.0F; }

// What the shine of a spot has the same for all lights.
struct Gloss {
    float power;
    float strength;

    explicit Gloss(float roughness) {
        const float squared = roughness * roughness;
        power = 2.0F / std::max(squared * squared, 1e-4F);
        strength = kMirrored * (power + 8.0F) / 8.0F * std::max(0.0F, 1.0F - squared);
    }
    // Highlight of a light over its irradiance; cosines between light, normal and camera.
    float shine(float light_normal, float camera_normal, float light_camera) const {
        // The normal's cosine to the direction halfway between light and camera.
        const float halfway = std::sqrt(std::max(2.0F + 2.0F * light_camera, kSmallest));
        const float t = std::max(0.0F, (light_normal + camera_normal) / halfway);
        return strength * t / (power - power * t + t);
    }
};

// What a light adds: `cosine` of its angle to the normal, at least 0.
Vec3f reflected(const Spot& spot, const Vec3f& to_light, float cosine) {
    const float highlight = Gloss(spot.roughness)
                                .shine(dot(to_light, spot.normal), dot(spot.to_camera, spot.normal),
                                       dot(to_light, spot.to_camera));
    return (spot.albedo + Vec3f{highlight, highlight, highlight}) * cosine;
}

}  // namespace

Lights::Lights(const Lighting& lighting, const Geometry& geometry)
    : lighting_(lighting),
      sunny_(any(lighting.sun_color)),
      shadows_(sunny_ ? geometry : Geometry{}, lighting.sun_direction) {
    for (const PointLight& light : lighting.points) {
        x_.push_back(light.position.x);
        y_.push_back(light.position.y);
        z_.push_back(light.position.z);
        size_m_.push_back(light.size_m);
    }
}

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
    sum += from_points(spot);
    if (lighting_.infrared > 0.0F) {
        const float cosine = std::max(0.0F, dot(spot.to_camera, spot.normal));
        const float squared = spot.camera_distance_m * spot.camera_distance_m;
        sum += reflected(spot, spot.to_camera, cosine) *
               (lighting_.infrared / (squared + kLampSize_m * kLampSize_m));
    }
    return sum;
}

Vec3f Lights::from_points(const Spot& spot) const {
    const Gloss gloss(spot.roughness);
    const float camera_normal = dot(spot.to_camera, spot.normal);
    Vec3f scattered;
    Vec3f mirrored;
    float irradiance[kBatch];
    float highlight[kBatch];
    for (std::size_t start = 0; start < x_.size(); start += kBatch) {
        const std::size_t count = std::min(kBatch, x_.size() - start);
        const float* x = x_.data() + start;
        const float* y = y_.data() + start;
        const float* z = z_.data() + start;
        const float* sizes_m = size_m_.data() + start;
        for (std::size_t i = 0; i < count; ++i) {
            const Vec3f way = Vec3f{x[i], y[i], z[i]} - spot.place;
            const float size_m = sizes_m[i];
            const float squared = std::max(dot(way, way), kSmallest);
            const float distance = std::sqrt(squared);
            const Vec3f to_light = way * (1.0F / distance);
            // A large or near light is above the horizon even where its middle is not.
            const float wrap = size_m / (size_m + distance);
            const float light_normal = dot(to_light, spot.normal);
            const float cosine = std::max(0.0F, (light_normal + wrap) / (1.0F + wrap));
            irradiance[i] = cosine / (squared + size_m * size_m);
            highlight[i] = gloss.shine(light_normal, camera_normal, dot(to_light, spot.to_camera));
        }
        for (std::size_t i = 0; i < count; ++i) {
            const Vec3f arriving = lighting_.points[start + i].color * irradiance[i];
            scattered += arriving;
            mirrored += arriving * highlight[i];
        }
    }
    return (spot.albedo * scattered + mirrored) * spot.open;
}

}  // namespace cabinsafe::render
