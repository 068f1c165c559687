// Just enough of a test framework: CHECK counts failures, report() is main's exit status.
#pragma once

#include <cmath>
#include <cstdio>

namespace test {

struct Results {
    int failures = 0;

    void check(bool holds, const char* what, const char* file, int line) {
        if (holds) return;
        ++failures;
        std::fprintf(stderr, "%s:%d: not true: %s\n", file, line, what);
    }

    int report() const { return failures == 0 ? 0 : 1; }
};

inline bool near(float a, float b, float tolerance = 1e-4F) {
    return std::fabs(a - b) <= tolerance;
}

template <typename Error, typename Call>
bool throws(Call call) {
    try {
        call();
    } catch (const Error&) {
        return true;
    }
    return false;
}

}  // namespace test

// Needs a test::Results named `results` in scope.
#define CHECK(condition) results.check((condition), #condition, __FILE__, __LINE__)
