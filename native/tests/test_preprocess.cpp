// Every instruction set of this processor makes the same input as a plain computation.
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "cabinsafe/preprocess.hpp"
#include "check.hpp"

namespace {

using cabinsafe::Half;
using cabinsafe::ImageView;
using cabinsafe::Isa;
using cabinsafe::kColors;
using cabinsafe::Normalisation;
using cabinsafe::Placement;
using cabinsafe::Resampler;
using cabinsafe::Taps;

std::vector<std::uint8_t> random_bytes(std::size_t count) {
    std::vector<std::uint8_t> bytes(count);
    unsigned state = 7;
    for (std::uint8_t& byte : bytes) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<std::uint8_t>(state >> 24U);
    }
    return bytes;
}

std::vector<const Resampler*> resamplers() {
    std::vector<const Resampler*> all;
    for (const Isa isa : {Isa::scalar, Isa::neon, Isa::avx2, Isa::avx512}) {
        if (const Resampler* found = cabinsafe::find_resampler(isa)) all.push_back(found);
    }
    return all;
}

// The level of one pixel of the part that the frame fills, straight from the header's words.
int level(const ImageView& image, const Taps& rows, const Taps& columns, int y, int x, int color) {
    int sum = 0;
    for (int i = 0; i < columns.count; ++i) {
        const int column = columns.first[x] + i;
        if (columns.weights_of(x)[i] == 0) continue;
        int blended = 0;
        for (int j = 0; j < rows.count; ++j) {
            if (rows.weights_of(y)[j] == 0) continue;
            const std::uint8_t* const row = image.data + (rows.first[y] + j) * image.row_stride;
            blended += rows.weights_of(y)[j] * row[column * kColors + color];
        }
        sum += columns.weights_of(x)[i] * ((blended + 64) >> 7);
    }
    return (sum + (1 << 20)) >> 21;
}

std::vector<float> plain(const ImageView& image, const Placement& place, const Normalisation& how) {
    const Taps rows = cabinsafe::taps_of(image.height, place.inner_height);
    const Taps columns = cabinsafe::taps_of(image.width, place.inner_width);
    std::vector<float> out;
    for (int color = 0; color < kColors; ++color) {
        for (int y = 0; y < place.height; ++y) {
            for (int x = 0; x < place.width; ++x) {
                const int inner_y = y - place.top;
                const int inner_x = x - place.left;
                const bool inside = inner_y >= 0 && inner_y < place.inner_height && inner_x >= 0 &&
                                    inner_x < place.inner_width;
                const int from = how.rgb ? kColors - 1 - color : color;
                const int value =
                    inside ? level(image, rows, columns, inner_y, inner_x, from) : how.pad;
                out.push_back((static_cast<float>(value) - how.mean[color]) / how.std[color]);
            }
        }
    }
    return out;
}

void compare(test::Results& results, const ImageView& image, const Placement& place,
             const Normalisation& how) {
    const std::vector<float> expected = plain(image, place, how);
    for (const Resampler* resampler : resamplers()) {
        std::vector<float> floats(expected.size());
        std::vector<Half> halves(expected.size());
        cabinsafe::fill_input(image, place, how, *resampler, floats.data());
        cabinsafe::fill_input(image, place, how, *resampler, halves.data());
        CHECK(std::memcmp(floats.data(), expected.data(), expected.size() * sizeof(float)) == 0);
        int wrong = 0;
        for (std::size_t i = 0; i < halves.size(); ++i) {
            wrong += static_cast<int>(halves[i].bits != cabinsafe::to_half(expected[i]).bits);
        }
        CHECK(wrong == 0);
    }
}

void all_make_the_same_input(test::Results& results) {
    const Normalisation how{true, 99, {1.5F, 20.0F, -3.0F}, {3.0F, 0.25F, 57.1F}};
    for (const int width : {1, 2, 5, 11, 16, 43, 90}) {
        for (const int height : {1, 3, 40}) {
            // Exactly as many bytes as there are, so that a sanitizer sees every step too far.
            const std::vector<std::uint8_t> bytes =
                random_bytes(static_cast<std::size_t>(kColors) * width * height);
            const ImageView image{bytes.data(), height, width, kColors * width};
            for (const int inner : {1, 2, 7, 16, 31}) {
                compare(results, image, {40, 35, 3, 8, 17, inner}, how);
            }
        }
    }
}

void rows_may_lie_apart_or_upside_down(test::Results& results) {
    const std::vector<std::uint8_t> bytes = random_bytes(100 * 20);
    compare(results, {bytes.data() + 7, 20, 30, 100}, {16, 16, 0, 0, 16, 16}, {});
    compare(results, {bytes.data() + 100 * 19, 20, 33, -100}, {64, 64, 0, 0, 64, 64}, {});
}

void levels_need_no_normalising(test::Results& results) {
    const std::vector<std::uint8_t> bytes = random_bytes(3 * 12 * 10);
    const ImageView image{bytes.data(), 10, 12, 36};
    const Placement place{9, 9, 1, 2, 6, 7};
    const std::vector<float> expected = plain(image, place, {false, 5, {}, {1.0F, 1.0F, 1.0F}});
    for (const Resampler* resampler : resamplers()) {
        std::vector<std::uint8_t> levels(expected.size());
        cabinsafe::fill_input(image, place, {false, 5, {}, {1.0F, 1.0F, 1.0F}}, *resampler,
                              levels.data());
        CHECK(std::vector<float>(levels.begin(), levels.end()) == expected);
    }
}

void halves_go_there_and_back(test::Results& results) {
    int wrong = 0;
    for (unsigned bits = 0; bits < 0x7C00U; ++bits) {
        const Half half{static_cast<std::uint16_t>(bits)};
        const float value = to_float(half);
        wrong += static_cast<int>(cabinsafe::to_half(value).bits != bits);
        wrong += static_cast<int>(cabinsafe::to_half(-value).bits != (bits | 0x8000U));
        const Half next{static_cast<std::uint16_t>(bits + 1)};
        if (bits + 1 == 0x7C00U) continue;
        const float middle = (value + to_float(next)) / 2.0F;
        const unsigned even = bits % 2 == 0 ? bits : bits + 1;
        wrong += static_cast<int>(cabinsafe::to_half(middle).bits != even);
    }
    CHECK(wrong == 0);
    const float infinity = std::numeric_limits<float>::infinity();
    CHECK(cabinsafe::to_half(65519.0F).bits == 0x7BFF &&
          cabinsafe::to_half(65520.0F).bits == 0x7C00);
    CHECK(cabinsafe::to_half(-infinity).bits == 0xFC00);
    const float back = to_float(cabinsafe::to_half(std::numeric_limits<float>::quiet_NaN()));
    CHECK(back != back);
}

void what_cannot_be_is_refused(test::Results& results) {
    const std::vector<std::uint8_t> bytes = random_bytes(27);
    std::vector<float> out(48);
    const auto refuses = [&](const ImageView& image, const Placement& place,
                             const Normalisation& how) {
        return test::throws<std::invalid_argument>([&] {
            cabinsafe::fill_input(image, place, how, cabinsafe::best_resampler(), out.data());
        });
    };
    const ImageView image{bytes.data(), 3, 3, 9};
    CHECK(!refuses(image, {4, 4, 0, 0, 4, 4}, {}));
    CHECK(refuses({bytes.data(), 0, 3, 9}, {4, 4, 0, 0, 4, 4}, {}));
    CHECK(refuses({bytes.data(), 3, cabinsafe::kMaxSide + 1, 9}, {4, 4, 0, 0, 4, 4}, {}));
    CHECK(refuses(image, {4, 4, 1, 0, 4, 4}, {}));
    CHECK(refuses(image, {4, 4, 0, -1, 4, 4}, {}));
    CHECK(refuses(image, {4, 4, 0, 0, 0, 4}, {}));
    CHECK(refuses(image, {4, 4, 0, 0, 4, 4}, {false, 0, {}, {1.0F, 0.0F, 1.0F}}));
}

void the_best_one_is_there(test::Results& results) {
    CHECK(cabinsafe::find_resampler(Isa::scalar) != nullptr);
    const Resampler& best = cabinsafe::best_resampler();
    CHECK(cabinsafe::find_resampler(best.isa) == &best);
}

}  // namespace

int main() {
    test::Results results;
    all_make_the_same_input(results);
    rows_may_lie_apart_or_upside_down(results);
    levels_need_no_normalising(results);
    halves_go_there_and_back(results);
    what_cannot_be_is_refused(results);
    the_best_one_is_there(results);
    return results.report();
}
