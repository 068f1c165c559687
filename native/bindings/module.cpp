// cabinsafe._native: the plain C++ core for Python. Only cabinsafe/pose/decoder.py imports it.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <exception>
#include <tuple>
#include <utility>
#include <vector>

#include "cabinsafe/decoder.hpp"
#include "cabinsafe/errors.hpp"

namespace py = pybind11;
using cabinsafe::Decoder;
using cabinsafe::LimitError;
using cabinsafe::Maps;
using cabinsafe::NonFiniteError;
using cabinsafe::Options;

namespace {

using FloatArray = py::array_t<float, py::array::c_style>;
using LimbTuple = std::tuple<int, int, int, int>;

Maps view(const FloatArray& array) {
    if (array.ndim() != 3) throw py::value_error("maps have three dimensions");
    return {array.data(), static_cast<int>(array.shape(0)), static_cast<int>(array.shape(1)),
            static_cast<int>(array.shape(2))};
}

FloatArray to_array(const std::vector<float>& values, std::vector<py::ssize_t> shape) {
    FloatArray array(std::move(shape));
    std::copy(values.begin(), values.end(), array.mutable_data());
    return array;
}

// xy (N, K, 2), score (N, K), person_score (N,), limb_score (N, L), ambiguity (N,)
py::tuple decode(const Decoder& decoder, const FloatArray& heatmaps, const FloatArray& pafs) {
    const Maps heatmap_view = view(heatmaps);
    const Maps paf_view = view(pafs);
    cabinsafe::Poses poses;
    {
        const py::gil_scoped_release released;
        poses = decoder.decode(heatmap_view, paf_view);
    }
    const py::ssize_t people = poses.count;
    const py::ssize_t keypoints = decoder.layout().keypoint_count();
    const py::ssize_t limbs = decoder.layout().limb_count();
    return py::make_tuple(
        to_array(poses.xy, {people, keypoints, 2}), to_array(poses.score, {people, keypoints}),
        to_array(poses.person_score, {people}), to_array(poses.limb_score, {people, limbs}),
        to_array(poses.ambiguity, {people}));
}

Decoder make_decoder(std::vector<int> keypoint_channels, const std::vector<LimbTuple>& limbs,
                     int heatmap_count, int paf_count, const Options& options) {
    cabinsafe::Layout layout;
    layout.keypoint_channels = std::move(keypoint_channels);
    for (const auto& [start, end, x_channel, y_channel] : limbs) {
        layout.limbs.push_back({start, end, x_channel, y_channel});
    }
    layout.heatmap_count = heatmap_count;
    layout.paf_count = paf_count;
    return {std::move(layout), options};
}

void raise(PyObject* type, const py::tuple& values) { PyErr_SetObject(type, values.ptr()); }

// OverflowError(option, keypoint) and FloatingPointError(tensor, values, first channel); the
// wrapper puts them into words.
void translate(std::exception_ptr pointer) {
    try {
        if (pointer) std::rethrow_exception(pointer);
    } catch (const LimitError& error) {
        const bool peaks = error.which() == LimitError::Limit::peaks_per_keypoint;
        raise(PyExc_OverflowError,
              py::make_tuple(peaks ? "max_peaks_per_keypoint" : "max_people", error.keypoint()));
    } catch (const NonFiniteError& error) {
        const bool heatmaps = error.tensor() == NonFiniteError::Tensor::heatmaps;
        raise(PyExc_FloatingPointError, py::make_tuple(heatmaps ? "heatmaps" : "pafs",
                                                       error.values(), error.first_channel()));
    }
}

}  // namespace

PYBIND11_MODULE(_native, module) {
    module.doc() = "Native core of cabinsafe: part affinity fields to people.";
    py::register_local_exception_translator(&translate);

    py::class_<Options>(module, "Options")
        .def(py::init<>())
        .def_readwrite("peak_threshold", &Options::peak_threshold)
        .def_readwrite("suppression_radius_cells", &Options::suppression_radius_cells)
        .def_readwrite("sample_threshold", &Options::sample_threshold)
        .def_readwrite("min_agreeing_samples_of_10", &Options::min_agreeing_samples_of_10)
        .def_readwrite("limb_threshold", &Options::limb_threshold)
        .def_readwrite("length_penalty_per_map_side", &Options::length_penalty_per_map_side)
        .def_readwrite("min_keypoints", &Options::min_keypoints)
        .def_readwrite("min_person_score", &Options::min_person_score)
        .def_readwrite("max_peaks_per_keypoint", &Options::max_peaks_per_keypoint)
        .def_readwrite("max_people", &Options::max_people);

    py::class_<Decoder>(module, "Decoder")
        .def(py::init(&make_decoder), py::arg("keypoint_channels"), py::arg("limbs"),
             py::arg("heatmap_count"), py::arg("paf_count"), py::arg("options"))
        .def("decode", &decode, py::arg("heatmaps").noconvert(), py::arg("pafs").noconvert());
}
