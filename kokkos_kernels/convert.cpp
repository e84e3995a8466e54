#include "kokkos_kernels/convert.hpp"

#include "kokkos_kernels/loops/lane.hpp"

namespace superpose::kernels {

template <class X>
void convert(const Exec& exec, Matrix<const Real<X>> from, Matrix<X> to) {
  const int n = static_cast<int>(from.extent(1));
  for_rows(
      "convert", exec, {static_cast<int>(from.extent(0)), n},
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        lane.each(n, [&](int c) { to(r, c) = static_cast<X>(from(r, c)); });
      });
}

#define INSTANTIATE(X) template void convert<X>(const Exec&, Matrix<const Real<X>>, Matrix<X>);
INSTANTIATE(bfloat16)
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace superpose::kernels
