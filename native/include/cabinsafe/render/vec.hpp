// Three numbers, and what is done with them.
#pragma once

#include <cmath>

namespace cabinsafe::render {

template <typename T>
struct Vec {
    T x{};
    T y{};
    T z{};

    Vec operator+(const Vec& o) const { return {x + o.x, y + o.y, z + o.z}; }
    Vec operator-(const Vec& o) const { return {x - o.x, y - o.y, z - o.z}; }
    Vec operator*(const Vec& o) const { return {x * o.x, y * o.y, z * o.z}; }
    Vec operator*(T k) const { return {x * k, y * k, z * k}; }
    Vec operator-() const { return {-x, -y, -z}; }
    Vec& operator+=(const Vec& o) {
        x += o.x;
        y += o.y;
        z += o.z;
        return *this;
    }
};

using Vec3f = Vec<float>;
using Vec3d = Vec<double>;

template <typename T>
T dot(const Vec<T>& a, const Vec<T>& b) {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

// Exactly cross(a, b) == -cross(b, a): that is what makes shared edges of triangles watertight.
template <typename T>
Vec<T> cross(const Vec<T>& a, const Vec<T>& b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

template <typename T>
T length(const Vec<T>& a) {
    return std::sqrt(dot(a, a));
}

// The unit vector of a, or a itself where it has no length.
template <typename T>
Vec<T> normalized(const Vec<T>& a) {
    const T squared = dot(a, a);
    return squared > T(0) ? a * (T(1) / std::sqrt(squared)) : a;
}

inline Vec3d widened(const Vec3f& a) { return {a.x, a.y, a.z}; }
inline Vec3f narrowed(const Vec3d& a) {
    return {static_cast<float>(a.x), static_cast<float>(a.y), static_cast<float>(a.z)};
}

// Rounded down; far quicker than std::floor where that is a call.
inline int whole(float value) {
    const int towards_zero = static_cast<int>(value);
    return towards_zero - static_cast<int>(value < static_cast<float>(towards_zero));
}

// value less the largest whole number below it, in [0, 1].
inline float fraction(float value) { return value - static_cast<float>(whole(value)); }

// a at share 0, b at share 1.
inline Vec3f mix(const Vec3f& a, const Vec3f& b, float share) { return a + (b - a) * share; }

// Mean of a colour's channels, and the grey of that mean.
inline float mean(const Vec3f& color) { return (color.x + color.y + color.z) / 3.0F; }
inline Vec3f grey(const Vec3f& color) {
    const float value = mean(color);
    return {value, value, value};
}

}  // namespace cabinsafe::render
