#include "kokkos_kernels/gelu.hpp"

#include "core/bfloat16.hpp"
#include "kokkos_kernels/loops/lane.hpp"
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

template <class X>
void gelu_forward(const Exec& exec, Matrix<const X> x, Matrix<X> y) {
  const int n = static_cast<int>(x.extent(1));
  for_rows(
      "gelu_forward", exec, {static_cast<int>(x.extent(0)), n},
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        lane.each(n, [&](int c) {
          const Real<X> v = x(r, c);
          y(r, c) = static_cast<X>(v * logistic(twice_u(v)));
        });
      });
}

template <class X>
void gelu_backward(const Exec& exec, Matrix<const X> x, Matrix<const X> dy, Matrix<X> dx) {
  using T = Real<X>;
  const int n = static_cast<int>(x.extent(1));
  for_rows(
      "gelu_backward", exec, {static_cast<int>(x.extent(0)), n},
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        lane.each(n, [&](int c) {
          const T v = x(r, c), s = logistic(twice_u(v));
          dx(r, c) = static_cast<X>(dy(r, c) * (s + v * s * (T(1) - s) * twice_u_slope(v)));
        });
      });
}

#define INSTANTIATE(X)                                                 \
  template void gelu_forward(const Exec&, Matrix<const X>, Matrix<X>); \
  template void gelu_backward(const Exec&, Matrix<const X>, Matrix<const X>, Matrix<X>);
INSTANTIATE(bfloat16)
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace superpose::kernels
