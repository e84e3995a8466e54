#pragma once
#include <Kokkos_Core.hpp>

namespace superpose::jobs {

/// Kokkos from construction to destruction, configured by its own environment variables
/// (KOKKOS_NUM_THREADS, ...; OMP_NUM_THREADS): no arguments of ours reach it.
class ComputeSession {
 private:
  int argc_ = 0;
  char** argv_ = nullptr;
  Kokkos::ScopeGuard guard_{argc_, argv_};
};

}  // namespace superpose::jobs
