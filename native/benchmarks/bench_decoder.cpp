// Times the decoder without Python: bench_decoder FILE [--isa NAME] [--once]
//
// FILE comes from `python -m benchmarks.decoder --write FILE`: int32 scenes, keypoints,
// heatmap_count, limbs, paf_count, height, width; int32 channel of each keypoint; five int32 per
// limb; three floats of body per keypoint; the options as floats in the order of options.hpp; then
// each scene's heatmaps and PAFs as float32. Prints, for each scene, the medians of a decoding and
// of one pass of the maximum over the heatmaps in microseconds, and how many people were found.
// With --once it decodes each scene once and times nothing: for callgrind.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "cabinsafe/decoder.hpp"

namespace {

using cabinsafe::Decoder;
using cabinsafe::Isa;
using cabinsafe::Kernels;
using cabinsafe::Layout;
using cabinsafe::Maps;
using cabinsafe::Options;

using cabinsafe::Workspace;

constexpr int kRepeats = 200;

template <typename Value>
std::vector<Value> read(std::istream& file, std::size_t count) {
    std::vector<Value> values(count);
    file.read(reinterpret_cast<char*>(values.data()),
              static_cast<std::streamsize>(count * sizeof(Value)));
    if (!file) throw std::runtime_error("the file ends early");
    return values;
}

struct Scenes {
    Layout layout;
    Options options;
    int height = 0;
    int width = 0;
    std::vector<std::vector<float>> heatmaps;
    std::vector<std::vector<float>> pafs;
};

Options read_options(std::istream& file) {
    const auto v = read<float>(file, 15);
    return {v[0],
            v[1],
            v[2],
            static_cast<int>(v[3]),
            v[4],
            v[5],
            static_cast<int>(v[6]),
            v[7],
            v[8],
            static_cast<int>(v[9]),
            static_cast<int>(v[10]),
            v[11],
            v[12],
            v[13],
            v[14]};
}

Scenes read_scenes(const char* path) {
    std::ifstream file(path, std::ios::binary);
    const auto head = read<int>(file, 7);
    Scenes scenes;
    Layout& layout = scenes.layout;
    layout.keypoint_channels = read<int>(file, head[1]);
    for (int i = 0; i < head[3]; ++i) {
        const auto limb = read<int>(file, 5);
        layout.limbs.push_back({limb[0], limb[1], limb[2], limb[3], limb[4]});
    }
    for (int i = 0; i < head[1]; ++i) {
        const auto point = read<float>(file, 3);
        layout.body.push_back({point[0], point[1], point[2]});
    }
    layout.heatmap_count = head[2];
    layout.paf_count = head[4];
    scenes.height = head[5];
    scenes.width = head[6];
    scenes.options = read_options(file);
    const std::size_t cells = static_cast<std::size_t>(head[5]) * head[6];
    for (int i = 0; i < head[0]; ++i) {
        scenes.heatmaps.push_back(read<float>(file, cells * head[2]));
        scenes.pafs.push_back(read<float>(file, cells * head[4]));
    }
    return scenes;
}

template <typename Call>
double median_us(Call call) {
    using Clock = std::chrono::steady_clock;
    std::vector<double> times;
    for (int i = 0; i < kRepeats; ++i) {
        const auto start = Clock::now();
        call();
        times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    }
    std::nth_element(times.begin(), times.begin() + kRepeats / 2, times.end());
    return times[kRepeats / 2];
}

// Eight running maxima, so that the compiler keeps them in vector registers.
float highest(const std::vector<float>& values) {
    constexpr std::size_t kLanes = 32;
    float lanes[kLanes];
    std::fill(lanes, lanes + kLanes, values[0]);
    std::size_t i = 0;
    for (; i + kLanes <= values.size(); i += kLanes) {
        for (std::size_t j = 0; j < kLanes; ++j) {
            lanes[j] = values[i + j] > lanes[j] ? values[i + j] : lanes[j];
        }
    }
    float best = *std::max_element(lanes, lanes + kLanes);
    for (; i < values.size(); ++i) best = std::max(best, values[i]);
    return best;
}

const Kernels& kernels_named(const std::string& name) {
    const std::vector<std::pair<std::string, Isa>> names{
        {"scalar", Isa::scalar}, {"neon", Isa::neon}, {"avx2", Isa::avx2}, {"avx512", Isa::avx512}};
    for (const auto& [known, isa] : names) {
        if (known != name) continue;
        if (const Kernels* kernels = cabinsafe::find_kernels(isa)) return *kernels;
    }
    throw std::runtime_error("this processor or build has no kernels " + name);
}

void run(int argc, char** argv) {
    if (argc < 2) throw std::runtime_error("usage: bench_decoder FILE [--isa NAME] [--once]");
    const Scenes scenes = read_scenes(argv[1]);
    const Kernels* kernels = &cabinsafe::best_kernels();
    bool once = false;
    for (int i = 2; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--once") once = true;
        if (argument == "--isa" && i + 1 < argc) kernels = &kernels_named(argv[i + 1]);
    }
    const Decoder decoder(scenes.layout, scenes.options, *kernels);
    Workspace workspace;
    float sink = 0.0F;
    for (std::size_t i = 0; i < scenes.heatmaps.size(); ++i) {
        const Maps heatmaps{scenes.heatmaps[i].data(), scenes.layout.heatmap_count, scenes.height,
                            scenes.width};
        const Maps pafs{scenes.pafs[i].data(), scenes.layout.paf_count, scenes.height,
                        scenes.width};
        const auto decode = [&] { decoder.decode(heatmaps, pafs, workspace); };
        if (once) {
            decode();
            continue;
        }
        const double decode_us = median_us(decode);
        const double pass_us = median_us([&] { sink += highest(scenes.heatmaps[i]); });
        std::printf("%.3f %.3f %d\n", decode_us, pass_us, workspace.poses.count);
    }
    if (sink == 12345.0F) std::puts("");  // keeps the passes
}

}  // namespace

int main(int argc, char** argv) {
    try {
        run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
