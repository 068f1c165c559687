#include "cabinsafe/render/occlusion.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace cabinsafe::render {
namespace {

constexpr int kPairs = 8;          // of samples, left and right
constexpr float kReach_m = 0.22F;  // radius of the neighbourhood
constexpr float kStrength = 2.0F;
constexpr float kLowestSine = 0.08F;  // flatter dents than this are not seen
constexpr float kLowest_m = 1e-3F;    // nor is what rises less
constexpr float kMostWidth = 0.1F;  // largest radius of the neighbourhood, over the picture's width
constexpr float kSameDepth = 1.03F;  // over the nearest ray of a pixel; others do not count
constexpr double kGoldenAngle = 2.39996322972865332;
constexpr double kPi = 3.14159265358979323846;

// The mean of the points that the rays of each pixel see: of those at about the least distance.
std::vector<Vec3f> seen_points(const Lens& fine, int supersampling, const std::vector<Vec3f>& rays,
                               const std::vector<float>& depth) {
    std::vector<Vec3f> points;
    points.reserve(rays.size() / (supersampling * supersampling));
    for (int y = 0; y < fine.height; y += supersampling) {
        for (int x = 0; x < fine.width; x += supersampling) {
            const std::size_t first = static_cast<std::size_t>(y) * fine.width + x;
            const auto number = [&](int i) {
                return first + i / supersampling * fine.width + i % supersampling;
            };
            const int count = supersampling * supersampling;
            float nearest = depth[first];
            for (int i = 1; i < count; ++i) nearest = std::min(nearest, depth[number(i)]);
            Vec3d sum;  // of doubles: the same in any order
            int near = 0;
            for (int i = 0; i < count; ++i) {
                if (depth[number(i)] > kSameDepth * nearest) continue;
                sum += widened(rays[number(i)] * depth[number(i)]);
                ++near;
            }
            points.push_back(narrowed(sum * (1.0 / near)));
        }
    }
    return points;
}

}  // namespace

Occlusion::Occlusion(const Lens& fine, int supersampling, const std::vector<Vec3f>& rays,
                     const std::vector<float>& depth)
    : width_(fine.width / supersampling),
      height_(fine.height / supersampling),
      focal_px_(static_cast<float>(fine.focal_px / supersampling)),
      points_(seen_points(fine, supersampling, rays, depth)) {
    for (int pair = 0; pair < kPairs; ++pair) {
        const double radius = (pair + 0.5) / kPairs;
        const double turn = std::fmod(pair * kGoldenAngle, kPi);
        right_.push_back(static_cast<float>(radius * std::sin(turn)));
        down_.push_back(static_cast<float>(radius * std::cos(turn)));
    }
}

float Occlusion::open(int x, int y, const Vec3f& point, const Vec3f& normal) const {
    const float most = kMostWidth * static_cast<float>(width_);
    const float radius = std::min(kReach_m * focal_px_ / length(point), most);
    float sum = 0.0F;
    for (int pair = 0; pair < kPairs; ++pair) {
        const int dx = whole(radius * right_[pair] + 0.5F);
        const int dy = whole(radius * down_[pair] + 0.5F);
        sum += blocked(x - dx, y + dy, point, normal) + blocked(x + dx, y + dy, point, normal);
    }
    return std::max(0.0F, 1.0F - kStrength * sum / (2.0F * kPairs));
}

float Occlusion::blocked(int x, int y, const Vec3f& point, const Vec3f& normal) const {
    if (x < 0 || y < 0 || x >= width_ || y >= height_) return 0.0F;
    const Vec3f way = points_[static_cast<std::size_t>(y) * width_ + x] - point;
    const float squared = dot(way, way);
    const float rise = dot(way, normal);
    if (!(rise >= kLowest_m && squared <= kReach_m * kReach_m)) return 0.0F;  // or not finite
    const float near = 1.0F - squared / (kReach_m * kReach_m);
    return near * std::max(0.0F, rise / std::sqrt(squared) - kLowestSine);
}

}  // namespace cabinsafe::render
