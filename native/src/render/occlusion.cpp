#include "cabinsafe/render/occlusion.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>

namespace cabinsafe::render {
namespace {

constexpr int kVariants =
    4;  // by even and odd row and column: of the four rays of a pixel, each another
constexpr int kPairs = 3;          // of samples, left and right
constexpr float kReach_m = 0.22F;  // radius of the neighbourhood
constexpr float kStrength = 2.0F;
constexpr float kLowestSine = 0.08F;  // flatter dents than this are not seen
constexpr float kLowest_m = 1e-3F;    // nor is what rises less
constexpr double kMostPx = 0.1;       // of the neighbourhood's radius, over the picture's width
constexpr double kGoldenAngle = 2.39996322972865332;
constexpr double kPi = 3.14159265358979323846;

}  // namespace

Occlusion::Occlusion(const Lens& lens, const std::vector<Vec3f>& rays,
                     const std::vector<float>& depth)
    : lens_(lens) {
    points_.reserve(rays.size());
    for (std::size_t pixel = 0; pixel < rays.size(); ++pixel) {
        points_.push_back(rays[pixel] * depth[pixel]);
    }
    for (int variant = 0; variant < kVariants; ++variant) {
        for (int pair = 0; pair < kPairs; ++pair) {
            const double radius = (pair + (variant + 0.5) / kVariants) / kPairs;
            const double turn = std::fmod((variant * kPairs + pair) * kGoldenAngle, kPi);
            right_.push_back(static_cast<float>(radius * std::sin(turn)));
            down_.push_back(static_cast<float>(radius * std::cos(turn)));
        }
    }
}

float Occlusion::open(int x, int y, float depth, const Vec3f& normal) const {
    const auto focal = static_cast<float>(lens_.focal_px);
    const auto most = static_cast<float>(kMostPx * lens_.width);
    const float radius = std::min(kReach_m * focal / depth, most);
    const int from_axis = std::abs(2 * x + 1 - lens_.width) / 2;
    const int variant = (from_axis & 1) + 2 * (y & 1);
    const Vec3f point = points_[static_cast<std::size_t>(y) * lens_.width + x];
    float sum = 0.0F;
    for (int pair = 0; pair < kPairs; ++pair) {
        const int sample = variant * kPairs + pair;
        const int dx = whole(radius * right_[sample] + 0.5F);
        const int dy = whole(radius * down_[sample] + 0.5F);
        sum += blocked(x - dx, y + dy, point, normal) + blocked(x + dx, y + dy, point, normal);
    }
    return std::max(0.0F, 1.0F - kStrength * sum / (2.0F * kPairs));
}

float Occlusion::blocked(int x, int y, const Vec3f& point, const Vec3f& normal) const {
    if (x < 0 || y < 0 || x >= lens_.width || y >= lens_.height) return 0.0F;
    const Vec3f way = points_[static_cast<std::size_t>(y) * lens_.width + x] - point;
    const float squared = dot(way, way);
    const float rise = dot(way, normal);
    if (!(rise >= kLowest_m && squared <= kReach_m * kReach_m)) return 0.0F;  // or not finite
    const float near = 1.0F - squared / (kReach_m * kReach_m);
    return near * std::max(0.0F, rise / std::sqrt(squared) - kLowestSine);
}

}  // namespace cabinsafe::render
