// Runs the fuzz target over each file of a folder, or writes a few random ones to start from:
// run_corpus FOLDER [--write COUNT]
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;
using Input = std::vector<char>;

// Files of a few hundred bytes: what is missing reads as zeros.
void write_some(const fs::path& folder, int count) {
    std::mt19937 random(1);
    for (int i = 0; i < count; ++i) {
        Input input(200 + random() % 600U);
        for (char& byte : input) byte = static_cast<char>(random() % 255U);
        std::ofstream file(folder / ("random_" + std::to_string(i)), std::ios::binary);
        file.write(input.data(), static_cast<std::streamsize>(input.size()));
    }
}

int run_all(const fs::path& folder) {
    int count = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        std::ifstream file(entry.path(), std::ios::binary);
        const Input input{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
        std::printf("%s\n", entry.path().filename().string().c_str());
        std::fflush(stdout);  // the last one is the culprit
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
        ++count;
    }
    return count;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 4 && std::string(argv[2]) == "--write") {
        write_some(argv[1], std::atoi(argv[3]));
        return 0;
    }
    return argc == 2 && run_all(argv[1]) > 0 ? 0 : 1;
}
