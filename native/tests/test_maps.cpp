#include <limits>

#include "cabinsafe/maps.hpp"
#include "canvas.hpp"
#include "check.hpp"

int main() {
    test::Results results;
    for (const int width : {1, 7, 31, 32, 33, 100}) {
        const int last = width - 1;
        for (const float bad :
             {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
              -std::numeric_limits<float>::infinity()}) {
            test::Canvas canvas(3, 2, width, 1.0F);
            CHECK(cabinsafe::count_non_finite(canvas.view()).values == 0);
            CHECK(cabinsafe::count_non_finite(canvas.view()).first_channel == -1);
            canvas.at(1, 1, last) = bad;
            canvas.at(2, 0, 0) = bad;
            CHECK(cabinsafe::count_non_finite(canvas.view()).values == 2);
            CHECK(cabinsafe::count_non_finite(canvas.view()).first_channel == 1);
        }
    }
    // Opposite infinities, and a sum that overflows although every value is finite.
    test::Canvas opposite(1, 1, 64, 0.0F);
    opposite.at(0, 0, 0) = std::numeric_limits<float>::infinity();
    opposite.at(0, 0, 32) = -std::numeric_limits<float>::infinity();
    CHECK(cabinsafe::count_non_finite(opposite.view()).values == 2);
    const test::Canvas huge(1, 8, 32, std::numeric_limits<float>::max());
    CHECK(cabinsafe::count_non_finite(huge.view()).values == 0);
    return results.report();
}
