#pragma once
#include <Kokkos_Core.hpp>
#include <exception>
#include <optional>

#include "core/error.hpp"

namespace superpose::jobs {

/// Kokkos from construction to destruction, configured by its own environment variables
/// (KOKKOS_NUM_THREADS, ...; OMP_NUM_THREADS): no arguments of ours reach it. Error (failure) if it
/// cannot start, as where a build for GPUs finds none.
class ComputeSession {
 public:
  ComputeSession() {
    try {
      guard_.emplace(argc_, argv_);
    } catch (const std::exception& error) {
      fail(ExitCode::failure,
           "Kokkos cannot start ({}); a build for GPUs takes one for each rank of a node and its "
           "driver (nvidia-smi shows both), elsewhere use a build for CPUs",
           error.what());
    }
  }

 private:
  int argc_ = 0;
  char** argv_ = nullptr;
  std::optional<Kokkos::ScopeGuard> guard_;
};

}  // namespace superpose::jobs
