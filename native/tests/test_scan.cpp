// Every instruction set of this processor finds the same maxima as a plain search.
#include <limits>
#include <string>
#include <vector>

#include "cabinsafe/half.hpp"
#include "cabinsafe/scan.hpp"
#include "check.hpp"

namespace {

using cabinsafe::Half;
using cabinsafe::Isa;
using cabinsafe::Scanner;
using cabinsafe::ScanRoom;

class Random {
  public:
    unsigned next() {
        state_ = state_ * 1664525U + 1013904223U;
        return state_ >> 8U;
    }
    // Few different values, so that ties and flat tops are common.
    float coarse() { return static_cast<float>(next() % 9U) / 8.0F - 0.25F; }
    float fine() { return static_cast<float>(next()) / 16777216.0F; }

  private:
    unsigned state_ = 7;
};

std::vector<int> plain_maxima(const std::vector<float>& plane, int height, int width,
                              float threshold) {
    std::vector<int> found;
    for (int cell = 0; cell < height * width; ++cell) {
        bool highest = plane[cell] > threshold;
        for (int dy = -1; dy <= 1; ++dy) {
            for (int dx = -1; dx <= 1; ++dx) {
                const int y = cell / width + dy;
                const int x = cell % width + dx;
                if (y < 0 || y >= height || x < 0 || x >= width) continue;
                const int other = y * width + x;
                if (other < cell) highest = highest && plane[cell] > plane[other];
                if (other > cell) highest = highest && plane[cell] >= plane[other];
            }
        }
        if (highest) found.push_back(cell);
    }
    return found;
}

std::vector<const Scanner*> scanners() {
    std::vector<const Scanner*> all;
    for (const Isa isa : {Isa::scalar, Isa::neon, Isa::avx2, Isa::avx512}) {
        if (const Scanner* scanner = cabinsafe::find_scanner(isa)) all.push_back(scanner);
    }
    return all;
}

std::vector<int> found_by(const Scanner& scanner, const std::vector<float>& plane, int height,
                          int width, bool& finite) {
    ScanRoom room;
    room.fit(height, width);
    const cabinsafe::ScanResult result = scanner.find_maxima(plane.data(), 0.1F, room);
    finite = result.finite;
    return {room.maxima(), room.maxima() + result.maxima};
}

void all_find_the_same(test::Results& results) {
    Random random;
    for (const int width : {1, 2, 3, 7, 15, 16, 17, 31, 44, 64, 88, 131}) {
        for (const int height : {1, 2, 3, 8, 33}) {
            for (const bool coarse : {true, false}) {
                std::vector<float> plane(static_cast<std::size_t>(width) * height);
                for (float& value : plane) value = coarse ? random.coarse() : random.fine();
                const std::vector<int> expected = plain_maxima(plane, height, width, 0.1F);
                for (const Scanner* scanner : scanners()) {
                    bool finite = false;
                    CHECK(found_by(*scanner, plane, height, width, finite) == expected);
                    CHECK(finite);
                }
            }
        }
    }
}

void all_see_what_is_not_finite(test::Results& results) {
    const float infinity = std::numeric_limits<float>::infinity();
    for (const Scanner* scanner : scanners()) {
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity}) {
            for (const int cell : {0, 5, 63, 64, 200, 336}) {
                std::vector<float> plane(337, 0.0F);
                plane[cell] = bad;
                bool finite = true;
                found_by(*scanner, plane, 1, 337, finite);
                CHECK(!finite);
            }
        }
    }
}

void halves_are_exact(test::Results& results) {
    std::vector<Half> halves(65536);
    for (std::size_t i = 0; i < halves.size(); ++i) halves[i].bits = static_cast<std::uint16_t>(i);
    CHECK(to_float(Half{0x3C00}) == 1.0F && to_float(Half{0xC000}) == -2.0F);
    CHECK(to_float(Half{0x0001}) == 0x1p-24F && to_float(Half{0x7BFF}) == 65504.0F);
    CHECK(to_float(Half{0x7C00}) == std::numeric_limits<float>::infinity());
    for (const Scanner* scanner : scanners()) {
        std::vector<float> wide(halves.size() - 3);  // not a whole number of registers
        scanner->widen(halves.data(), wide.data(), wide.size());
        int wrong = 0;
        for (std::size_t i = 0; i < wide.size(); ++i) {
            const float expected = to_float(halves[i]);
            const bool both_nan = expected != expected && wide[i] != wide[i];
            wrong += static_cast<int>(!both_nan && wide[i] != expected);
        }
        CHECK(wrong == 0);
    }
}

void the_best_one_is_there(test::Results& results) {
    CHECK(cabinsafe::find_scanner(Isa::scalar) != nullptr);
    CHECK(cabinsafe::find_scanner(cabinsafe::best_scanner().isa) == &cabinsafe::best_scanner());
}

}  // namespace

int main() {
    test::Results results;
    all_find_the_same(results);
    all_see_what_is_not_finite(results);
    halves_are_exact(results);
    the_best_one_is_there(results);
    return results.report();
}
