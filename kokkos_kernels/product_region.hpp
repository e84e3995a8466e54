#pragma once
#include <Kokkos_Core.hpp>

namespace superpose::kernels {

/// One call of a matrix or attention library, as Kokkos' tools see it, from construction to
/// destruction.
class ProductRegion {
 public:
  static constexpr const char* name = "matrix_product";
  ProductRegion() { Kokkos::Profiling::pushRegion(name); }
  ProductRegion(const ProductRegion&) = delete;
  ProductRegion& operator=(const ProductRegion&) = delete;
  ~ProductRegion() { Kokkos::Profiling::popRegion(); }
};

}  // namespace superpose::kernels
