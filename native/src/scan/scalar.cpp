#include "scan_with.hpp"
#include "scanners.hpp"

namespace cabinsafe {
namespace {

// Eight floats side by side: compilers put them into the registers that every processor has.
struct Plain {
    static constexpr int kLanes = 8;
    struct Reg {
        float lane[kLanes];
    };

    template <typename Operation>
    static Reg each(Operation operation) {
        Reg out;
        for (int i = 0; i < kLanes; ++i) out.lane[i] = operation(i);
        return out;
    }
    template <typename Test>
    static std::uint32_t bits(Test test) {
        std::uint32_t out = 0;
        for (int i = 0; i < kLanes; ++i) out |= static_cast<std::uint32_t>(test(i)) << i;
        return out;
    }
    static Reg load(const float* at) {
        return each([&](int i) { return at[i]; });
    }
    static Reg splat(float value) {
        return each([&](int) { return value; });
    }
    static Reg add(const Reg& a, const Reg& b) {
        return each([&](int i) { return a.lane[i] + b.lane[i]; });
    }
    static Reg max(const Reg& a, const Reg& b) {
        return each([&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
    }
    static bool any_above(const Reg& a, const Reg& b) {
        int count = 0;
        for (int i = 0; i < kLanes; ++i) count += static_cast<int>(a.lane[i] > b.lane[i]);
        return count > 0;
    }
    static std::uint32_t above(const Reg& a, const Reg& b) {
        return bits([&](int i) { return a.lane[i] > b.lane[i]; });
    }
    static std::uint32_t not_below(const Reg& a, const Reg& b) {
        return bits([&](int i) { return a.lane[i] >= b.lane[i]; });
    }
    static float sum(const Reg& a) {
        float total = 0.0F;
        for (const float value : a.lane) total += value;
        return total;
    }
};

void widen(const Half* from, float* to, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) to[i] = to_float(from[i]);
}

}  // namespace

const Scanner* scalar_scanner() {
    static constexpr Scanner kScanner{Isa::scalar, &find_maxima_with<Plain>, &widen};
    return &kScanner;
}

}  // namespace cabinsafe
