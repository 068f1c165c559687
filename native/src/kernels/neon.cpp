#include "all_kernels.hpp"

#ifdef __aarch64__
#include <arm_neon.h>

#include "quad.hpp"
#include "table.hpp"

namespace cabinsafe {
namespace {

struct Neon : Quad {
    using Quad::load;

    static Reg load(const Half* at) {
        return Reg(vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(&at->bits))));
    }
    static Reg min(Reg a, Reg b) { return Reg(vminq_f32(float32x4_t(a), float32x4_t(b))); }
    static Reg max(Reg a, Reg b) { return Reg(vmaxq_f32(float32x4_t(a), float32x4_t(b))); }
    static Reg sqrt(Reg a) { return Reg(vsqrtq_f32(float32x4_t(a))); }
    static std::uint32_t bits(Mask lanes) {
        const uint32x4_t weights{1, 2, 4, 8};
        return vaddvq_u32(vandq_u32(uint32x4_t(lanes), weights));
    }
};

}  // namespace

const Kernels* neon_kernels() {
    static constexpr Kernels kKernels = kernels_with<Neon>(Isa::neon);
    return &kKernels;
}

}  // namespace cabinsafe
#else
namespace cabinsafe {
const Kernels* neon_kernels() { return nullptr; }
}  // namespace cabinsafe
#endif
