#include "cabinsafe/merge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace cabinsafe {
namespace {

using Moments = MergeRoom::Moments;

constexpr float kNone = std::numeric_limits<float>::max();

bool disjoint(const Groups& groups, int a, int b) {
    return (groups.keypoints(a) & groups.keypoints(b)) == 0;
}

void add_point(const BodyPoint& body, const Peak& peak, Moments& m) {
    const double w = 1.0 / (static_cast<double>(body.spread) * body.spread);
    const double u = body.x, v = body.y, x = peak.x, y = peak.y;
    m.count += 1.0;
    m.weight += w;
    m.u += w * u;
    m.v += w * v;
    m.x += w * x;
    m.y += w * y;
    m.uu_vv += w * (u * u + v * v);
    m.xx_yy += w * (x * x + y * y);
    m.ux += w * u * x;
    m.vy += w * v * y;
    m.uy += w * u * y;
    m.vx += w * v * x;
}

Moments add_up(const Peaks& peaks, const Layout& layout, const Groups& groups, int root) {
    Moments moments;
    for (int peak = root; peak >= 0; peak = groups.next(peak)) {
        const BodyPoint& body = layout.body[groups.keypoint(peak)];
        if (body.spread > 0.0F) add_point(body, peaks.all[peak], moments);
    }
    return moments;
}

Moments operator+(const Moments& a, const Moments& b) {
    return {a.count + b.count, a.weight + b.weight, a.u + b.u,         a.v + b.v,
            a.x + b.x,         a.y + b.y,           a.uu_vv + b.uu_vv, a.xx_yy + b.xx_yy,
            a.ux + b.ux,       a.vy + b.vy,         a.uy + b.uy,       a.vx + b.vx};
}

// Least squares over move, turn and scale: with points as complex numbers, place = c * body + t.
float misfit_of_pair(const Moments& a, const Moments& b) {
    if (a.count == 0.0 || b.count == 0.0) return kNone;
    const Moments m = a + b;
    const double share = 1.0 / m.weight;
    const double u = m.u * share, v = m.v * share;
    const double ux = m.ux - u * m.x, uy = m.uy - u * m.y;
    const double vx = m.vx - v * m.x, vy = m.vy - v * m.y;
    const double body_sq = m.uu_vv - (u * m.u + v * m.v);
    const double place_sq = m.xx_yy - (m.x * m.x + m.y * m.y) * share;
    double turn_sq = 0.0;  // the larger, the better the fit
    for (const double mirror : {1.0, -1.0}) {
        const double real = mirror * ux + vy;
        const double imaginary = mirror * uy - vx;
        if (!(real > 0.0) || std::fabs(imaginary) > kMaxLean * real) continue;
        turn_sq = std::max(turn_sq, real * real + imaginary * imaginary);
    }
    if (turn_sq == 0.0) return kNone;
    // The residual over the square of the scale.
    const double residual = body_sq * (place_sq * body_sq / turn_sq - 1.0);
    return static_cast<float>(std::sqrt(std::max(residual, 0.0) / m.count));
}

bool may_merge(const Groups& groups, int a, int b) {
    return disjoint(groups, a, b) && std::max(groups.count(a), groups.count(b)) >= kMinAnchor;
}

// The misfit of each pair that may be merged, and those that fit, the best first.
void list_pairs(const Options& options, const Groups& groups, MergeRoom& room) {
    const int count = static_cast<int>(room.pieces.size());
    room.misfit.assign(static_cast<std::size_t>(count) * count, kNone);
    room.pairs.clear();
    for (int a = 0; a < count; ++a) {
        for (int b = a + 1; b < count; ++b) {
            if (!may_merge(groups, room.pieces[a], room.pieces[b])) continue;
            const float misfit = misfit_of_pair(room.moments[a], room.moments[b]);
            room.misfit[a * count + b] = room.misfit[b * count + a] = misfit;
            if (misfit <= options.max_merge_misfit) room.pairs.push_back({misfit, a, b});
        }
    }
    std::sort(room.pairs.begin(), room.pairs.end(), [](const auto& a, const auto& b) {
        return std::tie(a.misfit, a.a, a.b) < std::tie(b.misfit, b.a, b.b);
    });
}

// Whether piece a could as well belong to another than b, which b then could not join.
bool has_rival(const MergeRoom& room, const Groups& groups, int a, int b) {
    const int count = static_cast<int>(room.pieces.size());
    const float limit = kRivalTimes * room.misfit[a * count + b] + kRivalMore;
    for (int c = 0; c < count; ++c) {
        if (c == b || room.misfit[a * count + c] >= limit) continue;
        if (groups.count(room.pieces[c]) >= kMinAnchor &&
            !disjoint(groups, room.pieces[b], room.pieces[c])) {
            return true;
        }
    }
    return false;
}

// The pieces that have a keypoint in common with all others are whole as far as can be known.
void list_pieces(const Peaks& peaks, const Layout& layout, const Groups& groups, MergeRoom& room) {
    auto& pieces = room.pieces;
    pieces.clear();
    for (int peak = 0; peak < peaks.total(); ++peak) {
        const bool is_root = groups.root(peak) == peak;
        if (is_root && groups.count(peak) >= kMinPiece) pieces.push_back(peak);
    }
    std::sort(pieces.begin(), pieces.end(), [&](int a, int b) {
        const int more = groups.count(a) - groups.count(b);
        return more != 0 ? more > 0 : a < b;
    });
    if (pieces.size() > kMaxPieces) pieces.resize(kMaxPieces);
    room.keypoints.clear();
    for (const int piece : pieces) room.keypoints.push_back(groups.keypoints(piece));
    const auto whole = [&](int piece) {  // counted to the end: that is vector work
        const std::uint64_t own = groups.keypoints(piece);
        std::uint64_t apart = 0;
        for (const std::uint64_t other : room.keypoints) apart += (own & other) == 0 ? 1U : 0U;
        return apart == 0;
    };
    room.moments.clear();
    room.open.clear();
    for (const int piece : pieces) {
        if (!whole(piece)) room.open.push_back(piece);
    }
    pieces.swap(room.open);
    for (const int piece : pieces) room.moments.push_back(add_up(peaks, layout, groups, piece));
}

// One round: joins pairs, then drops the emptied pieces; returns whether any pair was merged.
bool merge_round(const Options& options, MergeRoom& room, Groups& groups) {
    list_pairs(options, groups, room);
    room.used.assign(room.pieces.size(), 0);
    bool any = false;
    for (const auto& [misfit, a, b] : room.pairs) {
        if ((room.used[a] | room.used[b]) != 0) continue;
        if (has_rival(room, groups, a, b) || has_rival(room, groups, b, a)) continue;
        groups.join(room.pieces[a], room.pieces[b]);
        room.pieces[a] = groups.root(room.pieces[a]);
        room.moments[a] = room.moments[a] + room.moments[b];
        room.pieces[b] = room.pieces[a];
        room.used[a] = room.used[b] = 1;
        any = true;
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < room.pieces.size(); ++i) {
        const auto begin = room.pieces.begin();
        const auto end = begin + static_cast<std::ptrdiff_t>(kept);
        if (std::find(begin, end, room.pieces[i]) != end) continue;
        room.moments[kept] = room.moments[i];
        room.pieces[kept++] = room.pieces[i];
    }
    room.pieces.resize(kept);
    return any;
}

}  // namespace

void merge_fragments(const Peaks& peaks, const Layout& layout, const Options& options,
                     MergeRoom& room, Groups& groups) {
    if (layout.body.empty() || options.max_merge_misfit <= 0.0F) return;
    list_pieces(peaks, layout, groups, room);
    while (room.pieces.size() > 1 && merge_round(options, room, groups)) {
    }
}

}  // namespace cabinsafe
