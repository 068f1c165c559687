#include "cabinsafe/render/shader.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "cabinsafe/render/normals.hpp"
#include "cabinsafe/render/pattern.hpp"

namespace cabinsafe::render {
namespace {

constexpr float kPatternInInfrared = 0.3F;  // share of a pattern's contrast that infrared shows
constexpr float kSameDepth = 1.03F;         // farthest over nearest ray of a surface, at most
constexpr float kSameSlope = 0.98F;         // cosine between its normals, at least

// Whether the cosine between a and b is kSameSlope at least, either way round.
bool is_same_slope(const Vec3f& a, const Vec3f& b) {
    const float both = dot(a, b);
    return both * both >= kSameSlope * kSameSlope * dot(a, a) * dot(b, b);
}

}  // namespace

// A triangle, seen from the camera.
struct Shader::Facet {
    const std::int32_t* corners;
    Sides sides;

    Facet(const Geometry& geometry, const Vec3d& camera, std::int32_t triangle)
        : corners(geometry.triangles + 3 * static_cast<std::size_t>(triangle)),
          sides(widened(geometry.vertex(corners[0])) - camera,
                widened(geometry.vertex(corners[1])) - camera,
                widened(geometry.vertex(corners[2])) - camera) {}

    // Where a ray meets it: distance, and weights of the vertices.
    struct Hit {
        const std::int32_t* corners;
        float depth;
        float weight[3];

        Vec3f of(const float* values) const {
            const auto at = [&](int i) {
                const float* v = values + 3 * static_cast<std::size_t>(corners[i]);
                return Vec3f{v[0], v[1], v[2]} * weight[i];
            };
            return at(0) + at(1) + at(2);
        }
        Vec3f of(const std::vector<Vec3f>& values) const {
            return values[corners[0]] * weight[0] + values[corners[1]] * weight[1] +
                   values[corners[2]] * weight[2];
        }
    };

    Hit hit(const Vec3f& ray) const {
        double along[3];
        for (int i = 0; i < 3; ++i) along[i] = dot(sides.side[i], widened(ray));
        const double scale = 1.0 / (along[0] + along[1] + along[2]);
        return {corners,
                static_cast<float>(sides.volume * scale),
                {static_cast<float>(along[0] * scale), static_cast<float>(along[1] * scale),
                 static_cast<float>(along[2] * scale)}};
    }
};

Shader::Shader(const Lens& fine, int supersampling, const std::vector<Vec3f>& rays,
               const Visibility& seen, const Geometry& geometry, const Surfaces& surfaces,
               const Lighting& lighting)
    : fine_(fine),
      supersampling_(supersampling),
      rays_(rays),
      seen_(seen),
      geometry_(geometry),
      surfaces_(surfaces),
      lighting_(lighting),
      infrared_(lighting.infrared > 0.0F),
      normals_(vertex_normals(geometry)),
      occlusion_(fine, supersampling, rays, seen.depth),
      lights_(lighting, geometry) {}

std::int32_t Shader::material_at(std::size_t ray) const {
    const std::int32_t triangle = seen_.triangle[ray];
    return triangle == kNothing ? kNothing : surfaces_.materials[triangle];
}

Vec3f Shader::radiance(int x, int y) const {
    std::array<std::size_t, kMostSupersampling * kMostSupersampling> numbers;
    std::size_t* end = numbers.data();
    for (int row = y * supersampling_; row < (y + 1) * supersampling_; ++row) {
        const std::size_t first = static_cast<std::size_t>(row) * fine_.width + x * supersampling_;
        for (int column = 0; column < supersampling_; ++column) *end++ = first + column;
    }
    Vec3d total;  // of doubles: the same in any order
    for (std::size_t* first = numbers.data(); first != end;) {
        const std::int32_t material = material_at(*first);
        std::size_t* last = std::partition(
            first + 1, end, [&](std::size_t ray) { return material_at(ray) == material; });
        total += sum(x, y, {first, last});
        first = last;
    }
    return narrowed(total * (1.0 / (supersampling_ * supersampling_)));
}

Vec3d Shader::sum(int x, int y, const Rays& alike) const {
    const auto count = static_cast<double>(alike.last - alike.first);
    if (material_at(*alike.first) == kNothing) return widened(background(alike)) * count;
    std::int32_t front = seen_.triangle[*alike.first];
    for (const std::size_t ray : alike) front = std::min(front, seen_.triangle[ray]);
    if (is_one_surface(alike, front)) return widened(surface(x, y, alike, front)) * count;
    Vec3d total;
    for (std::size_t* ray = alike.first; ray != alike.last; ++ray) {
        total += widened(surface(x, y, {ray, ray + 1}, seen_.triangle[*ray]));
    }
    return total;
}

bool Shader::is_one_surface(const Rays& alike, std::int32_t front) const {
    const auto normal = [&](std::int32_t triangle) {
        return normals_[geometry_.triangles[3 * static_cast<std::size_t>(triangle)]];
    };
    const Vec3f slope = normal(front);
    float nearest = seen_.depth[*alike.first];
    float farthest = nearest;
    for (const std::size_t ray : alike) {
        nearest = std::min(nearest, seen_.depth[ray]);
        farthest = std::max(farthest, seen_.depth[ray]);
        const std::int32_t triangle = seen_.triangle[ray];
        if (triangle != front && !is_same_slope(slope, normal(triangle))) return false;
    }
    return farthest <= kSameDepth * nearest;
}

Vec3f Shader::background(const Rays& rays) const {
    Vec3d ray;
    for (const std::size_t number : rays) ray += widened(rays_[number]);
    const Vec3f color = lighting_.panorama.along(narrowed(normalized(ray)));
    return infrared_ ? grey(color) : color;
}

// Lit in the middle of the rays that see the triangle `front`.
Vec3f Shader::surface(int x, int y, const Rays& rays, std::int32_t front) const {
    Vec3d middle;
    for (const std::size_t number : rays) {
        if (seen_.triangle[number] == front) middle += widened(rays_[number]);
    }
    const Vec3f ray = narrowed(normalized(middle));
    const Facet::Hit hit = Facet(geometry_, fine_.position, front).hit(ray);
    const Material& material = surfaces_.table[surfaces_.materials[front]];
    const Vec3f smooth = facing(ray, hit.corners, normalized(hit.of(normals_)));
    Spot spot;
    spot.place = narrowed(fine_.position) + ray * hit.depth;
    spot.normal = smooth;
    if (material.wrinkles > 0.0F) {
        spot.normal = normalized(smooth + wrinkle(material, hit.of(surfaces_.rest)));
    }
    spot.to_camera = -ray;
    spot.camera_distance_m = hit.depth;
    spot.roughness = material.roughness;
    spot.open = occlusion_.open(x, y, ray * hit.depth, smooth);
    spot.albedo = albedo(material, pattern(rays, material), hit.of(surfaces_.tint));
    return lights_.radiance(spot);
}

// Smooth normal on the side of the surface that the camera sees.
Vec3f Shader::facing(const Vec3f& ray, const std::int32_t* corners, const Vec3f& smooth) const {
    const Vec3f a = geometry_.vertex(corners[0]);
    const Vec3f flat = cross(geometry_.vertex(corners[1]) - a, geometry_.vertex(corners[2]) - a);
    const float agreement = dot(smooth, flat);
    if (agreement == 0.0F) return normalized(dot(flat, ray) > 0.0F ? -flat : flat);
    return (agreement < 0.0F) == (dot(flat, ray) > 0.0F) ? smooth : -smooth;
}

// Mean share of the second colour.
float Shader::pattern(const Rays& rays, const Material& material) const {
    if (material.pattern == Pattern::plain) return 0.0F;
    double total = 0.0;
    for (const std::size_t number : rays) {
        const Facet facet(geometry_, fine_.position, seen_.triangle[number]);
        const Facet::Hit hit = facet.hit(rays_[number]);
        const float footprint = hit.depth / static_cast<float>(fine_.focal_px);
        total += pattern_share(material, hit.of(surfaces_.rest), footprint);
    }
    return static_cast<float>(total / static_cast<double>(rays.last - rays.first));
}

Vec3f Shader::albedo(const Material& material, float share, const Vec3f& tint) const {
    const Vec3f color = mix(material.color, material.color2, share) * tint;
    if (!infrared_) return color;
    const float usual = std::max(mean(material.color + material.color2) / 2.0F, 1e-3F);
    const float contrast = 1.0F + kPatternInInfrared * (mean(color) / usual - 1.0F);
    const float value = std::clamp(material.ir_reflectance * contrast, 0.0F, 1.0F);
    return {value, value, value};
}

}  // namespace cabinsafe::render
