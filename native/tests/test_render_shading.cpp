#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "cabinsafe/render/noise.hpp"
#include "cabinsafe/render/normals.hpp"
#include "cabinsafe/render/pattern.hpp"
#include "cabinsafe/render/renderer.hpp"
#include "cabinsafe/render/shadow.hpp"
#include "check.hpp"
#include "render_scene.hpp"

namespace {

using namespace cabinsafe::render;

const std::vector<float> kBlack(3, 0.0F);

Lighting dark() {
    Lighting lighting;
    lighting.sun_direction = {0.0F, 0.0F, 1.0F};
    lighting.panorama = {kBlack.data(), 1, 1, 0.0F};
    return lighting;
}

void noise_has_the_slope_it_tells(test::Results& results) {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> uniform(-20.0F, 20.0F);
    constexpr float h = 1e-2F;
    double mean = 0.0;
    constexpr int kRounds = 2000;
    for (int round = 0; round < kRounds; ++round) {
        const Vec3f p{uniform(random), uniform(random), uniform(random)};
        const Noise here = noise(p);
        CHECK(here.value >= 0.0F && here.value <= 1.0F);
        mean += here.value / kRounds;
        const auto slope = [&](const Vec3f& step) {
            return (noise(p + step * h).value - noise(p - step * h).value) / (2.0F * h);
        };
        CHECK(test::near(slope({1, 0, 0}), here.gradient.x, 0.05F));
        CHECK(test::near(slope({0, 1, 0}), here.gradient.y, 0.05F));
        CHECK(test::near(slope({0, 0, 1}), here.gradient.z, 0.05F));
    }
    CHECK(std::fabs(mean - 0.5) < 0.02);
}

void whole_rounds_down(test::Results& results) {
    CHECK(whole(1.5F) == 1 && whole(-1.5F) == -2 && whole(-2.0F) == -2 && whole(0.0F) == 0);
    CHECK(fraction(-0.25F) == 0.75F);
}

void patterns_are_shares(test::Results& results) {
    Material material;
    material.wrinkles = 0.5F;
    for (int pattern = 0; pattern <= static_cast<int>(Pattern::strands); ++pattern) {
        material.pattern = static_cast<Pattern>(pattern);
        double mean = 0.0;
        constexpr int kRounds = 4000;
        for (int i = 0; i < kRounds; ++i) {
            const auto k = static_cast<float>(i);
            const float share =
                pattern_share(material, {0.0131F * k, 0.0177F * k, -0.0093F * k}, 1e-4F);
            CHECK(share >= 0.0F && share <= 1.0F);
            mean += share / kRounds;
        }
        const float usual = pattern_share(material, {0.1F, 0.2F, 0.3F}, 1.0F);
        CHECK(test::near(static_cast<float>(mean), usual, 0.05F));
    }
    CHECK(length(wrinkle(material, {0.1F, 0.2F, 0.3F})) > 0.0F);
    material.wrinkles = 0.0F;
    CHECK(length(wrinkle(material, {0.1F, 0.2F, 0.3F})) == 0.0F);
}

void normals_are_weighted_by_area(test::Results& results) {
    test::Scene scene;
    scene.vertices = {0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1};
    scene.triangles = {0, 1, 2, 0, 3, 1};  // areas 2 along z and 1 along y, around one edge
    const std::vector<Vec3f> normals = vertex_normals(scene.geometry());
    CHECK(test::near(normals[0].z, 4.0F) && test::near(normals[0].y, 2.0F));
    CHECK(test::near(normals[2].z, 4.0F) && test::near(normals[2].y, 0.0F));
}

void a_lid_keeps_the_sun_off(test::Results& results) {
    test::Scene scene;
    scene.add({{-2, -2, 0}, {2, -2, 0}, {2, 2, 0}, {-2, 2, 0}});
    scene.add({{-0.5, -0.5, 1}, {0.5, -0.5, 1}, {0.5, 0.5, 1}, {-0.5, 0.5, 1}});
    const Vec3f up{0.0F, 0.0F, 1.0F};
    const ShadowMap shadows(scene.geometry(), normalized(Vec3f{1.0F, 0.0F, 1.0F}));
    CHECK(shadows.lit({-1.0F, 0.0F, 0.0F}, up) == 0.0F);  // one metre down, one metre along
    CHECK(shadows.lit({0.0F, 0.0F, 0.0F}, up) == 1.0F);
    CHECK(shadows.lit({0.0F, 0.0F, 1.0F}, up) == 1.0F);
    CHECK(shadows.lit({50.0F, 0.0F, 0.0F}, up) == 1.0F);  // off the map
    const float edge = shadows.lit({-1.5F, 0.0F, 0.0F}, up);
    CHECK(edge > 0.0F && edge < 1.0F);
    CHECK(ShadowMap(Geometry{}, up).lit({0, 0, 0}, up) == 1.0F);
}

void the_panorama_wraps(test::Results& results) {
    const std::vector<float> pixels{0, 0, 0, 1, 1, 1,
                                    2, 2, 2, 3, 3, 3};  // back-left ... right-back
    const Panorama panorama{pixels.data(), 1, 4, 0.0F};
    CHECK(test::near(panorama.along({1, 0, 0}).x, 1.5F));
    CHECK(test::near(panorama.along({-1, 0, 0}).x, 1.5F));  // between the last and the first
    CHECK(test::near(panorama.along(normalized(Vec3f{1, 1, 0})).x, 1.0F));
    CHECK(test::near(panorama.along(normalized(Vec3f{1, -1, 0})).x, 2.0F));
}

void a_lit_wall_has_its_radiance(test::Results& results) {
    test::Scene scene;
    scene.add_wall(2.0F, 20.0F);
    Material material;
    material.color = {0.5F, 0.25F, 1.0F};
    Lighting lighting = dark();
    const Lens lens = test::forward_lens(false, 8, 6.0, 0.9);
    const auto first = [&] {
        return render(lens, 2, scene.geometry(), scene.surfaces({material}), lighting).color;
    };
    for (const float value : first()) CHECK(value == 0.0F);
    lighting.sun_direction = {-1.0F, 0.0F, 0.0F};
    lighting.sun_color = {2.0F, 2.0F, 1.0F};
    const std::vector<float> color = first();
    for (std::size_t i = 0; i < color.size(); i += 3) {
        CHECK(test::near(color[i], 1.0F) && test::near(color[i + 1], 0.5F));
        CHECK(test::near(color[i + 2], 1.0F));
    }
    lighting.infrared = 1.0F;
    const std::vector<float> grey = first();
    for (std::size_t i = 0; i < grey.size(); i += 3) {
        CHECK(grey[i] == grey[i + 1] && grey[i] == grey[i + 2] && grey[i] > 0.0F);
    }
}

// Every pixel is the mean of what its rays see, where two colours meet and where one surface folds.
void a_border_is_the_mean_of_its_rays(test::Results& results) {
    test::Scene scene;
    scene.add({{2, -9, -9}, {2, 1.13, -9}, {2, 1.13, 9}, {2, -9, 9}});
    scene.add({{2, 1.13, -9}, {9, 8.13, -9}, {9, 8.13, 9}, {2, 1.13, 9}});   // turned away
    scene.add({{1, -0.3, -9}, {1, 0.3, -9}, {1, 0.3, 9}, {1, -0.3, 9}}, 1);  // hides its shadow
    Material red;
    red.color = {1.0F, 0.0F, 0.0F};
    Material green;
    green.color = {0.0F, 1.0F, 0.0F};
    Lighting lighting = dark();
    lighting.sun_direction = {-1.0F, 0.0F, 0.0F};
    lighting.sun_color = {1.0F, 1.0F, 1.0F};
    const Lens lens = test::forward_lens(false, 16, 9.0, 0.9);
    const float turned = std::sqrt(0.5F);
    const Vec3f radiance[3] = {{1, 0, 0}, {turned, 0, 0}, {0, 1, 0}};
    for (const int supersampling : {1, 2, 3, kMostSupersampling}) {
        const Picture picture =
            render(lens, supersampling, scene.geometry(), scene.surfaces({red, green}), lighting);
        const std::size_t rays = picture.seen.triangle.size();
        std::vector<Vec3f> mean(picture.color.size() / 3);
        for (std::size_t ray = 0; ray < rays; ++ray) {
            const std::size_t row = lens.width * supersampling;
            const std::size_t pixel =
                ray / row / supersampling * lens.width + ray % row / supersampling;
            const Vec3f& seen = radiance[picture.seen.triangle[ray] / 2];
            mean[pixel] += seen * (1.0F / static_cast<float>(supersampling * supersampling));
        }
        for (std::size_t pixel = 0; pixel < mean.size(); ++pixel) {
            const float* color = &picture.color[3 * pixel];
            CHECK(test::near(color[0], mean[pixel].x) && test::near(color[1], mean[pixel].y));
        }
    }
}

}  // namespace

int main() {
    test::Results results;
    noise_has_the_slope_it_tells(results);
    whole_rounds_down(results);
    patterns_are_shares(results);
    normals_are_weighted_by_area(results);
    a_lid_keeps_the_sun_off(results);
    the_panorama_wraps(results);
    a_lit_wall_has_its_radiance(results);
    a_border_is_the_mean_of_its_rays(results);
    return results.report();
}
