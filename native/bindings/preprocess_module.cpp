// cabinsafe._preprocess: frames to network inputs for Python. Only cabinsafe/pose/preprocess.py
// imports it.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "cabinsafe/preprocess.hpp"

namespace py = pybind11;
using cabinsafe::Half;
using cabinsafe::ImageView;
using cabinsafe::Isa;
using cabinsafe::kColors;
using cabinsafe::Normalisation;
using cabinsafe::Placement;
using cabinsafe::Resampler;

namespace {

using Part = std::tuple<int, int, int, int>;  // left, top, width, height

const std::map<std::string, Isa>& isas() {
    static const std::map<std::string, Isa> kIsas{
        {"scalar", Isa::scalar}, {"neon", Isa::neon}, {"avx2", Isa::avx2}, {"avx512", Isa::avx512}};
    return kIsas;
}

// Names of the instruction sets that this build and this processor have.
std::vector<std::string> instruction_sets() {
    std::vector<std::string> names;
    for (const auto& [name, isa] : isas()) {
        if (cabinsafe::find_resampler(isa) != nullptr) names.push_back(name);
    }
    return names;
}

const Resampler& resampler_named(const std::string& name) {
    if (name.empty()) return cabinsafe::best_resampler();
    const auto found = isas().find(name);
    const Resampler* const resampler =
        found == isas().end() ? nullptr : cabinsafe::find_resampler(found->second);
    if (resampler == nullptr) throw py::value_error("no instruction set '" + name + "' here");
    return *resampler;
}

ImageView view(const py::array_t<std::uint8_t>& image) {
    if (image.ndim() != 3 || image.shape(2) != kColors || image.strides(2) != 1 ||
        image.strides(1) != kColors) {
        throw py::value_error("an image is uint8 (H, W, 3) without gaps between pixels");
    }
    constexpr py::ssize_t kTooLarge = cabinsafe::kMaxSide + 1;
    return {image.data(), static_cast<int>(std::min(image.shape(0), kTooLarge)),
            static_cast<int>(std::min(image.shape(1), kTooLarge)), image.strides(0)};
}

// Calls fill(i) for every image; threads take the next one that is left. The first error is thrown.
template <typename Fill>
void for_each_image(std::size_t count, int threads, Fill fill) {
    std::atomic<std::size_t> next{0};
    std::vector<std::exception_ptr> errors(count);
    const auto work = [&] {
        for (std::size_t i = next++; i < count; i = next++) {
            try {
                fill(i);
            } catch (...) {
                errors[i] = std::current_exception();
            }
        }
    };
    const auto most = static_cast<std::size_t>(std::max(threads, 1));
    std::vector<std::thread> others(std::min(std::max<std::size_t>(count, 1), most) - 1);
    for (std::thread& other : others) other = std::thread(work);
    work();
    for (std::thread& other : others) other.join();
    for (const std::exception_ptr& error : errors) {
        if (error) std::rethrow_exception(error);
    }
}

template <typename Scalar>
void fill_all(const std::vector<ImageView>& images, const std::vector<Placement>& places,
              const Normalisation& normalisation, const Resampler& resampler, int threads,
              void* out) {
    const std::size_t size = places.empty() ? 0
                                            : kColors * static_cast<std::size_t>(places[0].height) *
                                                  static_cast<std::size_t>(places[0].width);
    for_each_image(images.size(), threads, [&](std::size_t i) {
        cabinsafe::fill_input(images[i], places[i], normalisation, resampler,
                              static_cast<Scalar*>(out) + i * size);
    });
}

void check_out(const py::array& out, std::size_t images, std::size_t parts) {
    const bool fits = out.ndim() == 4 && (out.flags() & py::array::c_style) != 0 &&
                      out.shape(0) == static_cast<py::ssize_t>(images) && images == parts &&
                      out.shape(1) == kColors && out.shape(2) <= cabinsafe::kMaxSide &&
                      out.shape(3) <= cabinsafe::kMaxSide;
    if (!fits) throw py::value_error("out is (B, 3, H, W), contiguous, for B images and parts");
}

// Fills out (B, 3, H, W): float32, float16, or uint8, which is not normalised.
void fill(const std::vector<py::array_t<std::uint8_t>>& images, const std::vector<Part>& parts,
          bool rgb, std::uint8_t pad, std::array<float, kColors> mean,
          std::array<float, kColors> std, py::array out, int threads, const std::string& isa) {
    check_out(out, images.size(), parts.size());
    const Resampler& resampler = resampler_named(isa);
    std::vector<ImageView> views;
    std::vector<Placement> places;
    for (std::size_t i = 0; i < images.size(); ++i) {
        const auto [left, top, width, height] = parts[i];
        views.push_back(view(images[i]));
        places.push_back({static_cast<int>(out.shape(2)), static_cast<int>(out.shape(3)), left, top,
                          height, width});
    }
    const auto fill_as = out.dtype().is(py::dtype::of<float>())          ? &fill_all<float>
                         : out.dtype().is(py::dtype::of<std::uint8_t>()) ? &fill_all<std::uint8_t>
                                                                         : &fill_all<Half>;
    if (fill_as == &fill_all<Half> && (out.dtype().kind() != 'f' || out.itemsize() != 2)) {
        throw py::value_error("out is float32, float16 or uint8");
    }
    void* const data = out.mutable_data();
    const py::gil_scoped_release released;
    fill_as(views, places, {rgb, pad, mean, std}, resampler, threads, data);
}

}  // namespace

PYBIND11_MODULE(_preprocess, module) {
    module.doc() = "Native core of cabinsafe: frames to network inputs.";
    module.attr("MAX_SIDE") = cabinsafe::kMaxSide;
    module.def("instruction_sets", &instruction_sets);
    module.def("fill", &fill, py::arg("images"), py::arg("parts"), py::kw_only(), py::arg("rgb"),
               py::arg("pad"), py::arg("mean"), py::arg("std"), py::arg("out"), py::arg("threads"),
               py::arg("isa") = "");
}
