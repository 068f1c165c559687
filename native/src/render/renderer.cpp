#include "cabinsafe/render/renderer.hpp"

#include <cstddef>

namespace cabinsafe::render {
namespace {

Lighting without_color(Lighting lighting) {
    for (Vec3f* color : {&lighting.sun_color, &lighting.sky_color, &lighting.ground_color}) {
        *color = grey(*color);
    }
    for (PointLight& light : lighting.points) light.color = grey(light.color);
    return lighting;
}

}  // namespace

Picture render(const Lens& lens, int supersampling, const Geometry& geometry,
               const Surfaces& surfaces, const Lighting& lighting) {
    const Lens fine = lens.enlarged(supersampling);
    const std::vector<Vec3f> rays = ray_table(fine);
    Picture picture;
    picture.seen = see(fine, rays, geometry);
    const Lighting light = lighting.infrared > 0.0F ? without_color(lighting) : lighting;
    const Shader shader(fine, supersampling, rays, picture.seen, geometry, surfaces, light);
    picture.color.resize(3 * static_cast<std::size_t>(lens.width) * lens.height);
    float* channel = picture.color.data();
    for (int y = 0; y < lens.height; ++y) {
        for (int x = 0; x < lens.width; ++x) {
            const Vec3f color = shader.radiance(x, y);
            *channel++ = color.x;
            *channel++ = color.y;
            *channel++ = color.z;
        }
    }
    return picture;
}

}  // namespace cabinsafe::render
