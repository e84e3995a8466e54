#include "core/version.hpp"

#include <Kokkos_Macros.hpp>

#include "build_info.hpp"  // written by write_build_info.cmake at every build

namespace superpose {

std::string program_version() {
  return build_info::version;
}
std::string git_hash() {
  return build_info::git_hash;
}
std::string compiler() {
  return build_info::compiler;
}
std::string compile_flags() {
  return build_info::flags;
}

std::string kokkos_version() {
  const auto part = [](int number) { return std::to_string(number); };
  return part(KOKKOS_VERSION / 10000) + "." + part(KOKKOS_VERSION / 100 % 100) + "." +
         part(KOKKOS_VERSION % 100);
}

std::string kokkos_backends() {
  std::string names;
  const auto append = [&names](const char* name) {
    if (!names.empty()) names += ", ";
    names += name;
  };
#ifdef KOKKOS_ENABLE_SERIAL
  append("Serial");
#endif
#ifdef KOKKOS_ENABLE_OPENMP
  append("OpenMP");
#endif
#ifdef KOKKOS_ENABLE_THREADS
  append("Threads");
#endif
#ifdef KOKKOS_ENABLE_CUDA
  append("CUDA");
#endif
#ifdef KOKKOS_ENABLE_HIP
  append("HIP");
#endif
#ifdef KOKKOS_ENABLE_SYCL
  append("SYCL");
#endif
  return names;
}

}  // namespace superpose
