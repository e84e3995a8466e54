#include "jobs/version.hpp"

#include <fmt/format.h>
#include <mpi.h>
#if defined(OPEN_MPI)
#include <mpi-ext.h>
#endif

#include "core/version.hpp"
#include "io/hdf5_version.hpp"
#include "kokkos_kernels/matrix_library.hpp"

namespace superpose::jobs {
namespace {

/// MPI allows this call before MPI_Init.
std::string mpi_library() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  if (MPI_Get_library_version(text, &length) != MPI_SUCCESS) return "unknown";
  const std::string line = text;  // not `length` characters: some count the final zero
  return line.substr(0, line.find_first_of("\n\r"));
}

/// As MPI's headers say.
std::string cuda_awareness() {
#if defined(MPIX_CUDA_AWARE_SUPPORT) && MPIX_CUDA_AWARE_SUPPORT
  return "CUDA-aware";
#elif defined(MPIX_CUDA_AWARE_SUPPORT)
  return "not CUDA-aware";
#else
  return "CUDA awareness unknown";
#endif
}

}  // namespace

std::map<std::string, std::string> library_versions() {
  return {{"HDF5", io::hdf5_version()},
          {"Kokkos", fmt::format("{} ({})", kokkos_version(), kokkos_backends())},
          {"MPI", fmt::format("{} ({})", mpi_library(), cuda_awareness())},
          {"BLAS", kernels::matrix_library()}};
}

std::string version_text() {
  std::string text = fmt::format("superpose {}\n", program_version());
  const auto line = [&text](const std::string& what, const std::string& value) {
    text += fmt::format("  {:<16} {}\n", what, value);
  };
  line("commit", git_hash());
  line("compiler", compiler());
  line("flags", compile_flags());
  for (const auto& [library, version] : library_versions()) line(library, version);
  return text;
}

}  // namespace superpose::jobs
