#include <limits>
#include <stdexcept>

#include "cabinsafe/decoder.hpp"
#include "cabinsafe/errors.hpp"
#include "canvas.hpp"
#include "check.hpp"

namespace {

using cabinsafe::Decoder;
using cabinsafe::Layout;
using cabinsafe::LimitError;
using cabinsafe::NonFiniteError;
using cabinsafe::Options;
using cabinsafe::Poses;

// A right-angled triangle: 0 at (5.5, 5.5), 1 at (15.5, 5.5), 2 at (15.5, 13.5).
struct Triangle {
    test::Canvas heatmaps{3, 20, 24};
    test::Canvas pafs{6, 20, 24};

    Triangle() {
        heatmaps.blob(0, 5.5F, 5.5F, 0.9F);
        heatmaps.blob(1, 15.5F, 5.5F, 0.9F);
        heatmaps.blob(2, 15.5F, 13.5F, 0.9F);
        pafs.flow(1, 0, 1.0F, 0.0F);
        pafs.flow(3, 2, 0.0F, 1.0F);
        pafs.flow(5, 4, -0.78F, -0.62F);
    }
};

Poses decode(const Decoder& decoder, const test::Canvas& heatmaps, const test::Canvas& pafs) {
    cabinsafe::Workspace workspace;
    return decoder.decode(heatmaps.view(), pafs.view(), workspace);
}

void decodes_a_triangle(test::Results& results) {
    const Triangle scene;
    const Decoder decoder(test::ring_layout(), test::plain_options());
    const Poses poses = decode(decoder, scene.heatmaps, scene.pafs);
    CHECK(poses.count == 1);
    CHECK(test::near(poses.xy[0], 5.5F, 0.01F) && test::near(poses.xy[1], 5.5F, 0.01F));
    CHECK(test::near(poses.xy[4], 15.5F, 0.01F) && test::near(poses.xy[5], 13.5F, 0.01F));
    CHECK(test::near(poses.limb_score[0], 1.0F) && test::near(poses.limb_score[2], 1.0F, 0.01F));
}

void two_decoders_differ(test::Results& results) {
    const Triangle scene;
    Options strict = test::plain_options();
    strict.peak_threshold = 0.95F;
    const Decoder first(test::ring_layout(), test::plain_options());
    const Decoder second(test::ring_layout(), strict);
    CHECK(decode(first, scene.heatmaps, scene.pafs).count == 1);
    CHECK(decode(second, scene.heatmaps, scene.pafs).count == 0);
    CHECK(decode(first, scene.heatmaps, scene.pafs).count == 1);
}

void refuses_bad_maps(test::Results& results) {
    const Decoder decoder(test::ring_layout(), test::plain_options());
    Triangle scene;
    scene.pafs.at(4, 9, 10) = std::numeric_limits<float>::quiet_NaN();
    try {
        decode(decoder, scene.heatmaps, scene.pafs);
        CHECK(false);
    } catch (const NonFiniteError& error) {
        CHECK(error.tensor() == NonFiniteError::Tensor::pafs);
        CHECK(error.values() == 1 && error.first_channel() == 4);
    }
    const test::Canvas other(6, 20, 23);
    const test::Canvas empty(3, 0, 24);
    const Triangle fine;
    const auto call = [&](const test::Canvas& heatmaps, const test::Canvas& pafs) {
        return [&] { decode(decoder, heatmaps, pafs); };
    };
    CHECK(test::throws<std::invalid_argument>(call(fine.heatmaps, other)));
    CHECK(test::throws<std::invalid_argument>(call(fine.pafs, fine.pafs)));
    CHECK(test::throws<std::invalid_argument>(call(empty, test::Canvas(6, 0, 24))));
}

void refuses_bad_layouts(test::Results& results) {
    const auto make = [](Layout layout) {
        return [layout] { Decoder(layout, test::plain_options()); };
    };
    CHECK(test::throws<std::invalid_argument>(make({{0, 3}, {}, 3, 0, {}})));
    CHECK(test::throws<std::invalid_argument>(make({{0, -1}, {}, 3, 0, {}})));
    CHECK(test::throws<std::invalid_argument>(make({{0, 1}, {{0, 2, 0, 1, -1}}, 2, 2, {}})));
    CHECK(test::throws<std::invalid_argument>(make({{0, 1}, {{1, 1, 0, 1, -1}}, 2, 2, {}})));
    CHECK(test::throws<std::invalid_argument>(make({{0, 1}, {{0, 1, 0, 2, -1}}, 2, 2, {}})));
    CHECK(test::throws<std::invalid_argument>(make({std::vector<int>(65, 0), {}, 1, 0, {}})));
}

void sixty_four_keypoints_fit(test::Results& results) {
    Layout layout;
    layout.heatmap_count = 64;
    layout.paf_count = 2;
    for (int k = 0; k < 64; ++k) layout.keypoint_channels.push_back(k);
    for (int k = 0; k < 63; ++k) layout.limbs.push_back({k, k + 1, 0, 1, -1});
    test::Canvas heatmaps(64, 3, 64);
    for (int k = 0; k < 64; ++k) heatmaps.at(k, 1, k) = 1.0F;
    test::Canvas pafs(2, 3, 64);
    pafs.flow(0, 1, 1.0F, 0.0F);
    const Poses poses = decode(Decoder(layout, test::plain_options()), heatmaps, pafs);
    CHECK(poses.count == 1);
    for (int k = 0; k < 64; ++k) CHECK(poses.score[k] == 1.0F);
}

void noise_and_limits(test::Results& results) {
    test::Canvas heatmaps(3, 33, 41);
    test::Canvas pafs(6, 33, 41);
    unsigned state = 1;
    const auto random = [&state] {
        state = state * 1664525U + 1013904223U;
        return static_cast<float>(state >> 8) / 16777216.0F;
    };
    for (int y = 0; y < 33; ++y) {
        for (int x = 0; x < 41; ++x) {
            for (int c = 0; c < 3; ++c) heatmaps.at(c, y, x) = random();
            for (int c = 0; c < 6; ++c) pafs.at(c, y, x) = 2.0F * random() - 1.0F;
        }
    }
    Options options = test::plain_options();
    const Decoder small(test::ring_layout(), options);
    CHECK(test::throws<LimitError>([&] { decode(small, heatmaps, pafs); }));
    options.max_peaks_per_keypoint = 1024;
    options.max_people = 1024;
    const Decoder large(test::ring_layout(), options);
    CHECK(decode(large, heatmaps, pafs).count > 0);
}

}  // namespace

int main() {
    test::Results results;
    decodes_a_triangle(results);
    two_decoders_differ(results);
    refuses_bad_maps(results);
    refuses_bad_layouts(results);
    sixty_four_keypoints_fit(results);
    noise_and_limits(results);
    return results.report();
}
