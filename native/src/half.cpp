#include "cabinsafe/half.hpp"

namespace cabinsafe {

Half to_half(float value) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    const auto sign = static_cast<std::uint16_t>((bits >> 16U) & 0x8000U);
    std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    if (magnitude > 0x7F800000U) return {static_cast<std::uint16_t>(sign | 0x7E00U)};
    if (magnitude >= 0x477FF000U) return {static_cast<std::uint16_t>(sign | 0x7C00U)};
    if (magnitude < 0x38800000U) {  // subnormal: a half's last digit is that of floats at 0.5
        float shifted = 0.0F;
        std::memcpy(&shifted, &magnitude, sizeof shifted);
        shifted += 0.5F;
        std::memcpy(&magnitude, &shifted, sizeof magnitude);
        return {static_cast<std::uint16_t>(sign | (magnitude - 0x3F000000U))};
    }
    magnitude += 0xFFFU + ((magnitude >> 13U) & 1U);
    return {static_cast<std::uint16_t>(sign | ((magnitude - 0x38000000U) >> 13U))};
}

}  // namespace cabinsafe
