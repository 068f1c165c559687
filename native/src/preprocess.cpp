#include "cabinsafe/preprocess.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

namespace cabinsafe {
namespace {

constexpr std::int64_t kOne = 16384;
constexpr std::size_t kRowMargin = 16;  // what blend_columns reads past a row

// R(above / below) for 0 <= above <= below.
int rounded_weight(std::int64_t above, std::int64_t below) {
    return static_cast<int>((2 * kOne * above + below) / (2 * below));
}

// Weights of one input pixel, from the given place on; returns its first frame pixel.
int area_weights(std::int64_t n, std::int64_t m, std::int64_t x, std::int16_t* weights) {
    const std::int64_t first = x * n / m;
    int before = 0;
    for (std::int64_t i = first; before < kOne; ++i) {
        const int until = rounded_weight(std::min((i + 1) * m - x * n, n), n);
        *weights++ = static_cast<std::int16_t>(until - before);
        before = until;
    }
    return static_cast<int>(first);
}

int linear_weights(std::int64_t n, std::int64_t m, std::int64_t x, std::int16_t* weights) {
    const std::int64_t at = std::clamp<std::int64_t>((2 * x + 1) * n - m, 0, (n - 1) * 2 * m);
    const std::int64_t first = at / (2 * m);
    const int next = rounded_weight(at - first * 2 * m, 2 * m);
    weights[0] = static_cast<std::int16_t>(kOne - next);
    weights[1] = static_cast<std::int16_t>(next);
    return static_cast<int>(first);
}

void require(bool holds, const std::string& what) {
    if (!holds) throw std::invalid_argument(what);
}

void check_side(const char* name, int side) {
    require(side >= 1 && side <= kMaxSide, std::string(name) + " must be from 1 to " +
                                               std::to_string(kMaxSide) + ", got " +
                                               std::to_string(side));
}

void check(const ImageView& image, const Placement& place, const Normalisation& normalisation) {
    check_side("the frame's height", image.height);
    check_side("the frame's width", image.width);
    check_side("the input's height", place.height);
    check_side("the input's width", place.width);
    check_side("the part's height", place.inner_height);
    check_side("the part's width", place.inner_width);
    require(place.left >= 0 && place.top >= 0 && place.left <= place.width - place.inner_width &&
                place.top <= place.height - place.inner_height,
            "the part that the frame fills must lie inside the input");
    for (const float std : normalisation.std) require(std > 0.0F, "std must be above 0");
}

void write(const Resampler& with, const std::uint8_t* levels, int count, float mean, float std,
           float* out) {
    with.to_floats(levels, count, mean, std, out);
}

void write(const Resampler& with, const std::uint8_t* levels, int count, float mean, float std,
           Half* out) {
    with.to_halves(levels, count, mean, std, out);
}

void write(const Resampler&, const std::uint8_t* levels, int count, float, float,
           std::uint8_t* out) {
    std::memcpy(out, levels, static_cast<std::size_t>(count));
}

// Everything of a plane (height, width) but the part that the frame fills.
template <typename Scalar>
void fill_bars(const Placement& place, Scalar pad, Scalar* plane) {
    const auto width = static_cast<std::size_t>(place.width);
    const int bottom = place.top + place.inner_height;
    std::fill_n(plane, static_cast<std::size_t>(place.top) * width, pad);
    for (int y = place.top; y < bottom; ++y) {
        Scalar* const row = plane + static_cast<std::size_t>(y) * width;
        std::fill_n(row, place.left, pad);
        std::fill(row + place.left + place.inner_width, row + place.width, pad);
    }
    std::fill(plane + static_cast<std::size_t>(bottom) * width,
              plane + static_cast<std::size_t>(place.height) * width, pad);
}

// Levels of the input's rows, one after the other.
class RowLevels {
  public:
    RowLevels(const ImageView& image, const Placement& place, const Resampler& resampler)
        : image_(image),
          resampler_(resampler),
          rows_(taps_of(image.height, place.inner_height)),
          columns_(taps_of(image.width, place.inner_width)),
          sources_(static_cast<std::size_t>(rows_.count)),
          blended_(kColors * static_cast<std::size_t>(image.width + columns_.count) + kRowMargin) {
        const std::size_t width =
            (columns_.first.size() + kColumnGroup - 1) / kColumnGroup * kColumnGroup;
        levels_.resize(kColors * width);
        for (std::size_t color = 0; color < kColors; ++color) {
            planes_[color] = levels_.data() + color * width;
        }
        columns_.first.resize(width, 0);
        columns_.weights.resize(width * static_cast<std::size_t>(columns_.count), 0);
    }

    // Planes of blue, green and red.
    const std::array<std::uint8_t*, kColors>& of(int y) {
        const int first = rows_.first[static_cast<std::size_t>(y)];
        const std::int16_t* const weights = rows_.weights_of(y);
        int taps = rows_.count;
        while (taps > 2 && weights[taps - 1] == 0 && weights[taps - 2] == 0) taps -= 2;
        for (int i = 0; i < taps; ++i) {
            const int row = std::min(first + i, image_.height - 1);
            sources_[static_cast<std::size_t>(i)] = image_.data + row * image_.row_stride;
        }
        resampler_.blend_rows(sources_.data(), weights, taps, kColors * image_.width,
                              blended_.data());
        resampler_.blend_columns(blended_.data(), columns_, planes_);
        return planes_;
    }

  private:
    const ImageView& image_;
    const Resampler& resampler_;
    Taps rows_;
    Taps columns_;
    std::vector<const std::uint8_t*> sources_;
    std::vector<std::int16_t> blended_;
    std::vector<std::uint8_t> levels_;
    std::array<std::uint8_t*, kColors> planes_{};
};

}  // namespace

Taps taps_of(int frame_side, int inner_side) {
    const bool shrinks = inner_side < frame_side;
    const int touched = frame_side / inner_side + (frame_side % inner_side == 0 ? 0 : 2);
    Taps taps;
    taps.count = shrinks ? touched + touched % 2 : 2;
    taps.first.resize(static_cast<std::size_t>(inner_side));
    taps.weights.resize(taps.first.size() * static_cast<std::size_t>(taps.count));
    std::int16_t* weights = taps.weights.data();
    for (int x = 0; x < inner_side; ++x, weights += taps.count) {
        taps.first[static_cast<std::size_t>(x)] =
            shrinks ? area_weights(frame_side, inner_side, x, weights)
                    : linear_weights(frame_side, inner_side, x, weights);
    }
    return taps;
}

template <typename Scalar>
void fill_input(const ImageView& image, const Placement& place, const Normalisation& normalisation,
                const Resampler& resampler, Scalar* out) {
    check(image, place, normalisation);
    const std::size_t plane =
        static_cast<std::size_t>(place.height) * static_cast<std::size_t>(place.width);
    for (std::size_t color = 0; color < kColors; ++color) {
        Scalar pad{};
        write(resampler, &normalisation.pad, 1, normalisation.mean[color], normalisation.std[color],
              &pad);
        fill_bars(place, pad, out + color * plane);
    }
    RowLevels levels(image, place, resampler);
    for (int y = 0; y < place.inner_height; ++y) {
        const auto& bgr = levels.of(y);
        const std::size_t start =
            static_cast<std::size_t>(place.top + y) * static_cast<std::size_t>(place.width) +
            static_cast<std::size_t>(place.left);
        for (std::size_t color = 0; color < kColors; ++color) {
            write(resampler, bgr[normalisation.rgb ? kColors - 1 - color : color],
                  place.inner_width, normalisation.mean[color], normalisation.std[color],
                  out + color * plane + start);
        }
    }
}

template void fill_input(const ImageView&, const Placement&, const Normalisation&, const Resampler&,
                         float*);
template void fill_input(const ImageView&, const Placement&, const Normalisation&, const Resampler&,
                         Half*);
template void fill_input(const ImageView&, const Placement&, const Normalisation&, const Resampler&,
                         std::uint8_t*);

}  // namespace cabinsafe
