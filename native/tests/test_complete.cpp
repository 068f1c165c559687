// Fainter keypoints of people who lack them.
#include <cmath>
#include <limits>

#include "cabinsafe/decoder.hpp"
#include "cabinsafe/errors.hpp"
#include "canvas.hpp"
#include "check.hpp"

namespace {

using cabinsafe::Decoder;
using cabinsafe::Layout;
using cabinsafe::NonFiniteError;
using cabinsafe::Options;
using cabinsafe::Poses;

constexpr float kFaint = 0.06F;

// Keypoints 0 to 4 in a row, each joined to the next.
Layout chain() {
    Layout layout;
    for (int k = 0; k < 5; ++k) layout.keypoint_channels.push_back(k);
    for (int k = 0; k < 4; ++k) layout.limbs.push_back({k, k + 1, 2 * k, 2 * k + 1, -1});
    layout.heatmap_count = 5;
    layout.paf_count = 8;
    return layout;
}

// People from left to right, every eight cells a keypoint; fields to the right everywhere.
struct Rows {
    test::Canvas heatmaps{5, 40, 48};
    test::Canvas pafs{8, 40, 48};

    Rows() {
        for (int limb = 0; limb < 4; ++limb) pafs.flow(2 * limb, 2 * limb + 1, 0.8F, 0.0F);
    }

    void put(int keypoint, float y, float height) {
        heatmaps.blob(keypoint, x_of(keypoint), y, height);
    }
    static float x_of(int keypoint) { return 6.5F + 8.0F * static_cast<float>(keypoint); }
};

Options with_weak(float threshold) {
    Options options = test::plain_options();
    options.weak_peak_threshold = threshold;
    return options;
}

Poses decode(const Rows& rows, const Options& options, const Layout& layout = chain()) {
    cabinsafe::Workspace workspace;
    return Decoder(layout, options).decode(rows.heatmaps.view(), rows.pafs.view(), workspace);
}

void two_faint_keypoints_follow_a_found_one(test::Results& results) {
    Rows rows;
    for (int k = 0; k < 5; ++k) rows.put(k, 9.5F, k < 2 ? 0.9F : kFaint);
    const Poses firm = decode(rows, with_weak(0.1F));
    const Poses poses = decode(rows, with_weak(0.03F));
    CHECK(firm.count == 1 && std::isnan(firm.xy[4]));
    CHECK(poses.count == 1 && poses.person_score == firm.person_score);
    CHECK(test::near(poses.xy[4], Rows::x_of(2), 0.01F) && test::near(poses.xy[5], 9.5F, 0.01F));
    CHECK(test::near(poses.score[2], kFaint) && test::near(poses.score[3], kFaint));
    CHECK(test::near(poses.limb_score[1], 0.8F) && test::near(poses.limb_score[2], 0.8F));
    CHECK(poses.score[4] == 0.0F && std::isnan(poses.xy[8]));  // two rounds, not three
    CHECK(poses.score[0] == firm.score[0] && poses.limb_score[0] == firm.limb_score[0]);
    CHECK(decode(rows, with_weak(0.07F)).score[2] == 0.0F);
}

void nobody_is_born_of_faint_peaks(test::Results& results) {
    Rows rows;
    for (int k = 0; k < 5; ++k) rows.put(k, 9.5F, kFaint);
    CHECK(decode(rows, with_weak(0.03F)).count == 0);
}

void a_contested_peak_goes_to_the_better_limb(test::Results& results) {
    Rows rows;
    for (const float y : {8.5F, 14.5F}) {
        rows.put(0, y, 0.9F);
        rows.put(1, y, 0.9F);
    }
    rows.put(2, 10.5F, kFaint);
    const Poses poses = decode(rows, with_weak(0.03F));
    CHECK(poses.count == 2);
    const int owner = poses.score[2] > 0.0F ? 0 : 1;
    CHECK(test::near(poses.xy[10 * owner + 1], 8.5F, 0.01F));
    CHECK(poses.score[5 * (1 - owner) + 2] == 0.0F);
    const float cosine = 8.0F / std::sqrt(64.0F + 4.0F), other = 8.0F / std::sqrt(64.0F + 16.0F);
    CHECK(test::near(poses.limb_score[4 * owner + 1], 0.8F * cosine, 0.01F));
    CHECK(test::near(poses.limb_ambiguity[4 * owner + 1], other / cosine, 0.01F));
    CHECK(poses.ambiguity[owner] == poses.limb_ambiguity[4 * owner + 1]);
}

void peaks_beside_somebodys_keypoint_are_not_used(test::Results& results) {
    Rows rows;
    for (const float y : {9.5F, 15.5F}) {
        rows.put(0, y, 0.9F);
        rows.put(1, y, 0.9F);
    }
    rows.heatmaps.blob(2, Rows::x_of(2), 9.5F, 0.9F, 0.6F);
    rows.heatmaps.at(2, 12, 22) = kFaint;
    Options options = with_weak(0.03F);
    options.suppression_radius_cells = 4.0F;
    const Poses near = decode(rows, options);
    CHECK(near.count == 2 && near.score[5 + 2] == 0.0F);
    options.suppression_radius_cells = 1.0F;
    CHECK(decode(rows, options).score[5 + 2] > 0.0F);
}

void bodies_bound_how_far_a_limb_reaches(test::Results& results) {
    Rows rows;
    for (int k = 0; k < 3; ++k) rows.put(k, 9.5F, k < 2 ? 0.9F : kFaint);
    Layout layout = chain();
    for (int k = 0; k < 5; ++k) layout.body.push_back({static_cast<float>(k), 0.0F, 0.1F});
    CHECK(decode(rows, with_weak(0.03F), layout).score[2] > 0.0F);
    for (int k = 2; k < 5; ++k) layout.body[k].x -= 0.5F;
    CHECK(decode(rows, with_weak(0.03F), layout).score[2] == 0.0F);
    layout.body[2].spread = 0.0F;  // its place is not known
    CHECK(decode(rows, with_weak(0.03F), layout).score[2] > 0.0F);
}

void a_field_that_breaks_off_points_at_nothing(test::Results& results) {
    Rows rows;
    for (int k = 0; k < 3; ++k) rows.put(k, 9.5F, k < 2 ? 0.9F : kFaint);
    for (const float onwards : {0.0F, -0.8F}) {  // in the two cells that follow the neighbour's
        Rows broken = rows;
        for (const int x : {15, 16}) broken.pafs.at(2, 9, x) = onwards;
        CHECK((decode(broken, with_weak(0.03F)).score[2] > 0.0F) == (onwards == 0.0F));
    }
    for (const int x : {15, 16}) rows.pafs.at(2, 9, x) = -0.34F;  // the mean is .04
    CHECK(decode(rows, with_weak(0.03F)).score[2] == 0.0F);
}

void limbs_that_cross_are_ambiguous(test::Results& results) {
    Rows rows;
    for (int k = 0; k < 3; ++k) rows.put(k, 9.5F, k < 2 ? 0.9F : kFaint);
    rows.heatmaps.blob(0, 18.5F, 20.5F, 0.9F);
    rows.heatmaps.blob(1, 18.5F, 2.5F, 0.9F);
    for (int y = 0; y < 40; ++y) {  // the other's first limb, upwards across the faint one
        rows.pafs.at(0, y, 18) = 0.0F;
        rows.pafs.at(1, y, 18) = -0.8F;
    }
    Layout layout = chain();
    layout.limbs[0].mirror = 1;
    layout.limbs[1].mirror = 0;
    const Poses poses = decode(rows, with_weak(0.03F), layout);
    CHECK(poses.count == 2);
    const int own = poses.limb_score[1] > 0.0F ? 0 : 1;
    CHECK(test::near(poses.limb_ambiguity[4 * own + 1], 0.5F, 0.01F));
    const Poses firm = decode(rows, with_weak(0.1F), layout);  // what was found firmly stays
    CHECK(poses.limb_ambiguity[4 * (1 - own)] == firm.limb_ambiguity[4 * (1 - own)]);
}

void what_is_read_must_be_finite(test::Results& results) {
    Rows rows;
    for (int k = 0; k < 3; ++k) rows.put(k, 9.5F, k < 2 ? 0.9F : kFaint);
    for (const int x : {14, 18}) {  // under the anchor, on the way
        Rows spoilt = rows;
        spoilt.pafs.at(2, 9, x) = std::numeric_limits<float>::quiet_NaN();
        CHECK(test::throws<NonFiniteError>([&] { decode(spoilt, with_weak(0.03F)); }));
        CHECK(decode(spoilt, with_weak(0.1F)).count == 1);
    }
}

}  // namespace

int main() {
    test::Results results;
    two_faint_keypoints_follow_a_found_one(results);
    nobody_is_born_of_faint_peaks(results);
    a_contested_peak_goes_to_the_better_limb(results);
    peaks_beside_somebodys_keypoint_are_not_used(results);
    bodies_bound_how_far_a_limb_reaches(results);
    a_field_that_breaks_off_points_at_nothing(results);
    limbs_that_cross_are_ambiguous(results);
    what_is_read_must_be_finite(results);
    return results.report();
}
