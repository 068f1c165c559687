#include "resamplers.hpp"

#ifdef __aarch64__
#include <arm_neon.h>

#include "resample_with.hpp"

namespace cabinsafe {
namespace {

struct Neon {
    static constexpr int kBytes = 8;
    static constexpr int kFloats = 8;
    using Words = int16x8_t;
    struct Sums {
        int32x4_t low, high;
    };
    using Pixel = int32x4_t;
    struct Floats {
        float32x4_t low, high;
    };

    static Words widen(const std::uint8_t* at) {
        return vreinterpretq_s16_u16(vmovl_u8(vld1_u8(at)));
    }
    static void add(Sums& sums, Words a, Words b, const std::int16_t* weights) {
        sums.low = vmlal_n_s16(sums.low, vget_low_s16(a), weights[0]);
        sums.low = vmlal_n_s16(sums.low, vget_low_s16(b), weights[1]);
        sums.high = vmlal_n_s16(sums.high, vget_high_s16(a), weights[0]);
        sums.high = vmlal_n_s16(sums.high, vget_high_s16(b), weights[1]);
    }
    static void store_rounded(const Sums& sums, std::int16_t* out) {
        vst1q_s16(out, vcombine_s16(vrshrn_n_s32(sums.low, 7), vrshrn_n_s32(sums.high, 7)));
    }
    static void add(Pixel& pixel, const std::int16_t* at, const std::int16_t* weights) {
        pixel = vmlal_n_s16(pixel, vld1_s16(at), weights[0]);
        pixel = vmlal_n_s16(pixel, vld1_s16(at + kColors), weights[1]);
    }
    static void store_levels(const Pixel* pixels,
                             const std::array<std::uint8_t*, kColors>& planes) {
        for (int i = 0; i < kColumnGroup; ++i) {
            const int32x4_t levels = vrshrq_n_s32(pixels[i], 21);
            planes[0][i] = static_cast<std::uint8_t>(vgetq_lane_s32(levels, 0));
            planes[1][i] = static_cast<std::uint8_t>(vgetq_lane_s32(levels, 1));
            planes[2][i] = static_cast<std::uint8_t>(vgetq_lane_s32(levels, 2));
        }
    }
    static Floats normalise(const std::uint8_t* levels, float mean, float std) {
        const uint16x8_t words = vmovl_u8(vld1_u8(levels));
        return {normalised(vget_low_u16(words), mean, std),
                normalised(vget_high_u16(words), mean, std)};
    }
    static void store(const Floats& values, float* out) {
        vst1q_f32(out, values.low);
        vst1q_f32(out + 4, values.high);
    }
    static void store(const Floats& values, Half* out) {
        vst1_u16(&out[0].bits, vreinterpret_u16_f16(vcvt_f16_f32(values.low)));
        vst1_u16(&out[4].bits, vreinterpret_u16_f16(vcvt_f16_f32(values.high)));
    }

  private:
    static float32x4_t normalised(uint16x4_t words, float mean, float std) {
        const float32x4_t values = vcvtq_f32_u32(vmovl_u16(words));
        return vdivq_f32(vsubq_f32(values, vdupq_n_f32(mean)), vdupq_n_f32(std));
    }
};

}  // namespace

const Resampler* neon_resampler() {
    static constexpr Resampler kResampler = resampler_with<Neon>(Isa::neon);
    return &kResampler;
}

}  // namespace cabinsafe
#else
namespace cabinsafe {
const Resampler* neon_resampler() { return nullptr; }
}  // namespace cabinsafe
#endif
