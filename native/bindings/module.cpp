// cabinsafe._native: the plain C++ core for Python. Only cabinsafe/pose/decoder.py imports it.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "cabinsafe/decoder.hpp"
#include "cabinsafe/errors.hpp"

namespace py = pybind11;
using cabinsafe::Decoder;
using cabinsafe::ExpectedPeople;
using cabinsafe::Half;
using cabinsafe::LimitError;
using cabinsafe::MapsOf;
using cabinsafe::NonFiniteError;
using cabinsafe::Options;
using cabinsafe::Poses;
using cabinsafe::Workspace;

namespace {

using FloatArray = py::array_t<float, py::array::c_style>;
using LimbTuple = std::tuple<int, int, int, int, int>;
using BodyTuple = std::tuple<float, float, float>;

// Maps of one image as the wrapper passes them: both float32 or both float16, contiguous.
struct Image {
    py::array heatmaps;
    py::array pafs;
    FloatArray expected;  // (P, K, 2); no people for no expectation
};

// The same without Python types, to be read without the GIL.
struct View {
    const void* heatmaps;
    const void* pafs;
    int heatmap_channels, paf_channels, height, width;
    bool half;
    ExpectedPeople expected;
};

View view(const Image& image) {
    if (image.heatmaps.ndim() != 3 || image.pafs.ndim() != 3 || image.expected.ndim() != 3) {
        throw py::value_error("maps and expected people have three dimensions");
    }
    const auto side = [](const py::array& array, int axis) {
        return static_cast<int>(array.shape(axis));
    };
    if (image.heatmaps.shape(1) != image.pafs.shape(1) ||
        image.heatmaps.shape(2) != image.pafs.shape(2) ||
        image.heatmaps.itemsize() != image.pafs.itemsize()) {
        throw py::value_error("heatmaps and pafs must have one size and one type");
    }
    return {image.heatmaps.data(),
            image.pafs.data(),
            side(image.heatmaps, 0),
            side(image.pafs, 0),
            side(image.heatmaps, 1),
            side(image.heatmaps, 2),
            image.heatmaps.itemsize() == sizeof(Half),
            {image.expected.data(), side(image.expected, 0)}};
}

// A decoder and the workspaces that no thread is using.
class SharedDecoder {
  public:
    explicit SharedDecoder(Decoder decoder) : decoder_(std::move(decoder)) {}

    const cabinsafe::Layout& layout() const { return decoder_.layout(); }

    // Calls use(people) while they are in their workspace.
    template <typename Use>
    void decode(const View& view, Use use) {
        std::unique_ptr<Workspace> workspace = borrow();
        try {
            use(view.half ? decode_as<Half>(view, *workspace) : decode_as<float>(view, *workspace));
        } catch (...) {
            give_back(std::move(workspace));
            throw;
        }
        give_back(std::move(workspace));
    }

  private:
    template <typename Scalar>
    const Poses& decode_as(const View& view, Workspace& workspace) const {
        const MapsOf<Scalar> heatmaps{static_cast<const Scalar*>(view.heatmaps),
                                      view.heatmap_channels, view.height, view.width};
        const MapsOf<Scalar> pafs{static_cast<const Scalar*>(view.pafs), view.paf_channels,
                                  view.height, view.width};
        return decoder_.decode(heatmaps, pafs, workspace, view.expected);
    }

    std::unique_ptr<Workspace> borrow() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (idle_.empty()) return std::make_unique<Workspace>();
        std::unique_ptr<Workspace> workspace = std::move(idle_.back());
        idle_.pop_back();
        return workspace;
    }

    void give_back(std::unique_ptr<Workspace> workspace) {
        const std::lock_guard<std::mutex> lock(mutex_);
        idle_.push_back(std::move(workspace));
    }

    Decoder decoder_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Workspace>> idle_;
};

template <typename To = float, typename From>
py::array_t<To> to_array(const std::vector<From>& values, std::vector<py::ssize_t> shape) {
    py::array_t<To> array(std::move(shape));
    std::copy(values.begin(), values.end(), array.mutable_data());
    return array;
}

// xy (N, K, 2), score (N, K), person_score (N,), limb_score (N, L), ambiguity (N,),
// limb_ambiguity (N, L), expected (N,)
py::tuple to_tuple(const Poses& poses, const cabinsafe::Layout& layout) {
    const py::ssize_t people = poses.count;
    const py::ssize_t keypoints = layout.keypoint_count();
    const py::ssize_t limbs = layout.limb_count();
    return py::make_tuple(
        to_array(poses.xy, {people, keypoints, 2}), to_array(poses.score, {people, keypoints}),
        to_array(poses.person_score, {people}), to_array(poses.limb_score, {people, limbs}),
        to_array(poses.ambiguity, {people}), to_array(poses.limb_ambiguity, {people, limbs}),
        to_array<std::int64_t>(poses.expected, {people}));
}

py::tuple decode(SharedDecoder& decoder, const py::array& heatmaps, const py::array& pafs,
                 const FloatArray& expected) {
    const View image = view({heatmaps, pafs, expected});
    py::tuple result;
    {
        py::gil_scoped_release released;
        decoder.decode(image, [&](const Poses& poses) {
            const py::gil_scoped_acquire acquired;
            result = to_tuple(poses, decoder.layout());
        });
    }
    return result;
}

// What one image of a batch came to.
struct Outcome {
    Poses poses;
    std::exception_ptr error;
};

// Starting a thread takes as long as decoding two images or more.
constexpr std::size_t kFewestImagesOfThread = 4;

// Every image has its outcome afterwards; threads take the next one that is left.
void decode_all(SharedDecoder& decoder, const std::vector<View>& images, int threads,
                std::vector<Outcome>& outcomes) {
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < images.size(); i = next++) {
            try {
                decoder.decode(images[i], [&](const Poses& poses) { outcomes[i].poses = poses; });
            } catch (...) {
                outcomes[i].error = std::current_exception();
            }
        }
    };
    const std::size_t worthwhile = std::max<std::size_t>(images.size() / kFewestImagesOfThread, 1);
    const auto wanted = static_cast<std::size_t>(std::max(threads, 1));
    std::vector<std::thread> others(std::min(worthwhile, wanted) - 1);
    for (std::thread& other : others) other = std::thread(work);
    work();
    for (std::thread& other : others) other.join();
}

// A tuple as decode's for each image, in a list. The first image that fails, in their order,
// raises: its number goes into `failed`, a list of the caller's.
py::list decode_batch(SharedDecoder& decoder,
                      const std::vector<std::tuple<py::array, py::array, FloatArray>>& images,
                      int threads, py::list failed) {
    std::vector<View> views;
    for (const auto& [heatmaps, pafs, expected] : images) {
        views.push_back(view({heatmaps, pafs, expected}));
    }
    std::vector<Outcome> outcomes(views.size());
    {
        const py::gil_scoped_release released;
        decode_all(decoder, views, threads, outcomes);
    }
    py::list results;
    for (const Outcome& outcome : outcomes) {
        if (outcome.error) {
            failed.append(results.size());
            std::rethrow_exception(outcome.error);
        }
        results.append(to_tuple(outcome.poses, decoder.layout()));
    }
    return results;
}

std::unique_ptr<SharedDecoder> make_decoder(std::vector<int> keypoint_channels,
                                            const std::vector<LimbTuple>& limbs,
                                            const std::vector<BodyTuple>& body, int heatmap_count,
                                            int paf_count, const Options& options) {
    cabinsafe::Layout layout;
    layout.keypoint_channels = std::move(keypoint_channels);
    for (const auto& [start, end, x_channel, y_channel, mirror] : limbs) {
        layout.limbs.push_back({start, end, x_channel, y_channel, mirror});
    }
    for (const auto& [x, y, spread] : body) layout.body.push_back({x, y, spread});
    layout.heatmap_count = heatmap_count;
    layout.paf_count = paf_count;
    return std::make_unique<SharedDecoder>(Decoder(std::move(layout), options));
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
        .def_readwrite("half_score_size_map_sides", &Options::half_score_size_map_sides)
        .def_readwrite("min_person_score", &Options::min_person_score)
        .def_readwrite("max_peaks_per_keypoint", &Options::max_peaks_per_keypoint)
        .def_readwrite("max_people", &Options::max_people)
        .def_readwrite("max_merge_misfit", &Options::max_merge_misfit)
        .def_readwrite("prior_weight", &Options::prior_weight)
        .def_readwrite("prior_reach_person_sizes", &Options::prior_reach_person_sizes)
        .def_readwrite("weak_peak_threshold", &Options::weak_peak_threshold);

    py::class_<SharedDecoder>(module, "Decoder")
        .def(py::init(&make_decoder), py::arg("keypoint_channels"), py::arg("limbs"),
             py::arg("body"), py::arg("heatmap_count"), py::arg("paf_count"), py::arg("options"))
        .def("decode", &decode, py::arg("heatmaps"), py::arg("pafs"), py::arg("expected"))
        .def("decode_batch", &decode_batch, py::arg("images"), py::arg("threads"),
             py::arg("failed"));
}
