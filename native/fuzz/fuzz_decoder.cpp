// libFuzzer target over maps of either precision, topology, options and prior; every instruction
// set must find the same people. CABINSAFE_FUZZ builds it with clang; the tests run it over
// native/fuzz/ corpus with any compiler (run_corpus.cpp).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "cabinsafe/decoder.hpp"
#include "cabinsafe/errors.hpp"

namespace {

using cabinsafe::Half;
using cabinsafe::Isa;
using cabinsafe::MapsOf;

// Numbers out of the input, 0 when it is used up.
class Bytes {
  public:
    Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

    std::uint8_t next() { return at_ < size_ ? data_[at_++] : std::uint8_t{0}; }
    int below(int limit) { return next() % limit; }
    // Mostly plain heights with many ties, now and then any bits at all.
    void read(float& to) { to = value(); }
    void read(Half& to) {
        const std::uint8_t kind = next();
        const unsigned plain = (0x28U + (kind & 0x15U)) << 8U | (kind & 0x80U) << 8U;
        const unsigned any = static_cast<unsigned>(next()) << 8U | next();
        to.bits = static_cast<std::uint16_t>(kind != 0xFFU ? plain : any);
    }
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
            share(),
            share() / 4.0F,
            1 + bytes.below(64),
            1 + bytes.below(64),
            10.0F * share(),
            share(),
            0.01F + share(),
            share() / 4.0F};
}

// What a decoding came to: its numbers, or nothing where it was refused.
template <typename Scalar>
std::vector<float> outcome(const cabinsafe::Decoder& decoder, const MapsOf<Scalar>& heatmaps,
                           const MapsOf<Scalar>& pafs, const cabinsafe::ExpectedPeople& expected) {
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

template <typename Scalar>
std::vector<Scalar> read_values(Bytes& bytes, int count) {
    std::vector<Scalar> values(static_cast<std::size_t>(count));
    for (Scalar& value : values) bytes.read(value);
    return values;
}

template <typename Scalar>
void decode_everywhere(Bytes& bytes, const cabinsafe::Layout& layout,
                       const cabinsafe::Options& options) {
    const int height = 1 + bytes.below(24);
    const int width = 1 + bytes.below(48);
    const int people = bytes.below(3);
    const auto expected = read_values<float>(bytes, people * layout.keypoint_count() * 2);
    const auto heatmaps = read_values<Scalar>(bytes, layout.heatmap_count * height * width);
    const auto pafs = read_values<Scalar>(bytes, layout.paf_count * height * width);
    std::vector<float> first;
    for (const Isa isa : {Isa::scalar, Isa::neon, Isa::avx2, Isa::avx512}) {
        const cabinsafe::Kernels* kernels = cabinsafe::find_kernels(isa);
        if (kernels == nullptr) continue;
        const cabinsafe::Decoder decoder(layout, options, *kernels);
        const auto numbers = outcome<Scalar>(
            decoder, {heatmaps.data(), layout.heatmap_count, height, width},
            {pafs.data(), layout.paf_count, height, width}, {expected.data(), people});
        if (first.empty()) first = numbers;
        if (numbers != first) std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bytes bytes(data, size);
    const cabinsafe::Layout layout = read_layout(bytes);
    const cabinsafe::Options options = read_options(bytes);
    try {
        if (bytes.below(2) == 0) {
            decode_everywhere<float>(bytes, layout, options);
        } else {
            decode_everywhere<Half>(bytes, layout, options);
        }
    } catch (const std::invalid_argument&) {  // the layout contradicts itself
    }
    return 0;
}
