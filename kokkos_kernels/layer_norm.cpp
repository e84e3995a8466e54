#include "kokkos_kernels/layer_norm.hpp"

#include "kokkos_kernels/lane.hpp"
#include "kokkos_kernels/math.hpp"

namespace superpose::kernels {

template <class T>
void layer_norm_forward(const Exec& exec, Matrix<const T> x, Vector<const T> weight,
                        Vector<const T> bias, double epsilon, Matrix<T> y, Vector<T> mean,
                        Vector<T> rstd) {
  const int n = static_cast<int>(x.extent(1));
  for_rows(
      "layer_norm_forward", exec, static_cast<int>(x.extent(0)),
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        const T m = lane.template sum<T>(n, [&](int c) { return x(r, c); }) / n;
        const T variance = lane.template sum<T>(n, [&](int c) {
          const T centred = x(r, c) - m;
          return centred * centred;
        }) / n;
        const T s = T(1) / square_root(variance + static_cast<T>(epsilon));
        lane.each(n, [&](int c) { y(r, c) = (x(r, c) - m) * s * weight(c) + bias(c); });
        mean(r) = m;
        rstd(r) = s;
      });
}

namespace {

/// dx += rstd * (g - mean(g) - xhat * mean(g * xhat)), g = dy * weight.
template <class T>
void input_gradient(const Exec& exec, Matrix<const T> dy, Matrix<const T> x, Vector<const T> weight,
                    Vector<const T> mean, Vector<const T> rstd, Matrix<T> dx) {
  const int n = static_cast<int>(x.extent(1));
  for_rows(
      "layer_norm_backward_input", exec, static_cast<int>(x.extent(0)),
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        const T m = mean(r), s = rstd(r);
        const T g_mean = lane.template sum<T>(n, [&](int c) { return dy(r, c) * weight(c); }) / n;
        const T gx_mean = lane.template sum<T>(n, [&](int c) {
          return dy(r, c) * weight(c) * (x(r, c) - m) * s;
        }) / n;
        lane.each(n, [&](int c) {
          dx(r, c) += s * (dy(r, c) * weight(c) - g_mean - (x(r, c) - m) * s * gx_mean);
        });
      });
}

/// A strip of columns belongs to one lane, which adds the rows in order: no atomics, fixed bits.
template <class T>
void weight_gradient(const Exec& exec, Matrix<const T> dy, Matrix<const T> x, Vector<const T> mean,
                     Vector<const T> rstd, Vector<T> dweight, Vector<T> dbias) {
  constexpr int strip = 64;
  const int n = static_cast<int>(x.extent(1)), n_rows = static_cast<int>(x.extent(0));
  for_rows(
      "layer_norm_backward_weight", exec, (n + strip - 1) / strip,
      KOKKOS_LAMBDA(const int s, const Lane& lane) {
        const int begin = s * strip, width = n - begin < strip ? n - begin : strip;
        for (int r = 0; r < n_rows; ++r) {
          const T m = mean(r), inverse = rstd(r);
          lane.each(width, [&](int i) {
            const T g = dy(r, begin + i);
            dweight(begin + i) += g * (x(r, begin + i) - m) * inverse;
            dbias(begin + i) += g;
          });
        }
      });
}

}  // namespace

template <class T>
void layer_norm_backward(const Exec& exec, Matrix<const T> dy, Matrix<const T> x,
                         Vector<const T> weight, Vector<const T> mean, Vector<const T> rstd,
                         Matrix<T> dx, Vector<T> dweight, Vector<T> dbias) {
  weight_gradient<T>(exec, dy, x, mean, rstd, dweight, dbias);
  input_gradient<T>(exec, dy, x, weight, mean, rstd, dx);
}

#define INSTANTIATE(T)                                                                             \
  template void layer_norm_forward(const Exec&, Matrix<const T>, Vector<const T>, Vector<const T>, \
                                   double, Matrix<T>, Vector<T>, Vector<T>);                       \
  template void layer_norm_backward(const Exec&, Matrix<const T>, Matrix<const T>,                 \
                                    Vector<const T>, Vector<const T>, Vector<const T>, Matrix<T>,  \
                                    Vector<T>, Vector<T>);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace superpose::kernels
