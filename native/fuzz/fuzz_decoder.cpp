// libFuzzer target over maps, topology and options; every scanner must find the same people.
//
// With clang: -fsanitize=fuzzer,address,undefined. Elsewhere -DCABINSAFE_FUZZ_MAIN gives a main
// that feeds it random bytes for the number of seconds in its argument, 10 by default.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <vector>

#include "cabinsafe/decoder.hpp"
#include "cabinsafe/errors.hpp"

namespace {

using cabinsafe::Isa;

// Numbers out of the input, 0 when it is used up.
class Bytes {
  public:
    Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

    std::uint8_t next() { return at_ < size_ ? data_[at_++] : std::uint8_t{0}; }
    int below(int limit) { return next() % limit; }
    // Mostly plain heights with many ties, now and then any bits at all.
    float value() {
        const std::uint8_t kind = next();
        if (kind != 0xFFU) return static_cast<float>(kind) / 128.0F - 0.5F;
        std::uint32_t bits = 0;
        for (int i = 0; i < 4; ++i) bits = bits << 8U | next();
        float any = 0.0F;
        std::memcpy(&any, &bits, sizeof any);
        return any;
    }

  private:
    const std::uint8_t* data_;
    std::size_t size_;
    std::size_t at_ = 0;
};

cabinsafe::Layout read_layout(Bytes& bytes) {
    cabinsafe::Layout layout;
    const int keypoints = 1 + bytes.below(8);
    layout.heatmap_count = keypoints + bytes.below(2);
    layout.paf_count = 1 + bytes.below(8);
    for (int k = 0; k < keypoints; ++k) {
        layout.keypoint_channels.push_back(bytes.below(layout.heatmap_count));
        layout.body.push_back({bytes.value(), bytes.value(), bytes.value()});
    }
    const int limbs = bytes.below(10);
    for (int l = 0; l < limbs; ++l) {
        layout.limbs.push_back({bytes.below(keypoints), bytes.below(keypoints),
                                bytes.below(layout.paf_count), bytes.below(layout.paf_count),
                                bytes.below(limbs + 1) - 1});
    }
    return layout;
}

cabinsafe::Options read_options(Bytes& bytes) {
    const auto share = [&] { return static_cast<float>(bytes.next()) / 255.0F; };
    return {share(),
            4.0F * share(),
            share(),
            bytes.below(11),
            0.01F + share(),
            share(),
            1 + bytes.below(4),
            share() / 4.0F,
            1 + bytes.below(64),
            1 + bytes.below(64),
            10.0F * share(),
            share(),
            0.01F + share()};
}

// What a decoding came to: its numbers, or nothing where it was refused.
std::vector<float> outcome(const cabinsafe::Decoder& decoder, const cabinsafe::Maps& heatmaps,
                           const cabinsafe::Maps& pafs, const cabinsafe::ExpectedPeople& expected) {
    cabinsafe::Workspace workspace;
    try {
        const auto& poses = decoder.decode(heatmaps, pafs, workspace, expected);
        std::vector<float> numbers = poses.score;
        for (const auto* list : {&poses.person_score, &poses.limb_score, &poses.limb_ambiguity}) {
            numbers.insert(numbers.end(), list->begin(), list->end());
        }
        for (const float number : numbers) {
            if (!(number >= 0.0F && number <= 1.0F)) std::abort();
        }
        return numbers;
    } catch (const cabinsafe::LimitError&) {
    } catch (const cabinsafe::NonFiniteError&) {
    }
    return {-1.0F};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bytes bytes(data, size);
    const cabinsafe::Layout layout = read_layout(bytes);
    const cabinsafe::Options options = read_options(bytes);
    const int height = 1 + bytes.below(24);
    const int width = 1 + bytes.below(48);
    const auto fill = [&](int count) {
        std::vector<float> values(static_cast<std::size_t>(count));
        for (float& value : values) value = bytes.value();
        return values;
    };
    const int people = bytes.below(3);
    const auto expected = fill(people * layout.keypoint_count() * 2);
    const auto heatmaps = fill(layout.heatmap_count * height * width);
    const auto pafs = fill(layout.paf_count * height * width);
    std::vector<float> first;
    for (const Isa isa : {Isa::scalar, Isa::neon, Isa::avx2, Isa::avx512}) {
        const cabinsafe::Scanner* scanner = cabinsafe::find_scanner(isa);
        if (scanner == nullptr) continue;
        try {
            const cabinsafe::Decoder decoder(layout, options, *scanner);
            const auto numbers =
                outcome(decoder, {heatmaps.data(), layout.heatmap_count, height, width},
                        {pafs.data(), layout.paf_count, height, width}, {expected.data(), people});
            if (first.empty()) first = numbers;
            if (numbers != first) std::abort();
        } catch (const std::invalid_argument&) {
            return 0;
        }
    }
    return 0;
}

#ifdef CABINSAFE_FUZZ_MAIN
int main(int argc, char** argv) {
    const auto seconds = std::chrono::seconds(argc > 1 ? std::atoi(argv[1]) : 10);
    const auto end = std::chrono::steady_clock::now() + seconds;
    std::mt19937 random(1);
    std::vector<std::uint8_t> input;
    while (std::chrono::steady_clock::now() < end) {
        input.resize(random() % 8192U);
        const unsigned rare = random() % 2U == 0 ? 256U : 255U;  // with and without odd bits
        for (auto& byte : input) byte = static_cast<std::uint8_t>(random() % rare);
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    return 0;
}
#endif
