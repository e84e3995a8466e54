#include "kokkos_kernels/residual.hpp"

#include "kokkos_kernels/loops/lane.hpp"

namespace superpose::kernels {

template <class T>
void residual_forward(const Exec& exec, Matrix<const T> x, Matrix<const T> y, RowDropout dropout,
                      Matrix<T> out) {
  const int n = static_cast<int>(x.extent(1));
  for_rows(
      "residual_forward", exec, {static_cast<int>(x.extent(0)), n},
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        lane.each_dropped(n, dropout.row(r),
                          [&](int c, float keep) { out(r, c) = x(r, c) + keep * y(r, c); });
      });
}

template <class X>
void residual_backward(const Exec& exec, Matrix<const Real<X>> dout, RowDropout dropout,
                       Matrix<X> dy) {
  const int n = static_cast<int>(dout.extent(1));
  for_rows(
      "residual_backward", exec, {static_cast<int>(dout.extent(0)), n},
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        lane.each_dropped(n, dropout.row(r),
                          [&](int c, float keep) { dy(r, c) = static_cast<X>(keep * dout(r, c)); });
      });
}

#define INSTANTIATE(T)                                                                      \
  template void residual_forward(const Exec&, Matrix<const T>, Matrix<const T>, RowDropout, \
                                 Matrix<T>);
INSTANTIATE(float)
INSTANTIATE(double)

#define INSTANTIATE_OPERAND(X) \
  template void residual_backward<X>(const Exec&, Matrix<const Real<X>>, RowDropout, Matrix<X>);
INSTANTIATE_OPERAND(bfloat16)
INSTANTIATE_OPERAND(float)
INSTANTIATE_OPERAND(double)

}  // namespace superpose::kernels
