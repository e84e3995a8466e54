#pragma once
#include <string>

namespace superpose::io {

/// Version of the HDF5 library the program runs with, "1.10.8"; may be called before MPI starts.
std::string hdf5_version();

}  // namespace superpose::io
