/// Kokkos for the MPI tests that compute with a model: between MPI's start and end, which main.cpp
/// sees to.

#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>

namespace {

class KokkosEnvironment : public testing::Environment {
 public:
  void SetUp() override { Kokkos::initialize(); }
  void TearDown() override { Kokkos::finalize(); }
};

// Registered before main; GoogleTest owns it.
const testing::Environment* const kokkos_environment =
    testing::AddGlobalTestEnvironment(new KokkosEnvironment);

}  // namespace
