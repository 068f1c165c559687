#include "cabinsafe/render/pattern.hpp"

#include <algorithm>
#include <cmath>

#include "cabinsafe/render/noise.hpp"

namespace cabinsafe::render {
namespace {

constexpr float kEdge = 0.04F;  // half the width of a pattern's soft edges, in repetitions
constexpr float kDotRadius = 0.36F;
constexpr float kStrandStretch = 0.06F;
constexpr float kFoldsPerM = 14.0F;
constexpr float kCreasesPerM = 45.0F;

// 0 below zero, 1 above, soft between.
float soft_step(float value) {
    const float t = std::clamp(value / (2.0F * kEdge) + 0.5F, 0.0F, 1.0F);
    return t * t * (3.0F - 2.0F * t);
}

// 1 in one half of each repetition, the one around whole numbers, 0 in the other.
float bands(float place) { return soft_step(std::fabs(fraction(place) - 0.5F) - 0.25F); }

float checks(const Vec3f& place) {
    const auto side = [](float along) { return 2.0F * bands(along) - 1.0F; };
    return 0.5F - 0.5F * side(place.x) * side(place.y) * side(place.z);
}

// Balls on a grid that is turned, so that no flat surface misses them all.
float dots(const Vec3f& p) {
    const Vec3f turned{0.36F * p.x + 0.48F * p.y - 0.8F * p.z, -0.8F * p.x + 0.6F * p.y,
                       0.48F * p.x + 0.64F * p.y + 0.6F * p.z};
    const auto from_center = [](float along) { return fraction(along) - 0.5F; };
    return soft_step(kDotRadius - length(Vec3f{from_center(turned.x), from_center(turned.y),
                                               from_center(turned.z)}));
}

float blotches(const Vec3f& place) {
    const float coarse = noise(place).value;
    const float fine = noise(place * 2.7F).value;
    return soft_step((0.7F * coarse + 0.3F * fine - 0.5F) * 0.5F);
}

float share_at(Pattern pattern, const Vec3f& place) {
    switch (pattern) {
        case Pattern::plain:
            return 0.0F;
        case Pattern::stripes:
            return bands(place.z);
        case Pattern::checks:
            return checks(place);
        case Pattern::dots:
            return dots(place);
        case Pattern::blotches:
            return blotches(place);
        case Pattern::weave:
            return noise(place).value;
        case Pattern::strands:
            return noise({place.x, place.y, place.z * kStrandStretch}).value;
    }
    return 0.0F;
}

float mean_share(Pattern pattern) { return pattern == Pattern::dots ? 0.2F : 0.5F; }

}  // namespace

float pattern_share(const Material& material, const Vec3f& rest, float footprint_m) {
    if (material.pattern == Pattern::plain) return 0.0F;
    const float sharpness =
        std::clamp(2.0F - 2.0F * footprint_m * material.pattern_per_m, 0.0F, 1.0F);
    const float mean = mean_share(material.pattern);
    if (sharpness == 0.0F) return mean;
    return mean + sharpness * (share_at(material.pattern, rest * material.pattern_per_m) - mean);
}

Vec3f wrinkle(const Material& material, const Vec3f& rest) {
    if (material.wrinkles == 0.0F) return {};
    const Vec3f folds = noise(rest * kFoldsPerM).gradient;
    const Vec3f creases = noise(rest * kCreasesPerM).gradient;
    return (folds + creases * 0.5F) * material.wrinkles;
}

}  // namespace cabinsafe::render
