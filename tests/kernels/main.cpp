/// main of the kernel tests: floating-point errors end the run, unlabelled kernels and Views fail
/// the test that made them.

#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <cfenv>

#include "labels.hpp"

namespace {

/// A kernel that divides by zero, overflows or makes a NaN stops at the instruction that does.
void trap_floating_point_errors() {
#if defined(__GLIBC__) && !defined(KOKKOS_ENABLE_CUDA)  // the GPU has no traps, its driver divides
  feenableexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const Kokkos::ScopeGuard kokkos(argc, argv);
  superpose::kernels::watch_labels();
  trap_floating_point_errors();
  return RUN_ALL_TESTS();
}
