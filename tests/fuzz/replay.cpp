/// Runs a target on files, or on all files of folders: kept inputs and past findings stay tested in
/// builds without libFuzzer.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/target.hpp"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(int count, char** arguments) {
  std::vector<fs::path> files;
  for (int i = 1; i < count; ++i) {
    if (fs::is_directory(arguments[i]))
      std::copy(fs::directory_iterator(arguments[i]), {}, std::back_inserter(files));
    else
      files.emplace_back(arguments[i]);
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool passes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
  std::fprintf(stderr, "%s\n", path.c_str());  // before it runs: it may crash
  try {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return true;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "  FAILED: %s\n", error.what());
    return false;
  }
}

}  // namespace

int main(int count, char** arguments) {
  const auto files = files_of(count, arguments);
  const auto failed =
      std::count_if(files.begin(), files.end(), [](const auto& file) { return !passes(file); });
  std::printf("%zu inputs, %td failed\n", files.size(), failed);
  return failed > 0 || files.empty() ? 1 : 0;
}
