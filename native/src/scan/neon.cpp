#include "scanners.hpp"

#ifdef __aarch64__
#include <arm_neon.h>

#include "scan_with.hpp"

namespace cabinsafe {
namespace {

struct Neon {
    static constexpr int kLanes = 4;
    using Reg = float32x4_t;

    static Reg load(const float* at) { return vld1q_f32(at); }
    static Reg splat(float value) { return vdupq_n_f32(value); }
    static Reg add(Reg a, Reg b) { return vaddq_f32(a, b); }
    static Reg max(Reg a, Reg b) { return vmaxnmq_f32(a, b); }
    static bool any_above(Reg a, Reg b) { return vmaxvq_u32(vcgtq_f32(a, b)) != 0; }
    static std::uint32_t above(Reg a, Reg b) { return bits(vcgtq_f32(a, b)); }
    static std::uint32_t not_below(Reg a, Reg b) { return bits(vcgeq_f32(a, b)); }
    static float sum(Reg a) { return vaddvq_f32(a); }

  private:
    static std::uint32_t bits(uint32x4_t lanes) {
        const uint32x4_t weights{1, 2, 4, 8};
        return vaddvq_u32(vandq_u32(lanes, weights));
    }
};

void widen(const Half* from, float* to, std::size_t count) {
    std::size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const uint16x4_t bits = vld1_u16(&from[i].bits);
        vst1q_f32(to + i, vcvt_f32_f16(vreinterpret_f16_u16(bits)));
    }
    for (; i < count; ++i) to[i] = to_float(from[i]);
}

}  // namespace

const Scanner* neon_scanner() {
    static constexpr Scanner kScanner{Isa::neon, &find_maxima_with<Neon>, &widen};
    return &kScanner;
}

}  // namespace cabinsafe
#else
namespace cabinsafe {
const Scanner* neon_scanner() { return nullptr; }
}  // namespace cabinsafe
#endif
