// cabinsafe._tracking: arithmetic of tracking for Python. Only cabinsafe/tracking/ imports it.
// Calls take a microsecond or two: the GIL is not released.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>

#include "cabinsafe/tracking.hpp"

namespace py = pybind11;
namespace tracking = cabinsafe::tracking;

namespace {

using Points = py::array_t<float, py::array::c_style | py::array::forcecast>;
using Doubles = py::array_t<double, py::array::c_style>;

static_assert(sizeof(tracking::Point) == 2 * sizeof(float));
static_assert(sizeof(tracking::KeypointState) == 5 * sizeof(double));

const tracking::Point* points_of(const Points& xy) {
    if (xy.ndim() != 2 || xy.shape(1) != 2) throw py::value_error("keypoints must be (K, 2)");
    return reinterpret_cast<const tracking::Point*>(xy.data());
}

std::size_t count_of(const Points& xy) { return static_cast<std::size_t>(xy.shape(0)); }

void check_states(const Doubles& states, const Points& xy) {
    if (states.ndim() != 2 || states.shape(1) != 5 || states.shape(0) != xy.shape(0)) {
        throw py::value_error("states must be (K, 5), as many as keypoints");
    }
}

py::tuple extent_of(const Points& xy) {
    const tracking::Point* const points = points_of(xy);
    const tracking::Extent found = tracking::extent_of(points, count_of(xy));
    return py::make_tuple(found.left, found.top, found.right, found.bottom, found.count);
}

bool any_jump(const Doubles& states, const Points& xy, double t_s, double size_px, double sizes,
              double sizes_per_s) {
    const tracking::Point* const points = points_of(xy);
    check_states(states, xy);
    return tracking::any_jump(reinterpret_cast<const tracking::KeypointState*>(states.data()),
                              points, count_of(xy), t_s, size_px, sizes, sizes_per_s);
}

Points smooth(Doubles& states, const Points& xy, double t_s, double size_px, double hz,
              double hz_per_size_per_s, double longest_gap_s) {
    const tracking::Point* const points = points_of(xy);
    check_states(states, xy);
    Points smoothed({xy.shape(0), xy.shape(1)});
    tracking::smooth(reinterpret_cast<tracking::KeypointState*>(states.mutable_data()), points,
                     count_of(xy), t_s, size_px, {hz, hz_per_size_per_s, longest_gap_s},
                     reinterpret_cast<tracking::Point*>(smoothed.mutable_data()));
    return smoothed;
}

py::object fit_box(const Doubles& places, const Doubles& weights, const Points& xy, double width,
                   double height, double far_off, double same_posture, double trust) {
    const tracking::Point* const points = points_of(xy);
    const py::ssize_t count = xy.shape(0);
    if (places.ndim() != 2 || places.shape(0) != count || places.shape(1) != 2 ||
        weights.ndim() != 3 || weights.shape(0) != 2 || weights.shape(1) != 3 ||
        weights.shape(2) != count) {
        throw py::value_error("places must be (K, 2) and weights (2, 3, K), as many as keypoints");
    }
    const auto box = tracking::fit_box({places.data(), weights.data(), count_of(xy)}, points, width,
                                       height, {far_off, same_posture, trust});
    if (!box) return py::none();
    const auto& [x, y, w, h] = *box;
    return py::make_tuple(x, y, w, h);
}

}  // namespace

PYBIND11_MODULE(_tracking, m) {
    m.doc() = "Arithmetic of tracking, see native/include/cabinsafe/tracking.hpp";
    m.def("extent_of", &extent_of, py::arg("xy"));
    m.def("any_jump", &any_jump, py::arg("states").noconvert(), py::arg("xy"), py::arg("t_s"),
          py::arg("size_px"), py::arg("sizes"), py::arg("sizes_per_s"));
    m.def("smooth", &smooth, py::arg("states").noconvert(), py::arg("xy"), py::arg("t_s"),
          py::arg("size_px"), py::arg("hz"), py::arg("hz_per_size_per_s"),
          py::arg("longest_gap_s"));
    m.def("fit_box", &fit_box, py::arg("places").noconvert(), py::arg("weights").noconvert(),
          py::arg("xy"), py::arg("width"), py::arg("height"), py::arg("far_off"),
          py::arg("same_posture"), py::arg("trust"));
}
