#include <cmath>

#include "cabinsafe/errors.hpp"
#include "cabinsafe/people.hpp"
#include "canvas.hpp"
#include "check.hpp"

namespace {

using cabinsafe::LimbCandidate;
using cabinsafe::LimitError;
using cabinsafe::Options;
using cabinsafe::Peaks;
using cabinsafe::Poses;

constexpr int kMapSide = 20;

// Two peaks of each of three keypoints, ids 0-1, 2-3, 4-5; x and y are the id plus a half.
Peaks six_peaks() {
    Peaks peaks;
    for (int id = 0; id < 6; ++id) {
        const float place = static_cast<float>(id) + 0.5F;
        peaks.all.push_back({place, place, 0.5F});
    }
    peaks.first = {0, 2, 4, 6};
    return peaks;
}

Poses group(const std::vector<LimbCandidate>& candidates,
            const Options& options = test::plain_options()) {
    const Peaks peaks = six_peaks();
    const cabinsafe::Layout layout = test::ring_layout();
    cabinsafe::ClaimRoom claims;
    cabinsafe::PeopleRoom people;
    cabinsafe::Groups groups;
    std::vector<cabinsafe::AcceptedLimb> accepted;
    Poses poses;
    groups.reset(peaks);
    cabinsafe::accept_limbs(candidates, peaks, layout, claims, groups, accepted);
    cabinsafe::write_people(peaks, accepted, groups, layout, options, kMapSide, people, poses);
    return poses;
}

float x_of(const Poses& poses, int person, int keypoint) {
    return poses.xy[(static_cast<std::size_t>(person) * 3 + keypoint) * 2];
}

void groups_and_ranks(test::Results& results) {
    const Poses poses = group({{0.4F, 0, 0, 2, 0.0F},
                               {0.9F, 0, 1, 3, 0.0F},
                               {0.9F, 1, 3, 5, 0.0F},
                               {0.4F, 1, 2, 4, 0.0F}});
    CHECK(poses.count == 2);
    CHECK(x_of(poses, 0, 0) == 1.5F && x_of(poses, 0, 1) == 3.5F && x_of(poses, 0, 2) == 5.5F);
    CHECK(x_of(poses, 1, 0) == 0.5F && x_of(poses, 1, 1) == 2.5F && x_of(poses, 1, 2) == 4.5F);
    CHECK(test::near(poses.person_score[0], (3 * 0.5F + 2 * 0.9F) / 5));
    CHECK(poses.limb_score[0] == 0.9F && poses.limb_score[2] == 0.0F);
    CHECK(poses.ambiguity[0] == 0.0F);
}

void a_ring_never_overwrites(test::Results& results) {
    // The ring 0 -> 2 -> 4 leads on to peak 1, a second peak of keypoint 0.
    const Poses poses =
        group({{0.9F, 0, 0, 2, 0.0F}, {0.8F, 1, 2, 4, 0.0F}, {0.7F, 2, 4, 1, 0.0F}});
    CHECK(poses.count == 1);
    CHECK(x_of(poses, 0, 0) == 0.5F);
    CHECK(poses.limb_score[2] == 0.0F);
    // Closing it on its own peak is one more limb of the person.
    const Poses closed =
        group({{0.9F, 0, 0, 2, 0.0F}, {0.8F, 1, 2, 4, 0.0F}, {0.7F, 2, 4, 0, 0.0F}});
    CHECK(closed.count == 1 && closed.limb_score[2] == 0.7F);
}

void rivals_make_ambiguity(test::Results& results) {
    const Poses poses = group({{0.8F, 0, 0, 2, 0.0F}, {0.6F, 0, 1, 2, 0.0F}});
    CHECK(poses.count == 1);
    CHECK(test::near(poses.ambiguity[0], 0.75F));
    // Equal claims: the lowest peak wins, and the ambiguity is 1.
    const Poses equal = group({{0.8F, 0, 0, 2, 0.0F}, {0.8F, 0, 1, 2, 0.0F}});
    CHECK(x_of(equal, 0, 0) == 0.5F && equal.ambiguity[0] == 1.0F);
}

void equal_people_by_lowest_peak(test::Results& results) {
    const Poses poses = group({{0.8F, 0, 1, 3, 0.0F}, {0.8F, 0, 0, 2, 0.0F}});
    CHECK(poses.count == 2 && x_of(poses, 0, 0) == 0.5F && x_of(poses, 1, 0) == 1.5F);
}

void small_people_score_less(test::Results& results) {
    Options options = test::plain_options();
    options.half_score_size_map_sides = 4.0F / kMapSide;
    // A box of 4 x 4 cells: half.
    const std::vector<LimbCandidate> large{{0.5F, 0, 1, 3, 0.0F}, {0.5F, 1, 3, 5, 0.0F}};
    CHECK(test::near(group(large, options).person_score[0], 0.5F / 2));
    CHECK(test::near(group(large).person_score[0], 0.5F));
    // One of 2 x 2: a third, which puts it behind.
    std::vector<LimbCandidate> both = large;
    both.insert(both.begin(), {0.95F, 0, 0, 2, 0.0F});
    CHECK(x_of(group(both), 0, 0) == 0.5F);
    CHECK(x_of(group(both, options), 0, 0) == 1.5F);
    const float plain = group(both).person_score[0];
    CHECK(test::near(group(both, options).person_score[1], plain / 3));
    // The threshold is for the score with the size in it.
    options.min_person_score = 0.2F;
    CHECK(group(both, options).count == 1);
    // A single point has no size.
    options.min_person_score = 0.0F;
    options.min_keypoints = 1;
    CHECK(group({}, options).count == 6 && group({}, options).person_score[0] == 0.0F);
}

void filters_and_limits(test::Results& results) {
    const std::vector<LimbCandidate> two{{0.8F, 0, 0, 2, 0.0F}, {0.8F, 0, 1, 3, 0.0F}};
    Options options = test::plain_options();
    options.min_keypoints = 3;
    CHECK(group(two, options).count == 0);
    options = test::plain_options();
    options.min_person_score = 0.9F;
    CHECK(group(two, options).count == 0);
    CHECK(group(two, options).xy.empty());
    options = test::plain_options();
    options.max_people = 2;
    CHECK(group(two, options).count == 2);
    options.max_people = 1;
    CHECK(test::throws<LimitError>([&] { group(two, options); }));
    options.min_keypoints = 1;
    options.max_people = 6;
    CHECK(group({}, options).count == 6);
    CHECK(std::isnan(x_of(group({}, options), 0, 1)));
}

}  // namespace

int main() {
    test::Results results;
    groups_and_ranks(results);
    a_ring_never_overwrites(results);
    rivals_make_ambiguity(results);
    equal_people_by_lowest_peak(results);
    small_people_score_less(results);
    filters_and_limits(results);
    return results.report();
}
