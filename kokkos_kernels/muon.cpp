#include "kokkos_kernels/muon.hpp"

#include <algorithm>
#include <cmath>

#include "kokkos_kernels/linear.hpp"
#include "kokkos_kernels/loops/lane.hpp"
#include "kokkos_kernels/reductions.hpp"

namespace superpose::kernels {
namespace {

/// Jordan's a, b, c: the steepest start from which singular values still end near 1.
constexpr double coefficient_a = 3.4445, coefficient_b = -4.7750, coefficient_c = 2.0315;
constexpr int iterations = 5;

/// y <- a x + b y, elementwise. x, y [R,K].
template <class T>
void combine(const Exec& exec, double a, Matrix<const T> x, double b, Matrix<T> y) {
  const int n_columns = static_cast<int>(y.extent(1));
  const T of_x = static_cast<T>(a), of_y = static_cast<T>(b);
  for_rows(
      "muon_combine", exec, {static_cast<int>(y.extent(0)), n_columns},
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        lane.each(n_columns, [&](int c) { y(r, c) = of_x * x(r, c) + of_y * y(r, c); });
      });
}

}  // namespace

template <class T>
void muon_momentum(const Exec& exec, const MuonStep& step, Matrix<const T> gradient, Matrix<T> m,
                   Matrix<T> x) {
  const int n_rows = static_cast<int>(m.extent(0)), n_columns = static_cast<int>(m.extent(1));
  const bool tall = n_rows > n_columns;
  const T keep = static_cast<T>(step.momentum);
  const T take = static_cast<T>((1 - step.momentum) * step.gradient_scale);
  for_rows(
      "muon_momentum", exec, {n_rows, n_columns}, KOKKOS_LAMBDA(const int r, const Lane& lane) {
        lane.each(n_columns, [&](int c) {
          const T part = take * gradient(r, c);
          const T moved = keep * m(r, c) + part;
          m(r, c) = moved;
          (tall ? x(c, r) : x(r, c)) = keep * moved + part;
        });
      });
}

template <class T>
OrthogonalizeSpace<T>::OrthogonalizeSpace(int most_rows, int most_columns) {
  const auto side = static_cast<std::size_t>(std::min(most_rows, most_columns));
  const auto size = static_cast<std::size_t>(most_rows) * static_cast<std::size_t>(most_columns);
  update = Vector<T>("muon_update", size);
  gram = Vector<T>("muon_gram", side * side);
  gram_squared = Vector<T>("muon_gram_squared", side * side);
}

template <class T>
void orthogonalize(const Exec& exec, const OrthogonalizeSpace<T>& space, Matrix<T> x) {
  const int R = static_cast<int>(x.extent(0)), K = static_cast<int>(x.extent(1));
  const Matrix<T> gram(space.gram.data(), R, R), squared(space.gram_squared.data(), R, R);
  const Matrix<T> update(space.update.data(), R, K);
  const double norm = std::sqrt(sum_of_squares<T>(exec, Vector<const T>(x.data(), x.size())));
  if (norm == 0) return;
  combine<T>(exec, 0, x, 1 / norm, x);
  for (int i = 0; i < iterations; ++i) {
    multiply_transposed<T>(exec, x, x, gram);
    multiply<T>(exec, gram, gram, squared);
    combine<T>(exec, coefficient_b, gram, coefficient_c, squared);
    multiply<T>(exec, squared, x, update);
    combine<T>(exec, 1, update, coefficient_a, x);
  }
}

template <class T>
void muon_update(const Exec& exec, const MuonStep& step, Matrix<const T> x, Matrix<T> parameter) {
  const int n_rows = static_cast<int>(parameter.extent(0));
  const int n_columns = static_cast<int>(parameter.extent(1));
  const bool tall = n_rows > n_columns;
  const T keep = static_cast<T>(1 - step.learning_rate * step.weight_decay);
  const T length =
      static_cast<T>(step.learning_rate * 0.2 * std::sqrt(std::max(n_rows, n_columns)));
  for_rows(
      "muon_update", exec, {n_rows, n_columns}, KOKKOS_LAMBDA(const int r, const Lane& lane) {
        lane.each(n_columns, [&](int c) {
          const T direction = tall ? x(c, r) : x(r, c);
          parameter(r, c) = keep * parameter(r, c) - length * direction;
        });
      });
}

#define INSTANTIATE(T)                                                                  \
  template void muon_momentum(const Exec&, const MuonStep&, Matrix<const T>, Matrix<T>, \
                              Matrix<T>);                                               \
  template struct OrthogonalizeSpace<T>;                                                \
  template void orthogonalize(const Exec&, const OrthogonalizeSpace<T>&, Matrix<T>);    \
  template void muon_update(const Exec&, const MuonStep&, Matrix<const T>, Matrix<T>);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace superpose::kernels
