#include <algorithm>
#include <cmath>
#include <cstddef>

#include "cabinsafe/render/scene.hpp"

namespace cabinsafe::render {
namespace {

constexpr float kPi = 3.14159265F;

}  // namespace

Vec3f Panorama::along(const Vec3f& direction) const {
    const float left_rad = std::atan2(direction.y, direction.x) - yaw_rad;
    const float down_rad = std::acos(std::clamp(direction.z, -1.0F, 1.0F));
    const float column = (0.5F - left_rad / (2.0F * kPi)) * static_cast<float>(width) - 0.5F;
    const float row = std::clamp(down_rad / kPi * static_cast<float>(height) - 0.5F, 0.0F,
                                 static_cast<float>(height - 1));
    const float floor = std::floor(column);
    const auto wrapped = [&](int x) { return ((x % width) + width) % width; };
    const int x0 = wrapped(static_cast<int>(floor));
    const int x1 = wrapped(x0 + 1);
    const int y0 = static_cast<int>(row);
    const int y1 = std::min(y0 + 1, height - 1);
    const auto pixel = [&](int x, int y) {
        const float* p = pixels + 3 * (static_cast<std::size_t>(y) * width + x);
        return Vec3f{p[0], p[1], p[2]};
    };
    const float right = column - floor;
    return mix(mix(pixel(x0, y0), pixel(x1, y0), right), mix(pixel(x0, y1), pixel(x1, y1), right),
               row - static_cast<float>(y0));
}

}  // namespace cabinsafe::render
