#pragma once
/// Where tests find problem files: the committed sample, and the published files if they are at
/// hand.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace superpose::data {

/// Three generated problems (seed 3; 4, 3 and 4 hops), as `superpose generate` writes them.
inline std::string sample_path() {
  return SUPERPOSE_SOURCE_DIR "/tests/data/sample.json";
}

/// A published file in $SUPERPOSE_PUBLISHED_DATA or, without it, in ../shared/data beside the
/// project.
inline std::string published_path(const std::string& name) {
  const char* folder = std::getenv("SUPERPOSE_PUBLISHED_DATA");
  return (folder != nullptr ? std::string(folder) : SUPERPOSE_SOURCE_DIR "/../shared/data") + "/" +
         name;
}

/// Sets `path` to a published file or skips the test.
#define USE_PUBLISHED_OR_SKIP(path, name)                                          \
  const std::string path = published_path(name);                                   \
  if (!std::filesystem::exists(path))                                              \
  GTEST_SKIP() << path << " is not there: put the published files (Ber666/"        \
               << "emergence-of-superposition, data/) in a folder and name it in " \
               << "SUPERPOSE_PUBLISHED_DATA"

}  // namespace superpose::data
