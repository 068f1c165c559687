// One frame into its place in the network's input, in one pass: letterbox, order of colours,
// normalisation. Along an axis that shrinks, source pixels are averaged by the share of each that
// an input pixel covers (OpenCV's INTER_AREA); along one that does not, the two nearest are blended
// (INTER_LINEAR). Levels are rounded to whole ones before they are normalised. Compiled by NVRTC:
// no header is included.

struct Letterbox {
    const unsigned char* source;  // BGR, height x width x 3
    float* target;                // one image of the input: 3 x height x width
    int source_width, source_height;
    int width, height;
    int left, top, inner_width, inner_height;  // where the frame lies in the input
    int pad_value;
    int is_rgb;  // order of the target's planes
    float mean[3], std[3];
};

// Source pixels first..last along one axis; the ends count only in part.
struct Window {
    int first, last;
    float first_weight, last_weight;
};

__device__ inline Window window_of(int position, int source_side, int inner_side) {
    const float scale = static_cast<float>(source_side) / static_cast<float>(inner_side);
    Window window;
    if (inner_side < source_side) {
        const float begin = static_cast<float>(position) * scale;
        const float end = fminf(begin + scale, static_cast<float>(source_side));
        window.first = min(static_cast<int>(begin), source_side - 1);
        window.last = max(window.first, min(static_cast<int>(ceilf(end)), source_side) - 1);
        window.first_weight = static_cast<float>(window.first + 1) - begin;
        window.last_weight = end - static_cast<float>(window.last);
        if (window.first == window.last) window.first_weight = window.last_weight = end - begin;
    } else {
        const float centre = (static_cast<float>(position) + 0.5F) * scale - 0.5F;
        const float inside = fminf(fmaxf(centre, 0.0F), static_cast<float>(source_side - 1));
        window.first = static_cast<int>(inside);
        window.last = min(window.first + 1, source_side - 1);
        window.last_weight = inside - static_cast<float>(window.first);
        window.first_weight = 1.0F - window.last_weight;
        if (window.first == window.last) window.first_weight = window.last_weight = 1.0F;
    }
    return window;
}

__device__ inline float weight_of(const Window& window, int index) {
    if (index == window.first) return window.first_weight;
    return index == window.last ? window.last_weight : 1.0F;
}

extern "C" __global__ void letterbox(Letterbox box) {
    const int x = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    const int y = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y);
    if (x >= box.width || y >= box.height) return;
    const int inner_x = x - box.left;
    const int inner_y = y - box.top;
    float levels[3];
    if (inner_x < 0 || inner_y < 0 || inner_x >= box.inner_width || inner_y >= box.inner_height) {
        for (int c = 0; c < 3; ++c) levels[c] = static_cast<float>(box.pad_value);
    } else {
        const Window columns = window_of(inner_x, box.source_width, box.inner_width);
        const Window rows = window_of(inner_y, box.source_height, box.inner_height);
        float sums[3] = {0.0F, 0.0F, 0.0F};
        float total = 0.0F;
        for (int row = rows.first; row <= rows.last; ++row) {
            const unsigned char* pixels =
                box.source + static_cast<size_t>(row) * box.source_width * 3;
            for (int column = columns.first; column <= columns.last; ++column) {
                const float weight = weight_of(rows, row) * weight_of(columns, column);
                for (int c = 0; c < 3; ++c)
                    sums[c] += weight * static_cast<float>(pixels[3 * column + c]);
                total += weight;
            }
        }
        for (int c = 0; c < 3; ++c) levels[c] = rintf(sums[c] / total);
    }
    const size_t plane = static_cast<size_t>(box.width) * box.height;
    for (int c = 0; c < 3; ++c) {
        const float level = levels[box.is_rgb ? 2 - c : c];
        box.target[c * plane + static_cast<size_t>(y) * box.width + x] =
            (level - box.mean[c]) / box.std[c];
    }
}
