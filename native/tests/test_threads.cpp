// One decoder, several threads, each with a workspace of its own.
#include <thread>
#include <vector>

#include "cabinsafe/decoder.hpp"
#include "canvas.hpp"
#include "check.hpp"

namespace {

using cabinsafe::Decoder;
using cabinsafe::Poses;
using cabinsafe::Workspace;

// People of three keypoints in a row, one under the other.
struct Crowd {
    test::Canvas heatmaps;
    test::Canvas pafs{6, 60, 60};

    explicit Crowd(int people) : heatmaps(3, 60, 60) {
        for (int i = 0; i < people; ++i) {
            const float y = 6.5F + 12.0F * static_cast<float>(i);
            for (int k = 0; k < 3; ++k) {
                heatmaps.blob(k, 8.5F + 16.0F * static_cast<float>(k), y, 0.9F);
            }
        }
        pafs.flow(1, 0, 1.0F, 0.0F);
        pafs.flow(3, 2, 1.0F, 0.0F);
    }
};

void threads_do_not_disturb_each_other(test::Results& results) {
    constexpr int kThreads = 4;
    constexpr int kRounds = 50;
    const Decoder decoder(test::ring_layout(), test::plain_options());
    std::vector<Crowd> crowds;
    for (int people = 1; people <= kThreads; ++people) crowds.emplace_back(people);
    std::vector<int> right(kThreads, 0);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
            Workspace workspace;
            for (int round = 0; round < kRounds; ++round) {
                const int people = 1 + (i + round) % kThreads;
                const Crowd& crowd = crowds[people - 1];
                const Poses& poses =
                    decoder.decode(crowd.heatmaps.view(), crowd.pafs.view(), workspace);
                right[i] += static_cast<int>(poses.count == people && poses.score[2] > 0.0F);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const int count : right) CHECK(count == kRounds);
}

}  // namespace

int main() {
    test::Results results;
    threads_do_not_disturb_each_other(results);
    return results.report();
}
