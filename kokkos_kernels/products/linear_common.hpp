#pragma once
/// What linear.cpp and linear_cuda.cpp share: a bias as rows, and the list of what linear.hpp
/// offers.
#include "kokkos_kernels/linear.hpp"
#include "kokkos_kernels/loops/lane.hpp"

namespace superpose::kernels {

/// Every row of y = row, where a product cannot add the bias itself.
template <class T, class Y>
void broadcast_rows(const Exec& exec, Vector<const T> row, Matrix<Y> y) {
  const int n = static_cast<int>(y.extent(1));
  for_rows(
      "linear_bias", exec, static_cast<int>(y.extent(0)),
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        lane.each(n, [&](int c) { y(r, c) = static_cast<Y>(row(c)); });
      });
}

template <class T>
Matrix<T> row_matrix(const Vector<T>& v) {
  return Matrix<T>(v.data(), 1, v.extent(0));
}

}  // namespace superpose::kernels

/// Explicit instances, at the end of a source that defines the functions. X: of products.
#define SUPERPOSE_LINEAR_INSTANCES(X)                                                            \
  template class LinearWeight<X>;                                                                \
  template void linear_forward(const Exec&, Matrix<const X>, const LinearWeight<X>&,             \
                               Matrix<Real<X>>);                                                 \
  template void linear_backward_input(const Exec&, Matrix<const X>, const LinearWeight<X>&,      \
                                      Matrix<Real<X>>, Output);                                  \
  template void linear_gelu_forward(const Exec&, Matrix<const X>, const LinearWeight<X>&,        \
                                    Matrix<X>, Matrix<X>);                                       \
  template void linear_gelu_backward_input(const Exec&, Matrix<const X>, const LinearWeight<X>&, \
                                           Matrix<const X>, Matrix<X>);                          \
  template void linear_backward_weight(const Exec&, Matrix<const X>, Matrix<const X>,            \
                                       const LinearWeight<X>&, Vector<Real<X>>, Matrix<Real<X>>, \
                                       Vector<Real<X>>);

#define SUPERPOSE_LOGITS_INSTANCES(T)                                                           \
  template void multiply(const Exec&, Matrix<const T>, Matrix<const T>, Matrix<T>);             \
  template void multiply_transposed(const Exec&, Matrix<const T>, Matrix<const T>, Matrix<T>);  \
  template void logits_forward(const Exec&, Matrix<const T>, Matrix<const T>, Matrix<T>);       \
  template void logits_backward(const Exec&, Matrix<const T>, Matrix<const T>, Matrix<const T>, \
                                Matrix<T>, Matrix<T>);

#define SUPERPOSE_ALL_LINEAR_INSTANCES                                                             \
  SUPERPOSE_LINEAR_INSTANCES(float)                                                                \
  SUPERPOSE_LINEAR_INSTANCES(bfloat16)                                                             \
  SUPERPOSE_LINEAR_INSTANCES(double)                                                               \
  template void linear_forward(const Exec&, Matrix<const bfloat16>, const LinearWeight<bfloat16>&, \
                               Matrix<bfloat16>);                                                  \
  template void linear_backward_input(const Exec&, Matrix<const bfloat16>,                         \
                                      const LinearWeight<bfloat16>&, Matrix<bfloat16>, Output);    \
  SUPERPOSE_LOGITS_INSTANCES(float)                                                                \
  SUPERPOSE_LOGITS_INSTANCES(double)
