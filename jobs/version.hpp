#pragma once
#include <map>
#include <string>

namespace superpose::jobs {

/// Libraries the program runs with and their versions, "HDF5" -> "1.10.8"; for the metadata of
/// output files. Neither MPI nor Kokkos needs to be started.
std::map<std::string, std::string> library_versions();

/// What `superpose --version` prints.
std::string version_text();

}  // namespace superpose::jobs
