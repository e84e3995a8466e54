#pragma once
/// What this executable was built from and with. Constants of the build: nothing is initialised.

#include <string>

namespace superpose {

std::string program_version();  ///< "0.1.0"
/// The commit, with "+dirty" if tracked files differed from it when the program was built;
/// "unknown" if it was built outside a git working tree.
std::string git_hash();
std::string compiler();         ///< "GNU 12.2.0"
std::string compile_flags();    ///< build type and flags
std::string kokkos_version();   ///< "3.4.1"
std::string kokkos_backends();  ///< "Serial, OpenMP": the back ends Kokkos was built with

}  // namespace superpose
