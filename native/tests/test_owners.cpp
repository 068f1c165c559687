// What decides between owners after the limbs are found: pieces that merge, limbs that cross,
// people who are expected.
#include <limits>

#include "cabinsafe/crossings.hpp"
#include "cabinsafe/merge.hpp"
#include "cabinsafe/prior.hpp"
#include "canvas.hpp"
#include "check.hpp"

namespace {

using cabinsafe::AcceptedLimb;
using cabinsafe::ExpectedPeople;
using cabinsafe::Groups;
using cabinsafe::Layout;
using cabinsafe::LimbCandidate;
using cabinsafe::Options;
using cabinsafe::Peak;
using cabinsafe::Peaks;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// A body of four points in a column and a waist beside, with a limb between the first two and one
// between the next.
Layout column() {
    Layout layout{{0, 1, 2, 3, 4}, {{0, 1, 0, 1, 1}, {2, 3, 2, 3, 0}}, 5, 4, {}};
    layout.body = {{0.0F, 0.0F, 0.1F},
                   {0.2F, 0.3F, 0.1F},
                   {0.0F, 1.0F, 0.1F},
                   {0.2F, 2.0F, 0.1F},
                   {0.3F, 0.8F, 0.1F}};
    return layout;
}

// One peak of each point for each place, all ten cells to a body length.
Peaks bodies(const std::vector<float>& places) {
    const Layout layout = column();
    Peaks peaks;
    peaks.first.push_back(0);
    for (const auto& point : layout.body) {
        for (const float x : places) {
            peaks.all.push_back({x + 10.0F * point.x, 5.0F + 10.0F * point.y, 0.5F});
        }
        peaks.first.push_back(peaks.total());
    }
    return peaks;
}

Groups merged(const Peaks& peaks, const std::vector<std::pair<int, int>>& limbs, float misfit) {
    Options options = test::plain_options();
    options.max_merge_misfit = misfit;
    Groups groups;
    groups.reset(peaks);
    for (const auto& [a, b] : limbs) groups.join(a, b);
    cabinsafe::MergeRoom room;
    cabinsafe::merge_fragments(peaks, column(), options, room, groups);
    return groups;
}

void pieces_of_one_body_merge(test::Results& results) {
    const Peaks one = bodies({20.0F});
    CHECK(merged(one, {{0, 1}, {1, 4}, {2, 3}}, 1.0F).count(0) == 5);
    CHECK(merged(one, {{0, 1}, {1, 4}, {2, 3}}, 0.0F).count(0) == 3);
    // Of two limbs alone none knows that they are one body's.
    CHECK(merged(one, {{0, 1}, {2, 3}}, 1.0F).count(0) == 2);
    Peaks far = one;
    far.all[2].x += 15.0F;
    far.all[3].x += 15.0F;
    CHECK(merged(far, {{0, 1}, {1, 4}, {2, 3}}, 1.0F).count(0) == 3);
    Peaks head_down = one;  // the legs above the head
    head_down.all[2].y -= 40.0F;
    head_down.all[3].y -= 40.0F;
    CHECK(merged(head_down, {{0, 1}, {1, 4}, {2, 3}}, 1.0F).count(0) == 3);
}

void two_bodies_never_become_one(test::Results& results) {
    const Peaks apart = bodies({20.0F, 60.0F});
    const Groups both = merged(apart, {{0, 2}, {2, 8}, {4, 6}, {1, 3}, {3, 9}, {5, 7}}, 1.0F);
    CHECK(both.root(4) == both.root(0) && both.root(5) == both.root(1));
    CHECK(both.root(0) != both.root(1));
    // Two upper bodies as near to one pair of legs: nobody gets them.
    const Peaks close = bodies({20.0F, 20.5F});
    const Groups contested = merged(close, {{0, 2}, {2, 8}, {1, 3}, {3, 9}, {4, 6}}, 1.0F);
    CHECK(contested.count(contested.root(4)) == 2);
    // A limb alone, which could be no person, contests nothing.
    CHECK(merged(close, {{0, 2}, {2, 8}, {1, 3}, {4, 6}}, 1.0F).count(0) == 5);
}

void crossings_are_ambiguous(test::Results& results) {
    // Two peaks of each point: limb 0 from peaks 0, 1 to 2, 3; limb 1 from 4, 5 to 6, 7.
    Peaks peaks;
    for (const auto& [x, y] : std::vector<std::pair<float, float>>{{1.0F, 1.0F},
                                                                   {9.0F, 1.0F},
                                                                   {9.0F, 9.0F},
                                                                   {1.0F, 9.0F},
                                                                   {1.0F, 5.0F},
                                                                   {30.0F, 30.0F},
                                                                   {9.0F, 5.5F},
                                                                   {40.0F, 30.0F}}) {
        peaks.all.push_back({x, y, 0.5F});
    }
    peaks.first = {0, 2, 4, 6, 8};
    const std::vector<AcceptedLimb> limbs{
        {0.8F, 0, 0, 2, 0.0F}, {0.8F, 0, 1, 3, 0.1F}, {0.8F, 1, 5, 7, 0.0F}};
    const auto marked = [&](const Layout& layout, std::vector<AcceptedLimb> accepted) {
        Groups groups;
        groups.reset(peaks);
        for (const AcceptedLimb& limb : accepted) groups.join(limb.start, limb.end);
        cabinsafe::CrossingRoom room;
        cabinsafe::mark_crossings(peaks, layout, groups, room, accepted);
        return accepted;
    };
    const auto same_kind = marked(column(), limbs);
    CHECK(test::near(same_kind[0].ambiguity, 0.5F) && test::near(same_kind[1].ambiguity, 0.5F));
    CHECK(same_kind[2].ambiguity == 0.0F);
    // The other side's limb counts as well, any other limb does not.
    const std::vector<AcceptedLimb> sides{{0.8F, 0, 0, 2, 0.0F}, {0.8F, 1, 4, 6, 0.0F}};
    CHECK(marked(column(), sides)[0].ambiguity > 0.8F);
    Layout unrelated = column();
    unrelated.limbs[0].mirror = unrelated.limbs[1].mirror = -1;
    CHECK(marked(unrelated, sides)[0].ambiguity == 0.0F);
}

void the_expected_owner_gets_the_limb(test::Results& results) {
    const Layout layout = column();
    const Peaks peaks = bodies({20.0F, 30.0F});
    const std::vector<float> xy{20.0F, 5.0F, 22.0F, 8.0F, kNan, kNan, kNan, kNan, kNan, kNan};
    const ExpectedPeople expected{xy.data(), 1};
    Options options = test::plain_options();
    options.prior_reach_person_sizes = 1.0F;  // the box of the two points is 2 by 3
    std::vector<LimbCandidate> candidates{
        {0.5F, 0, 0, 2, 0.0F}, {0.5F, 0, 1, 2, 0.0F}, {0.5F, 1, 4, 6, 0.0F}};
    cabinsafe::PriorRoom room;
    cabinsafe::bias_candidates(expected, peaks, layout, options, room, candidates);
    CHECK(test::near(candidates[0].bias, options.prior_weight));
    CHECK(candidates[1].bias == 0.0F && candidates[2].bias == 0.0F);
    const std::vector<float> nowhere(10, kNan);
    cabinsafe::bias_candidates({nowhere.data(), 1}, peaks, layout, options, room, candidates);
    CHECK(candidates[0].bias == 0.0F);
}

}  // namespace

int main() {
    test::Results results;
    pieces_of_one_body_merge(results);
    two_bodies_never_become_one(results);
    crossings_are_ambiguous(results);
    the_expected_owner_gets_the_limb(results);
    return results.report();
}
