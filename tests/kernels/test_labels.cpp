#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "core/types.hpp"
#include "labels.hpp"

namespace superpose::kernels {
namespace {

void launch_without_label() {
  Kokkos::parallel_for(Kokkos::RangePolicy<Exec>(0, 1), KOKKOS_LAMBDA(int){});
}

void launch_with_label() {
  Kokkos::parallel_for("labelled", Kokkos::RangePolicy<Exec>(0, 1), KOKKOS_LAMBDA(int){});
}

TEST(Labels, AKernelWithoutOneIsReported) {
  EXPECT_NONFATAL_FAILURE(launch_without_label(), "a kernel without a label");
  launch_with_label();
}

TEST(Labels, AViewWithoutOneIsReported) {
  EXPECT_NONFATAL_FAILURE(Vector<float>("", 3), "a View without a label");
  const Vector<float> labelled("labelled", 3);
  EXPECT_EQ(labelled.extent(0), 3U);
}

}  // namespace
}  // namespace superpose::kernels
