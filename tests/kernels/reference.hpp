#pragma once
/// What the kernel tests share: host matrices, their way to Views and back, comparison, and central
/// differences. References are plain loops in double; inputs are representable in float, so that
/// the float and the double kernel see the same numbers.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/random.hpp"
#include "core/types.hpp"

namespace superpose::kernels {

using FloatTypes = testing::Types<float, double>;

/// Row-major values on the host; a vector is a matrix of one row.
struct HostMatrix {
  int n_rows = 0, n_columns = 0;
  std::vector<double> values;

  HostMatrix(int rows, int columns, double value = 0)
      : n_rows(rows), n_columns(columns), values(static_cast<std::size_t>(rows) * columns, value) {}

  double& operator()(int r, int c) { return values[static_cast<std::size_t>(r) * n_columns + c]; }
  double operator()(int r, int c) const {
    return values[static_cast<std::size_t>(r) * n_columns + c];
  }
};

/// One row of the given values.
inline HostMatrix host_row(const std::vector<double>& values) {
  HostMatrix row(1, static_cast<int>(values.size()));
  row.values = std::move(values);
  return row;
}

inline HostMatrix row_of(const HostMatrix& m, int r) {
  HostMatrix row(1, m.n_columns);
  for (int c = 0; c < m.n_columns; ++c) row(0, c) = m(r, c);
  return row;
}

/// Uniform in [-1, 1), a different matrix for each id.
inline HostMatrix random_matrix(int n_rows, int n_columns, std::uint64_t id) {
  RandomStream stream(1, Purpose::analysis, id);
  HostMatrix result(n_rows, n_columns);
  for (double& value : result.values) value = static_cast<float>(2 * stream.uniform() - 1);
  return result;
}

/// sum of a_i b_i: with fixed `a`, a loss whose gradient by b is a.
inline double inner_product(const HostMatrix& a, const HostMatrix& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) sum += a.values[i] * b.values[i];
  return sum;
}

inline HostMatrix difference(HostMatrix a, const HostMatrix& b) {
  for (std::size_t i = 0; i < a.values.size(); ++i) a.values[i] -= b.values[i];
  return a;
}

inline HostMatrix sum(HostMatrix a, const HostMatrix& b) {
  for (std::size_t i = 0; i < a.values.size(); ++i) a.values[i] += b.values[i];
  return a;
}

// --- to Views and back ---------------------------------------------------------------------------

template <class T>
Matrix<T> to_matrix(const HostMatrix& from) {
  Matrix<T> to("test_matrix", from.n_rows, from.n_columns);
  const auto mirror = Kokkos::create_mirror_view(to);
  for (int r = 0; r < from.n_rows; ++r)
    for (int c = 0; c < from.n_columns; ++c) mirror(r, c) = static_cast<T>(from(r, c));
  Kokkos::deep_copy(to, mirror);
  return to;
}

template <class T>
Vector<T> to_vector(const HostMatrix& from) {
  Vector<T> to("test_vector", from.values.size());
  const auto mirror = Kokkos::create_mirror_view(to);
  for (std::size_t i = 0; i < from.values.size(); ++i) mirror(i) = static_cast<T>(from.values[i]);
  Kokkos::deep_copy(to, mirror);
  return to;
}

inline Indices to_indices(const std::vector<int>& from) {
  Vector<std::int32_t> to("test_indices", from.size());
  const auto mirror = Kokkos::create_mirror_view(to);
  for (std::size_t i = 0; i < from.size(); ++i) mirror(i) = from[i];
  Kokkos::deep_copy(to, mirror);
  return to;
}

template <class T>
HostMatrix to_host(const Matrix<T>& from) {
  const auto mirror = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), from);
  HostMatrix to(static_cast<int>(from.extent(0)), static_cast<int>(from.extent(1)));
  for (int r = 0; r < to.n_rows; ++r)
    for (int c = 0; c < to.n_columns; ++c) to(r, c) = mirror(r, c);
  return to;
}

template <class T>
HostMatrix to_host(const Vector<T>& from) {
  const auto mirror = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), from);
  HostMatrix to(1, static_cast<int>(from.extent(0)));
  for (int i = 0; i < to.n_columns; ++i) to(0, i) = mirror(i);
  return to;
}

// --- comparison ----------------------------------------------------------------------------------

inline double largest_magnitude(const HostMatrix& m) {
  double largest = 0;
  for (const double value : m.values) largest = std::max(largest, std::abs(value));
  return largest;
}

/// Whether no entry is off by more than `allowed`; otherwise names the worst and counts the rest.
inline testing::AssertionResult within(const HostMatrix& actual, const HostMatrix& expected,
                                       double allowed) {
  if (actual.n_rows != expected.n_rows || actual.n_columns != expected.n_columns)
    return testing::AssertionFailure()
           << "shape [" << actual.n_rows << "," << actual.n_columns << "], expected ["
           << expected.n_rows << "," << expected.n_columns << "]";
  int n_off = 0;
  std::size_t worst = 0;
  double worst_error = -1;
  for (std::size_t i = 0; i < expected.values.size(); ++i) {
    const double error = std::abs(actual.values[i] - expected.values[i]);
    if (error <= allowed) continue;  // false for NaN
    ++n_off;
    if (worst_error < 0 || error > worst_error) worst = i, worst_error = error;
  }
  if (n_off == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "(" << worst / expected.n_columns << "," << worst % expected.n_columns << ") is "
         << actual.values[worst] << ", expected " << expected.values[worst] << " +- " << allowed
         << "; " << n_off << " of " << expected.values.size() << " entries are off";
}

/// Equal up to `n_epsilon` roundings in T, relative to the largest expected entry: a zero matrix
/// must come out as exact zeros.
template <class T>
testing::AssertionResult near(const HostMatrix& actual, const HostMatrix& expected,
                              double n_epsilon = 64) {
  return within(actual, expected,
                n_epsilon * std::numeric_limits<T>::epsilon() * largest_magnitude(expected));
}

// --- central differences -------------------------------------------------------------------------

/// Whether `gradient` is d loss() / dx, entry by entry (evenly spaced ones of a large x), to 1e-6
/// of its largest entry. `loss` must read x by reference.
template <class Loss>
testing::AssertionResult is_gradient(const HostMatrix& gradient, HostMatrix& x, const Loss& loss) {
  constexpr double step = 1e-5;
  constexpr std::size_t most = 150;
  const std::size_t stride = x.values.size() <= most ? 1 : x.values.size() / most;
  HostMatrix numerical = gradient;
  for (std::size_t i = 0; i < x.values.size(); i += stride) {
    const double kept = x.values[i];
    x.values[i] = kept + step;
    const double above = loss();
    x.values[i] = kept - step;
    const double below = loss();
    x.values[i] = kept;
    numerical.values[i] = (above - below) / (2 * step);
  }
  return within(gradient, numerical, 1e-6 * largest_magnitude(gradient));
}

// --- shapes --------------------------------------------------------------------------------------

struct Shape {
  int n_rows, n_columns;
};

/// One row, one column, widths around the vector and strip lengths, and widths of the model.
inline const std::vector<Shape> row_shapes = {{1, 1},  {1, 96},  {3, 7},   {5, 33},  {2, 64},
                                              {4, 65}, {9, 127}, {2, 128}, {6, 130}, {3, 768}};

}  // namespace superpose::kernels
