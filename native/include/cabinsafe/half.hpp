// IEEE 754 binary16, as networks that run in half precision return it.
#pragma once

#include <cstdint>
#include <cstring>

namespace cabinsafe {

struct Half {
    std::uint16_t bits = 0;
};

inline float to_float(float value) { return value; }

// Exact for every value. The exponent is moved to float's place by a product, which also settles
// subnormal numbers; infinity and NaN get float's exponent.
inline float to_float(Half half) {
    constexpr float kRebias = 0x1p112F;
    const std::uint32_t magnitude = static_cast<std::uint32_t>(half.bits & 0x7FFFU) << 13U;
    float value = 0.0F;
    std::memcpy(&value, &magnitude, sizeof value);
    value *= kRebias;
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    if ((half.bits & 0x7C00U) == 0x7C00U) bits |= 0x7F800000U;
    bits |= static_cast<std::uint32_t>(half.bits & 0x8000U) << 16U;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// The nearest half, the even one of two; beyond the largest infinity.
Half to_half(float value);

}  // namespace cabinsafe
