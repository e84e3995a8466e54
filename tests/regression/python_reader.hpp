#pragma once
/// Runs read_with_h5py.py on a file, with the Python that CMake found (SUPERPOSE_PYTHON).

#include <cstdlib>
#include <string>

namespace superpose::tests {

inline bool python_has_h5py() {
  return std::system(SUPERPOSE_PYTHON " -c 'import h5py, xarray' 2> /dev/null") == 0;
}

/// True if the script accepts the file; it prints the reason if not.
inline bool python_reads(const std::string& file) {
  const std::string script = SUPERPOSE_SOURCE_DIR "/tests/regression/read_with_h5py.py";
  return std::system((SUPERPOSE_PYTHON " " + script + " --quiet " + file).c_str()) == 0;
}

}  // namespace superpose::tests
