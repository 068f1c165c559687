#include "cabinsafe/errors.hpp"
#include "cabinsafe/kernels.hpp"
#include "canvas.hpp"
#include "check.hpp"

namespace {

using cabinsafe::Layout;
using cabinsafe::LimitError;
using cabinsafe::Options;
using cabinsafe::Peaks;

const Layout kOne{{0}, {}, 1, 0, {}};

Peaks find(const test::Canvas& canvas, const Options& options = test::plain_options()) {
    cabinsafe::PeakRoom room;
    Peaks peaks;
    cabinsafe::find_peaks(canvas.view(), kOne, options, cabinsafe::best_kernels(), room, peaks);
    return peaks;
}

void finds_gaussians_between_cells(test::Results& results) {
    test::Canvas canvas(1, 20, 30);
    canvas.blob(0, 7.3F, 5.8F, 0.6F);
    canvas.blob(0, 22.5F, 13.1F, 0.9F);
    const Peaks peaks = find(canvas);
    CHECK(peaks.total() == 2 && peaks.count(0) == 2);
    CHECK(test::near(peaks.all[0].x, 22.5F, 0.01F) && test::near(peaks.all[0].y, 13.1F, 0.01F));
    CHECK(test::near(peaks.all[1].x, 7.3F, 0.01F) && test::near(peaks.all[1].y, 5.8F, 0.01F));
    CHECK(peaks.all[0].score > peaks.all[1].score);
}

void strongest_wins_within_the_radius(test::Results& results) {
    test::Canvas canvas(1, 9, 12);
    canvas.at(0, 4, 4) = 0.5F;
    canvas.at(0, 4, 6) = 0.8F;
    CHECK(find(canvas).total() == 1);
    CHECK(test::near(find(canvas).all[0].x, 6.5F));
    Options options = test::plain_options();
    options.suppression_radius_cells = 2.0F;  // strictly closer than this
    CHECK(find(canvas, options).total() == 2);
}

void flat_tops_count_once(test::Results& results) {
    test::Canvas all(1, 6, 7, 1.0F);
    Options options = test::plain_options();
    options.suppression_radius_cells = 0.0F;
    CHECK(find(all, options).total() == 1);
    CHECK(test::near(find(all, options).all[0].x, 0.5F));
    test::Canvas pair(1, 6, 7);
    pair.at(0, 3, 3) = pair.at(0, 3, 4) = 0.7F;
    pair.at(0, 3, 2) = pair.at(0, 3, 5) = 0.3F;
    CHECK(find(pair, options).total() == 1);
    CHECK(test::near(find(pair, options).all[0].x, 4.0F));  // in the middle of the two
}

void borders_and_tiny_maps(test::Results& results) {
    test::Canvas corners(1, 8, 9);
    for (const int y : {0, 7}) {
        for (const int x : {0, 8}) corners.at(0, y, x) = 0.5F;
    }
    CHECK(find(corners).total() == 4);
    for (const auto& peak : find(corners).all) {
        CHECK(peak.x >= 0.5F && peak.x <= 8.5F && peak.y >= 0.5F && peak.y <= 7.5F);
    }
    CHECK(find(test::Canvas(1, 1, 1, 0.5F)).total() == 1);
    CHECK(find(test::Canvas(1, 1, 1)).total() == 0);
    CHECK(find(test::Canvas(1, 1, 70, 0.5F)).total() == 1);
    CHECK(find(test::Canvas(1, 70, 1, 0.5F)).total() == 1);
    CHECK(find(test::Canvas(1, 40, 40, -1.0F)).total() == 0);
    CHECK(find(test::Canvas(1, 3, 3, 5.0F)).all[0].score == 1.0F);
}

void too_many_peaks_throw(test::Results& results) {
    test::Canvas canvas(1, 9, 9);
    canvas.at(0, 1, 1) = canvas.at(0, 1, 7) = canvas.at(0, 7, 4) = 0.5F;
    Options options = test::plain_options();
    options.max_peaks_per_keypoint = 3;
    CHECK(find(canvas, options).total() == 3);
    options.max_peaks_per_keypoint = 2;
    CHECK(test::throws<LimitError>([&] { find(canvas, options); }));
}

}  // namespace

int main() {
    test::Results results;
    finds_gaussians_between_cells(results);
    strongest_wins_within_the_radius(results);
    flat_tops_count_once(results);
    borders_and_tiny_maps(results);
    too_many_peaks_throw(results);
    return results.report();
}
