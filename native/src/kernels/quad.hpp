// Registers of four lanes in plain vector code: compilers put them into what every processor has.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "cabinsafe/half.hpp"

namespace cabinsafe {
namespace {

struct Quad {
    static constexpr int kLanes = 4;
    using Reg = float __attribute__((vector_size(16)));
    using Ints = int __attribute__((vector_size(16)));
    using Mask = Ints;

    static Reg load(const float* at) { return copy<Reg>(at); }
    static Reg load(const Half* at) {
        return Reg{to_float(at[0]), to_float(at[1]), to_float(at[2]), to_float(at[3])};
    }
    static Ints load(const int* at) { return copy<Ints>(at); }
    static void store(float* at, Reg a) { std::memcpy(at, &a, sizeof a); }
    static void store(int* at, Ints a) { std::memcpy(at, &a, sizeof a); }
    static Reg splat(float value) { return Reg{value, value, value, value}; }
    static Ints splat(int value) { return Ints{value, value, value, value}; }
    static Ints iota() { return Ints{0, 1, 2, 3}; }
    static float value(float value) { return value; }
    static float value(Half value) { return to_float(value); }

    static Reg min(Reg a, Reg b) { return a < b ? a : b; }
    static Reg max(Reg a, Reg b) { return a > b ? a : b; }
    static Reg abs(Reg a) { return Reg(Ints(a) & splat(0x7FFFFFFF)); }
    static Reg sqrt(Reg a) {
        return Reg{std::sqrt(a[0]), std::sqrt(a[1]), std::sqrt(a[2]), std::sqrt(a[3])};
    }
    static float sum(Reg a) { return a[0] + a[1] + a[2] + a[3]; }
    static float lowest(Reg a) {
        const float ab = a[1] < a[0] ? a[1] : a[0];
        const float cd = a[3] < a[2] ? a[3] : a[2];
        return cd < ab ? cd : ab;
    }
    static Ints lower(Ints a, Ints b) { return a < b ? a : b; }
    static Ints higher(Ints a, Ints b) { return a > b ? a : b; }
    static Ints truncate(Reg a) { return __builtin_convertvector(a, Ints); }

    template <typename Scalar>
    static Reg gather(const Scalar* from, Ints at) {
        return Reg{to_float(from[at[0]]), to_float(from[at[1]]), to_float(from[at[2]]),
                   to_float(from[at[3]])};
    }

    static Mask above(Reg a, Reg b) { return a > b; }
    static Mask not_below(Reg a, Reg b) { return a >= b; }
    static std::uint32_t bits(Mask lanes) {
        const Ints bit = lanes & Ints{1, 2, 4, 8};
        return static_cast<std::uint32_t>(bit[0] | bit[1] | bit[2] | bit[3]);
    }
    static Reg pick(Mask lanes, Reg a, Reg b) {
        return Reg((lanes & Ints(a)) | (~lanes & Ints(b)));
    }
    static int count(std::uint32_t bits) {
        return static_cast<int>((bits & 1U) + (bits >> 1U & 1U) + (bits >> 2U & 1U) + (bits >> 3U));
    }
    template <typename Value, typename Register>
    static void pack(Value* to, Register a, std::uint32_t bits) {
        int place = 0;
        for (int lane = 0; lane < kLanes; ++lane) {
            to[place] = a[lane];
            place += static_cast<int>(bits >> lane & 1U);
        }
    }

  private:
    template <typename Register, typename Value>
    static Register copy(const Value* at) {
        Register a;
        std::memcpy(&a, at, sizeof a);
        return a;
    }
};

}  // namespace
}  // namespace cabinsafe
