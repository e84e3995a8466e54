#include "io/hdf5_version.hpp"

#include <hdf5.h>

#include "core/error.hpp"

namespace superpose::io {

std::string hdf5_version() {
  unsigned major = 0, minor = 0, release = 0;
  validate(H5get_libversion(&major, &minor, &release) >= 0, ExitCode::io,
           "HDF5 does not tell its version");
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace superpose::io
