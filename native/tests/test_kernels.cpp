// Every instruction set of this processor finds the same maxima as a plain search, and the same
// people as the others, to the last bit.
#include <limits>
#include <vector>

#include "cabinsafe/decoder.hpp"
#include "canvas.hpp"
#include "check.hpp"

namespace {

using cabinsafe::Half;
using cabinsafe::Isa;
using cabinsafe::Kernels;
using cabinsafe::MapsOf;
using cabinsafe::ScanRoom;
using cabinsafe::to_float;

class Random {
  public:
    unsigned next() {
        state_ = state_ * 1664525U + 1013904223U;
        return state_ >> 8U;
    }
    // In [0, 2): only few different values, so that ties and flat tops are common, or many.
    Half half(bool coarse) {
        const unsigned bits = coarse ? 0x2C00U + 0x400U * (next() % 5U) : next() % 0x4000U;
        return {static_cast<std::uint16_t>(bits)};
    }
    template <typename Scalar>
    std::vector<Scalar> values(std::size_t count, bool coarse) {
        std::vector<Scalar> values;
        for (std::size_t i = 0; i < count; ++i) {
            if constexpr (std::is_same_v<Scalar, Half>) {
                values.push_back(half(coarse));
            } else {
                values.push_back(to_float(half(coarse)) - 0.25F);
            }
        }
        return values;
    }

  private:
    unsigned state_ = 7;
};

template <typename Scalar>
std::vector<int> plain_maxima(const std::vector<Scalar>& values, int height, int width,
                              float threshold) {
    std::vector<float> plane;
    for (const Scalar value : values) plane.push_back(to_float(value));
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

std::vector<const Kernels*> all_kernels() {
    std::vector<const Kernels*> all;
    for (const Isa isa : {Isa::scalar, Isa::neon, Isa::avx2, Isa::avx512}) {
        if (const Kernels* kernels = cabinsafe::find_kernels(isa)) all.push_back(kernels);
    }
    return all;
}

template <typename Scalar>
std::vector<int> found_by(const Kernels& kernels, const std::vector<Scalar>& plane, int height,
                          int width, bool& finite) {
    ScanRoom room;
    room.fit(height, width);
    const auto found = kernels.of<Scalar>().find_maxima(plane.data(), 0.1F, room);
    finite = found.finite;
    return {room.maxima(), room.maxima() + found.maxima};
}

template <typename Scalar>
void all_find_the_same_maxima(test::Results& results) {
    Random random;
    for (const int width : {1, 2, 3, 7, 15, 16, 17, 31, 44, 64, 88, 131}) {
        for (const int height : {1, 2, 3, 8, 33}) {
            for (const bool coarse : {true, false}) {
                const std::size_t cells = static_cast<std::size_t>(width) * height;
                const auto plane = random.values<Scalar>(cells, coarse);
                const std::vector<int> expected = plain_maxima(plane, height, width, 0.1F);
                for (const Kernels* kernels : all_kernels()) {
                    bool finite = false;
                    CHECK(found_by(*kernels, plane, height, width, finite) == expected);
                    CHECK(finite);
                }
            }
        }
    }
}

template <typename Scalar>
void all_find_the_same_maxima_in_windows(test::Results& results) {
    Random random;
    for (const auto& [height, width] : {std::pair{1, 40}, {3, 4}, {9, 17}, {20, 64}, {33, 1}}) {
        for (int i = 0; i < 40; ++i) {
            const auto plane =
                random.values<Scalar>(static_cast<std::size_t>(height) * width, true);
            const auto below = [&](int limit) { return static_cast<int>(random.next() % limit); };
            const int left = below(width), top = below(height);
            const cabinsafe::ScanWindow window{height,
                                               width,
                                               left,
                                               top,
                                               left + below(width - left + 1),
                                               top + below(height - top + 1)};
            std::vector<int> expected;
            for (const int cell : plain_maxima(plane, height, width, 0.1F)) {
                const int x = cell % width, y = cell / width;
                if (x >= left && x < window.right && y >= top && y < window.bottom) {
                    expected.push_back(cell);
                }
            }
            for (const Kernels* kernels : all_kernels()) {
                std::vector<int> found(plane.size());
                const auto& of = kernels->of<Scalar>();
                found.resize(static_cast<std::size_t>(
                    of.find_maxima_in(plane.data(), window, 0.1F, found.data())));
                CHECK(found == expected);
            }
        }
    }
}

void all_see_what_is_not_finite(test::Results& results) {
    const float infinity = std::numeric_limits<float>::infinity();
    for (const Kernels* kernels : all_kernels()) {
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity}) {
            for (const int cell : {0, 5, 63, 64, 200, 336}) {
                std::vector<float> plane(337, 0.0F);
                plane[cell] = bad;
                bool finite = true;
                found_by(*kernels, plane, 1, 337, finite);
                CHECK(!finite);
            }
        }
    }
}

std::vector<float> all_numbers(const cabinsafe::Poses& poses) {
    std::vector<float> numbers;
    for (const auto* list : {&poses.score, &poses.person_score, &poses.limb_score, &poses.ambiguity,
                             &poses.limb_ambiguity}) {
        numbers.insert(numbers.end(), list->begin(), list->end());
    }
    for (const float xy : poses.xy) numbers.push_back(xy == xy ? xy : -1.0F);
    return numbers;
}

template <typename Scalar>
void all_find_the_same_people(test::Results& results) {
    cabinsafe::Options options = test::plain_options();
    options.max_people = options.max_peaks_per_keypoint = 4096;
    options.peak_threshold = 0.5F;
    options.weak_peak_threshold = 0.1F;
    Random random;
    for (const auto& [height, width] : {std::pair{1, 40}, {3, 4}, {5, 5}, {23, 37}, {40, 64}}) {
        for (const bool coarse : {true, false}) {
            const std::size_t cells = static_cast<std::size_t>(height) * width;
            const auto heatmaps = random.values<Scalar>(3 * cells, coarse);
            const auto pafs = random.values<Scalar>(6 * cells, coarse);
            std::vector<float> first;
            for (const Kernels* kernels : all_kernels()) {
                const cabinsafe::Decoder decoder(test::ring_layout(), options, *kernels);
                cabinsafe::Workspace workspace;
                const auto numbers = all_numbers(
                    decoder.decode(MapsOf<Scalar>{heatmaps.data(), 3, height, width},
                                   MapsOf<Scalar>{pafs.data(), 6, height, width}, workspace));
                if (first.empty()) first = numbers;
                CHECK(numbers == first && (cells < 800 || numbers.size() > 100));
            }
        }
    }
}

// By reading each of them as the field under a peak.
void halves_are_exact(test::Results& results) {
    constexpr int kCount = 65536;
    CHECK(to_float(Half{0x3C00}) == 1.0F && to_float(Half{0xC000}) == -2.0F);
    CHECK(to_float(Half{0x0001}) == 0x1p-24F && to_float(Half{0x7BFF}) == 65504.0F);
    CHECK(to_float(Half{0x7C00}) == std::numeric_limits<float>::infinity());
    std::vector<Half> halves(kCount);
    std::vector<float> x(kCount), y(kCount, 0.5F), field_x(kCount), field_y(kCount);
    std::vector<float> sq(kCount + cabinsafe::kMaxLanes);
    for (int i = 0; i < kCount; ++i) {
        halves[i].bits = static_cast<std::uint16_t>(i);
        x[i] = static_cast<float>(i) + 0.5F;
    }
    const cabinsafe::LimbField<Half> field{halves.data(), kCount, 0, 0, 0, 0.0F};
    for (const Kernels* kernels : all_kernels()) {
        CHECK(!kernels->of_half.read_ends(
            field, {kCount, 0, x.data(), y.data(), field_x.data(), field_y.data(), sq.data()}));
        int wrong = 0;
        for (int i = 0; i < kCount; ++i) {
            const float expected = to_float(halves[i]);
            const bool both_nan = expected != expected && field_x[i] != field_x[i];
            wrong += static_cast<int>(!both_nan && field_x[i] != expected);
        }
        CHECK(wrong == 0);
    }
}

void the_best_ones_are_there(test::Results& results) {
    CHECK(cabinsafe::find_kernels(Isa::scalar) != nullptr);
    CHECK(cabinsafe::find_kernels(cabinsafe::best_kernels().isa) == &cabinsafe::best_kernels());
}

}  // namespace

int main() {
    test::Results results;
    all_find_the_same_maxima<float>(results);
    all_find_the_same_maxima<Half>(results);
    all_find_the_same_maxima_in_windows<float>(results);
    all_find_the_same_maxima_in_windows<Half>(results);
    all_see_what_is_not_finite(results);
    all_find_the_same_people<float>(results);
    all_find_the_same_people<Half>(results);
    halves_are_exact(results);
    the_best_ones_are_there(results);
    return results.report();
}
