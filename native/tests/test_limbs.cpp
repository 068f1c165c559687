#include "cabinsafe/kernels.hpp"
#include "canvas.hpp"
#include "check.hpp"

namespace {

using cabinsafe::Layout;
using cabinsafe::LimbCandidate;
using cabinsafe::Options;
using cabinsafe::Peaks;

// One limb from keypoint 0 to keypoint 1, y channel first.
const Layout kPair{{0, 1}, {{0, 1, 1, 0, -1}}, 2, 2, {}};

std::vector<LimbCandidate> find(const test::Canvas& pafs, const Peaks& peaks,
                                const Options& options = test::plain_options()) {
    cabinsafe::LimbRoom room;
    std::vector<LimbCandidate> candidates;
    cabinsafe::find_limbs(pafs.view(), peaks, kPair, options, cabinsafe::best_kernels(), room,
                          candidates);
    return candidates;
}

void reads_direction_and_channels(test::Results& results) {
    const Peaks right{{{2.5F, 5.5F, 1.0F}, {8.5F, 5.5F, 1.0F}}, {0, 1, 2}};
    const Peaks down{{{5.5F, 2.5F, 1.0F}, {5.5F, 8.5F, 1.0F}}, {0, 1, 2}};
    test::Canvas pafs(2, 11, 11);
    pafs.flow(1, 0, 0.8F, 0.0F);
    CHECK(find(pafs, right).size() == 1);
    CHECK(test::near(find(pafs, right)[0].score, 0.8F));
    CHECK(find(pafs, down).empty());
    pafs.flow(1, 0, 0.0F, 0.6F);
    CHECK(find(pafs, right).empty());
    CHECK(test::near(find(pafs, down)[0].score, 0.6F));
    pafs.flow(1, 0, 0.0F, -0.6F);
    CHECK(find(pafs, down).empty());
}

void short_limbs_keep_their_direction(test::Results& results) {
    test::Canvas pafs(2, 4, 4);
    pafs.flow(1, 0, 0.9F, 0.0F);
    const Peaks close{{{1.5F, 1.5F, 1.0F}, {1.6F, 1.5F, 1.0F}}, {0, 1, 2}};
    CHECK(find(pafs, close).size() == 1);
    CHECK(test::near(find(pafs, close)[0].score, 0.9F));
    const Peaks same{{{1.5F, 1.5F, 1.0F}, {1.5F, 1.5F, 1.0F}}, {0, 1, 2}};
    Options options = test::plain_options();
    CHECK(find(pafs, same, options).empty());
    options.sample_threshold = 0.0F;
    options.min_agreeing_samples_of_10 = 0;
    CHECK(find(pafs, same, options).empty());
}

void thresholds_and_penalty(test::Results& results) {
    const Peaks peaks{{{0.5F, 0.5F, 1.0F}, {9.5F, 0.5F, 1.0F}}, {0, 1, 2}};
    test::Canvas pafs(2, 1, 10);
    for (int x = 0; x < 6; ++x) pafs.at(1, 0, x) = 1.0F;  // agrees with six points of ten
    CHECK(find(pafs, peaks).empty());
    Options options = test::plain_options();
    options.min_agreeing_samples_of_10 = 6;
    CHECK(find(pafs, peaks, options).size() == 1);
    CHECK(test::near(find(pafs, peaks, options)[0].score, 0.6F));
    options.length_penalty_per_map_side = 0.5F;  // 9 of 10 cells: costs 0.45
    CHECK(test::near(find(pafs, peaks, options)[0].score, 0.15F));
    options.limb_threshold = 0.2F;
    CHECK(find(pafs, peaks, options).empty());
}

void ends_with_much_nearer_partners_are_no_pair(test::Results& results) {
    test::Canvas pafs(2, 1, 20);
    pafs.flow(1, 0, 0.8F, 0.0F);
    const auto peak = [](float x) { return cabinsafe::Peak{x, 0.5F, 1.0F}; };
    // Two limbs in a row: the first start and the last end see nearer ones.
    const Peaks row{{peak(0.5F), peak(10.5F), peak(2.5F), peak(12.5F)}, {0, 2, 4}};
    const auto found = find(pafs, row);
    CHECK(found.size() == 2);
    CHECK(found[0].start == 0 && found[0].end == 2 && found[1].start == 1 && found[1].end == 3);
    // The last end sees nobody else: it may be the first start's.
    const Peaks single{{peak(0.5F), peak(2.5F), peak(12.5F)}, {0, 1, 3}};
    CHECK(find(pafs, single).size() == 2);
    // Nearer, but not much.
    const Peaks close{{peak(0.5F), peak(4.0F), peak(8.5F), peak(7.0F)}, {0, 2, 4}};
    CHECK(find(pafs, close).size() == 4);
}

void peaks_on_the_border_read_inside(test::Results& results) {
    test::Canvas pafs(2, 3, 3);
    pafs.flow(1, 0, 0.7F, 0.7F);
    const Peaks corners{{{0.5F, 0.5F, 1.0F}, {2.5F, 2.5F, 1.0F}}, {0, 1, 2}};
    CHECK(find(pafs, corners).size() == 1);
    test::Canvas huge(2, 3, 3);
    huge.flow(1, 0, 1e15F, 1e15F);
    CHECK(find(huge, corners).size() == 1 && find(huge, corners)[0].score == 1.0F);
}

}  // namespace

int main() {
    test::Results results;
    reads_direction_and_channels(results);
    short_limbs_keep_their_direction(results);
    thresholds_and_penalty(results);
    ends_with_much_nearer_partners_are_no_pair(results);
    peaks_on_the_border_read_inside(results);
    return results.report();
}
