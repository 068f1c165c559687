#include "cabinsafe/render/noise.hpp"

namespace cabinsafe::render {
namespace {

// Whole coordinates times large odd numbers, mixed by a multiply-xorshift (as in murmur3's end).
float random_at(std::uint32_t sum) {
    sum ^= sum >> 15U;
    sum *= 0x85ebca6bU;
    sum ^= sum >> 13U;
    sum *= 0xc2b2ae35U;
    return static_cast<float>(sum >> 8U) * 0x1p-24F;
}

// Where a coordinate stands between two whole numbers: smoothstep, its slope, and the lower's hash.
struct Cell {
    std::uint32_t low;
    std::uint32_t high;
    float share;
    float slope;

    Cell(float place, std::uint32_t prime) {
        const int below = whole(place);
        const float t = place - static_cast<float>(below);
        low = static_cast<std::uint32_t>(below) * prime;
        high = low + prime;
        share = t * t * (3.0F - 2.0F * t);
        slope = 6.0F * t * (1.0F - t);
    }
};

}  // namespace

Noise noise(const Vec3f& place) {
    const Cell x(place.x, 0x9e3779b1U);
    const Cell y(place.y, 0x85ebca77U);
    const Cell z(place.z, 0xc2b2ae3dU);
    const auto line = [&](std::uint32_t rest, float& step) {
        const float start = random_at(x.low + rest);
        step = random_at(x.high + rest) - start;
        return start + x.share * step;
    };
    float step[4];
    const float a = line(y.low + z.low, step[0]);
    const float b = line(y.high + z.low, step[1]);
    const float c = line(y.low + z.high, step[2]);
    const float d = line(y.high + z.high, step[3]);
    const float near = a + y.share * (b - a);
    const float far = c + y.share * (d - c);
    const float near_step = step[0] + y.share * (step[1] - step[0]);
    const float far_step = step[2] + y.share * (step[3] - step[2]);
    return {near + z.share * (far - near),
            {x.slope * (near_step + z.share * (far_step - near_step)),
             y.slope * ((b - a) + z.share * ((d - c) - (b - a))), z.slope * (far - near)}};
}

}  // namespace cabinsafe::render
