#include "resample_with.hpp"
#include "resamplers.hpp"

namespace cabinsafe {
namespace {

// Eight numbers side by side: compilers put them into the registers that every processor has.
struct Plain {
    static constexpr int kBytes = 8;
    static constexpr int kFloats = 8;
    using Words = std::array<std::int16_t, kBytes>;
    using Sums = std::array<std::int32_t, kBytes>;
    using Pixel = std::array<std::int32_t, kColors>;
    using Floats = std::array<float, kFloats>;

    static Words widen(const std::uint8_t* at) {
        Words out;
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = at[i];
        return out;
    }
    static void add(Sums& sums, const Words& a, const Words& b, const std::int16_t* weights) {
        for (std::size_t i = 0; i < sums.size(); ++i) {
            sums[i] += a[i] * weights[0] + b[i] * weights[1];
        }
    }
    static void store_rounded(const Sums& sums, std::int16_t* out) {
        for (std::size_t i = 0; i < sums.size(); ++i) out[i] = rounded(sums[i]);
    }
    static void add(Pixel& pixel, const std::int16_t* at, const std::int16_t* weights) {
        for (std::size_t i = 0; i < pixel.size(); ++i) {
            pixel[i] += at[i] * weights[0] + at[i + kColors] * weights[1];
        }
    }
    static void store_levels(const Pixel* pixels,
                             const std::array<std::uint8_t*, kColors>& planes) {
        for (int i = 0; i < kColumnGroup; ++i) {
            for (std::size_t color = 0; color < kColors; ++color) {
                const std::int32_t level = (pixels[i][color] + (1 << 20)) >> 21;
                planes[color][i] = static_cast<std::uint8_t>(level);
            }
        }
    }
    static Floats normalise(const std::uint8_t* levels, float mean, float std) {
        Floats out;
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = (static_cast<float>(levels[i]) - mean) / std;
        }
        return out;
    }
    template <typename Scalar>
    static void store(const Floats& values, Scalar* out) {
        for (std::size_t i = 0; i < values.size(); ++i) write(values[i], out + i);
    }
};

}  // namespace

const Resampler* scalar_resampler() {
    static constexpr Resampler kResampler = resampler_with<Plain>(Isa::scalar);
    return &kResampler;
}

}  // namespace cabinsafe
