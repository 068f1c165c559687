#include <cmath>
#include <limits>
#include <vector>

#include "cabinsafe/tracking.hpp"
#include "check.hpp"

namespace tracking = cabinsafe::tracking;

int main() {
    test::Results results;
    constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
    constexpr double kNever = std::numeric_limits<double>::quiet_NaN();

    const std::vector<tracking::Point> seen{{10.0F, 40.0F}, {kNone, kNone}, {30.0F, 20.0F}};
    const tracking::Extent extent = tracking::extent_of(seen.data(), seen.size());
    CHECK(extent.count == 2);
    CHECK(extent.left == 10.0 && extent.top == 20.0 && extent.right == 30.0 &&
          extent.bottom == 40.0);
    CHECK(tracking::extent_of(seen.data(), 0).count == 0);

    std::vector<tracking::KeypointState> states(3, {kNever, kNever, kNever, kNever, kNever});
    std::vector<tracking::Point> smoothed(3);
    CHECK(!tracking::any_jump(states.data(), seen.data(), 3, 0.0, 100.0, 0.15, 1.0));
    tracking::smooth(states.data(), seen.data(), 3, 0.0, 100.0, {2.0, 20.0, 0.5}, smoothed.data());
    CHECK(states[0].x == 10.0 && states[0].vx == 0.0 && states[0].seen_s == 0.0);
    CHECK(std::isnan(states[1].x) && std::isnan(smoothed[1].x));
    const std::vector<tracking::Point> moved{{20.0F, 40.0F}, {5.0F, 5.0F}, {kNone, kNone}};
    CHECK(!tracking::any_jump(states.data(), moved.data(), 3, 0.1, 100.0, 0.15, 1.0));
    CHECK(tracking::any_jump(states.data(), moved.data(), 3, 0.1, 20.0, 0.15, 1.0));
    tracking::smooth(states.data(), moved.data(), 3, 0.1, 100.0, {2.0, 20.0, 0.5}, smoothed.data());
    CHECK(states[0].x > 10.0 && states[0].x < 20.0 && states[0].vx > 0.0);
    CHECK(smoothed[1].x == 5.0F);
    CHECK(states[2].seen_s == 0.0 && std::isnan(smoothed[2].x));

    const std::vector<double> places{-0.5, -0.5, 0.5, 0.5, 0.0, kNever};
    std::vector<double> weights;
    for (const int axis : {0, 1}) {
        for (const int power : {0, 1, 2}) {
            for (const std::size_t k : {0U, 1U, 2U}) {
                const double place = k == 2 ? 0.0 : places[2 * k + static_cast<std::size_t>(axis)];
                weights.push_back(k == 2 ? 0.0 : std::pow(place, power));
            }
        }
    }
    const std::vector<tracking::Point> corners{{100.0F, 200.0F}, {300.0F, 500.0F}, {kNone, kNone}};
    const tracking::FitLimits limits{0.25, 0.6, 0.0};
    const auto box =
        tracking::fit_box({places.data(), weights.data(), 3}, corners.data(), 180.0, 290.0, limits);
    CHECK(box.has_value());
    CHECK(test::near(static_cast<float>((*box)[0]), 200.0F));
    CHECK(test::near(static_cast<float>((*box)[1]), 350.0F));
    CHECK(test::near(static_cast<float>((*box)[2]), 200.0F));
    CHECK(test::near(static_cast<float>((*box)[3]), 300.0F));
    const std::vector<tracking::Point> nothing(3, {kNone, kNone});
    CHECK(!tracking::fit_box({places.data(), weights.data(), 3}, nothing.data(), 180.0, 290.0,
                             limits));
    return results.report();
}
