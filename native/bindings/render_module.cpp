// cabinsafe._render: the renderer for Python. Only cabinsafe/synthetic/render.py imports it.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "cabinsafe/render/renderer.hpp"

namespace py = pybind11;
using namespace cabinsafe::render;

namespace {

using Floats = py::array_t<float, py::array::c_style>;
using Integers = py::array_t<std::int32_t, py::array::c_style>;
using Triple = std::array<double, 3>;

void require(bool holds, const char* message) {
    if (!holds) throw py::value_error(message);
}

void require_supersampling(int supersampling) {
    require(supersampling > 0 && supersampling <= kMostSupersampling,
            "supersampling is out of range");
}

Vec3d to_vec(const Triple& v) { return {v[0], v[1], v[2]}; }
Vec3f to_color(const Triple& v) { return narrowed(to_vec(v)); }

Lens make_lens(bool fisheye, std::pair<int, int> size_wh, double focal_px,
               std::pair<double, double> center, const std::array<double, 4>& distortion,
               double max_angle_rad, double nearest_m, const Triple& position,
               const std::array<Triple, 3>& rotation) {
    require(size_wh.first > 0 && size_wh.second > 0 && focal_px > 0.0, "a lens needs a size");
    Lens lens;
    lens.fisheye = fisheye;
    lens.width = size_wh.first;
    lens.height = size_wh.second;
    lens.focal_px = focal_px;
    lens.center_x = center.first;
    lens.center_y = center.second;
    lens.distortion = distortion;
    lens.max_angle_rad = max_angle_rad;
    lens.nearest_m = nearest_m;
    lens.position = to_vec(position);
    for (int row = 0; row < 3; ++row) lens.rotation[row] = to_vec(rotation[row]);
    return lens;
}

Material make_material(const Triple& color, const Triple& color2, int pattern, float pattern_per_m,
                       float roughness, float wrinkles, float ir_reflectance) {
    require(pattern >= 0 && pattern <= static_cast<int>(Pattern::strands), "unknown pattern");
    return {to_color(color), to_color(color2), static_cast<Pattern>(pattern),
            pattern_per_m,   roughness,        wrinkles,
            ir_reflectance};
}

bool rows_of_three(const py::array& array) { return array.ndim() == 2 && array.shape(1) == 3; }

Geometry view(const Floats& vertices, const Integers& triangles) {
    require(rows_of_three(vertices) && rows_of_three(triangles), "expected rows of three");
    require(triangles.shape(0) < std::numeric_limits<std::int32_t>::max(), "too many triangles");
    const std::int32_t* numbers = triangles.data();
    require(std::all_of(numbers, numbers + triangles.size(),
                        [&](std::int32_t v) { return v >= 0 && v < vertices.shape(0); }),
            "a triangle names no vertex");
    return {vertices.data(), static_cast<std::size_t>(vertices.shape(0)), numbers,
            static_cast<std::size_t>(triangles.shape(0))};
}

Surfaces make_surfaces(const Floats& vertices, const Integers& triangles, const Floats& rest,
                       const Floats& tint, const Integers& materials, std::vector<Material> table) {
    require(rows_of_three(rest) && rows_of_three(tint) && rest.size() == vertices.size() &&
                tint.size() == vertices.size(),
            "rest and tint must fit the vertices");
    require(materials.ndim() == 1 && materials.shape(0) == triangles.shape(0),
            "one material number for each triangle");
    const std::int32_t* numbers = materials.data();
    const auto count = static_cast<std::int32_t>(table.size());
    require(std::all_of(numbers, numbers + materials.size(),
                        [&](std::int32_t m) { return m >= 0 && m < count; }),
            "a material number is out of range");
    return {rest.data(), tint.data(), numbers, std::move(table)};
}

Lighting make_lighting(const Triple& sun_direction, const Triple& sun_color,
                       const Triple& sky_color, const Triple& ground_color,
                       const std::vector<std::tuple<Triple, Triple, float>>& points, float infrared,
                       const Floats& panorama, float panorama_yaw_rad) {
    require(panorama.ndim() == 3 && panorama.shape(2) == 3 && panorama.size() > 0,
            "a panorama is (height, width, 3)");
    Lighting lighting;
    lighting.sun_direction = narrowed(normalized(to_vec(sun_direction)));
    lighting.sun_color = to_color(sun_color);
    lighting.sky_color = to_color(sky_color);
    lighting.ground_color = to_color(ground_color);
    for (const auto& [position, color, size_m] : points) {
        lighting.points.push_back({to_color(position), to_color(color), size_m});
    }
    lighting.infrared = infrared;
    lighting.panorama = {panorama.data(), static_cast<int>(panorama.shape(0)),
                         static_cast<int>(panorama.shape(1)), panorama_yaw_rad};
    return lighting;
}

template <typename T>
py::array_t<T> to_array(const std::vector<T>& values, std::vector<py::ssize_t> shape) {
    py::array_t<T> array(std::move(shape));
    std::copy(values.begin(), values.end(), array.mutable_data());
    return array;
}

py::array_t<float> depth_array(const Lens& lens, int supersampling, const Visibility& seen) {
    return to_array(seen.depth, {static_cast<py::ssize_t>(lens.height) * supersampling,
                                 static_cast<py::ssize_t>(lens.width) * supersampling});
}

py::array_t<std::int32_t> triangle_array(const Lens& lens, int supersampling,
                                         const Visibility& seen) {
    return to_array(seen.triangle, {static_cast<py::ssize_t>(lens.height) * supersampling,
                                    static_cast<py::ssize_t>(lens.width) * supersampling});
}

// depth and triangle number, both (H s, W s)
py::tuple visibility(const Lens& lens, int supersampling, const Floats& vertices,
                     const Integers& triangles) {
    require_supersampling(supersampling);
    const Geometry geometry = view(vertices, triangles);
    Visibility seen;
    {
        const py::gil_scoped_release released;
        const Lens fine = lens.enlarged(supersampling);
        seen = see(fine, ray_table(fine), geometry);
    }
    return py::make_tuple(depth_array(lens, supersampling, seen),
                          triangle_array(lens, supersampling, seen));
}

// color (H, W, 3), depth and triangle number (H s, W s). The lighting's panorama must be alive.
py::tuple render_scene(const Lens& lens, int supersampling, const Floats& vertices,
                       const Integers& triangles, const Floats& rest, const Floats& tint,
                       const Integers& materials, std::vector<Material> table,
                       const Lighting& lighting) {
    require_supersampling(supersampling);
    const Geometry geometry = view(vertices, triangles);
    const Surfaces surfaces =
        make_surfaces(vertices, triangles, rest, tint, materials, std::move(table));
    Picture picture;
    {
        const py::gil_scoped_release released;
        picture = render(lens, supersampling, geometry, surfaces, lighting);
    }
    return py::make_tuple(to_array(picture.color, {lens.height, lens.width, 3}),
                          depth_array(lens, supersampling, picture.seen),
                          triangle_array(lens, supersampling, picture.seen));
}

}  // namespace

PYBIND11_MODULE(_render, module) {
    module.doc() = "Software renderer of cabinsafe: triangles, a camera and lights to a picture.";

    py::class_<Lens>(module, "Lens")
        .def(py::init(&make_lens), py::kw_only(), py::arg("fisheye"), py::arg("size_wh"),
             py::arg("focal_px"), py::arg("center"), py::arg("distortion"),
             py::arg("max_angle_rad"), py::arg("nearest_m"), py::arg("position"),
             py::arg("rotation"));
    py::class_<Material>(module, "Material")
        .def(py::init(&make_material), py::kw_only(), py::arg("color"), py::arg("color2"),
             py::arg("pattern"), py::arg("pattern_per_m"), py::arg("roughness"),
             py::arg("wrinkles"), py::arg("ir_reflectance"));
    py::class_<Lighting>(module, "Lighting")
        .def(py::init(&make_lighting), py::kw_only(), py::arg("sun_direction"),
             py::arg("sun_color"), py::arg("sky_color"), py::arg("ground_color"), py::arg("points"),
             py::arg("infrared"), py::arg("panorama").noconvert(), py::arg("panorama_yaw_rad"),
             py::keep_alive<1, 8>());
    module.def("visibility", &visibility, py::arg("lens"), py::arg("supersampling"),
               py::arg("vertices").noconvert(), py::arg("triangles").noconvert());
    module.def("render", &render_scene, py::arg("lens"), py::arg("supersampling"),
               py::arg("vertices").noconvert(), py::arg("triangles").noconvert(),
               py::arg("rest").noconvert(), py::arg("tint").noconvert(),
               py::arg("materials").noconvert(), py::arg("table"), py::arg("lighting"));
}
