#include "kokkos_kernels/gelu.hpp"

#include "kokkos_kernels/lane.hpp"
#include "kokkos_kernels/math.hpp"

namespace superpose::kernels {
namespace {

// tanh(u) = 2 logistic(2u) - 1, so gelu(x) = x logistic(2u): one exponential, no branch.
template <class T>
KOKKOS_FORCEINLINE_FUNCTION T twice_u(T x) {
  constexpr T root = static_cast<T>(1.5957691216057308);  // 2 sqrt(2/pi)
  return root * (x + static_cast<T>(0.044715) * x * x * x);
}

template <class T>
KOKKOS_FORCEINLINE_FUNCTION T twice_u_slope(T x) {
  constexpr T root = static_cast<T>(1.5957691216057308);
  return root * (T(1) + static_cast<T>(3 * 0.044715) * x * x);
}

}  // namespace

template <class T>
void gelu_forward(const Exec& exec, Matrix<const T> x, Matrix<T> y) {
  const int n = static_cast<int>(x.extent(1));
  for_rows(
      "gelu_forward", exec, static_cast<int>(x.extent(0)),
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        lane.each(n, [&](int c) { y(r, c) = x(r, c) * logistic(twice_u(x(r, c))); });
      });
}

template <class T>
void gelu_backward(const Exec& exec, Matrix<const T> x, Matrix<const T> dy, Matrix<T> dx) {
  const int n = static_cast<int>(x.extent(1));
  for_rows(
      "gelu_backward", exec, static_cast<int>(x.extent(0)),
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        lane.each(n, [&](int c) {
          const T v = x(r, c), s = logistic(twice_u(v));
          dx(r, c) = dy(r, c) * (s + v * s * (T(1) - s) * twice_u_slope(v));
        });
      });
}

#define INSTANTIATE(T)                                                 \
  template void gelu_forward(const Exec&, Matrix<const T>, Matrix<T>); \
  template void gelu_backward(const Exec&, Matrix<const T>, Matrix<const T>, Matrix<T>);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace superpose::kernels
