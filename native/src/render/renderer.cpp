#include "cabinsafe/render/renderer.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "cabinsafe/render/lights.hpp"
#include "cabinsafe/render/normals.hpp"
#include "cabinsafe/render/occlusion.hpp"
#include "cabinsafe/render/pattern.hpp"

namespace cabinsafe::render {
namespace {

constexpr float kPatternInInfrared = 0.3F;  // share of a pattern's contrast that infrared shows

float mean(const Vec3f& color) { return (color.x + color.y + color.z) / 3.0F; }

Vec3f grey(const Vec3f& color) {
    const float value = mean(color);
    return {value, value, value};
}

Lighting without_color(Lighting lighting) {
    for (Vec3f* color : {&lighting.sun_color, &lighting.sky_color, &lighting.ground_color}) {
        *color = grey(*color);
    }
    for (PointLight& light : lighting.points) light.color = grey(light.color);
    return lighting;
}

// Barycentric weights of a triangle's vertices.
struct Weights {
    const std::int32_t* corners;
    float weight[3];

    Vec3f of(const float* values) const {
        Vec3f sum;
        for (int i = 0; i < 3; ++i) {
            const float* v = values + 3 * static_cast<std::size_t>(corners[i]);
            sum += Vec3f{v[0], v[1], v[2]} * weight[i];
        }
        return sum;
    }
    Vec3f of(const std::vector<Vec3f>& values) const {
        return values[corners[0]] * weight[0] + values[corners[1]] * weight[1] +
               values[corners[2]] * weight[2];
    }
};

class Shader {
  public:
    Shader(const Lens& lens, const std::vector<Vec3f>& rays, const Visibility& seen,
           const Geometry& geometry, const Surfaces& surfaces, const Lighting& lighting)
        : lens_(lens),
          rays_(rays),
          seen_(seen),
          geometry_(geometry),
          surfaces_(surfaces),
          lighting_(lighting),
          infrared_(lighting.infrared > 0.0F),
          normals_(vertex_normals(geometry)),
          occlusion_(lens, rays, seen.depth),
          lights_(lighting, geometry) {}

    Vec3f radiance(int x, int y) const {
        const std::size_t pixel = static_cast<std::size_t>(y) * lens_.width + x;
        const std::int32_t triangle = seen_.triangle[pixel];
        if (triangle != kNothing) return lights_.radiance(spot(x, y, pixel, triangle));
        const Vec3f color = lighting_.panorama.along(rays_[pixel]);
        return infrared_ ? grey(color) : color;
    }

  private:
    Spot spot(int x, int y, std::size_t pixel, std::int32_t triangle) const {
        const Vec3f ray = rays_[pixel];
        const float depth = seen_.depth[pixel];
        const Material& material = surfaces_.table[surfaces_.materials[triangle]];
        const Weights weights = weights_at(ray, triangle);
        const Vec3f rest = weights.of(surfaces_.rest);
        const Vec3f smooth = facing(ray, weights);
        Spot spot;
        spot.place = narrowed(lens_.position) + ray * depth;
        spot.normal = normalized(smooth + wrinkle(material, rest));
        spot.to_camera = -ray;
        spot.camera_distance_m = depth;
        spot.roughness = material.roughness;
        spot.open = occlusion_.open(x, y, depth, smooth);
        const float footprint = depth / static_cast<float>(lens_.focal_px);
        spot.albedo = albedo(material, rest, weights.of(surfaces_.tint), footprint);
        return spot;
    }

    Weights weights_at(const Vec3f& ray, std::int32_t triangle) const {
        const std::int32_t* corners = geometry_.triangles + 3 * static_cast<std::size_t>(triangle);
        const auto offset = [&](int i) {
            return widened(geometry_.vertex(corners[i])) - lens_.position;
        };
        const Sides sides(offset(0), offset(1), offset(2));
        double along[3];
        for (int i = 0; i < 3; ++i) along[i] = dot(sides.side[i], widened(ray));
        const double sum = along[0] + along[1] + along[2];
        return {corners,
                {static_cast<float>(along[0] / sum), static_cast<float>(along[1] / sum),
                 static_cast<float>(along[2] / sum)}};
    }

    // Smooth normal on the side of the surface that the camera sees.
    Vec3f facing(const Vec3f& ray, const Weights& weights) const {
        const Vec3f a = geometry_.vertex(weights.corners[0]);
        const Vec3f flat = cross(geometry_.vertex(weights.corners[1]) - a,
                                 geometry_.vertex(weights.corners[2]) - a);
        const Vec3f smooth = normalized(weights.of(normals_));
        const float agreement = dot(smooth, flat);
        if (agreement == 0.0F) return normalized(dot(flat, ray) > 0.0F ? -flat : flat);
        return (agreement < 0.0F) == (dot(flat, ray) > 0.0F) ? smooth : -smooth;
    }

    Vec3f albedo(const Material& material, const Vec3f& rest, const Vec3f& tint,
                 float footprint_m) const {
        const float share = pattern_share(material, rest, footprint_m);
        const Vec3f color = mix(material.color, material.color2, share) * tint;
        if (!infrared_) return color;
        const float usual = std::max(mean(material.color + material.color2) / 2.0F, 1e-3F);
        const float contrast = 1.0F + kPatternInInfrared * (mean(color) / usual - 1.0F);
        const float value = std::clamp(material.ir_reflectance * contrast, 0.0F, 1.0F);
        return {value, value, value};
    }

    const Lens& lens_;
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

}  // namespace

Picture render(const Lens& lens, int supersampling, const Geometry& geometry,
               const Surfaces& surfaces, const Lighting& lighting) {
    const Lens fine = lens.enlarged(supersampling);
    const std::vector<Vec3f> rays = ray_table(fine);
    Picture picture;
    picture.seen = see(fine, rays, geometry);
    const Lighting light = lighting.infrared > 0.0F ? without_color(lighting) : lighting;
    const Shader shader(fine, rays, picture.seen, geometry, surfaces, light);
    const double share = 1.0 / (supersampling * supersampling);
    picture.color.reserve(3 * static_cast<std::size_t>(lens.width) * lens.height);
    for (int y = 0; y < lens.height; ++y) {
        for (int x = 0; x < lens.width; ++x) {
            Vec3d sum;  // of doubles: the same in any order, as a mirror image asks for
            for (int i = 0; i < supersampling * supersampling; ++i) {
                sum += widened(shader.radiance(x * supersampling + i % supersampling,
                                               y * supersampling + i / supersampling));
            }
            const Vec3f color = narrowed(sum * share);
            picture.color.insert(picture.color.end(), {color.x, color.y, color.z});
        }
    }
    return picture;
}

}  // namespace cabinsafe::render
