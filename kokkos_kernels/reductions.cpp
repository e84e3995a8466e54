#include "kokkos_kernels/reductions.hpp"

#include "kokkos_kernels/lane.hpp"

namespace superpose::kernels {
namespace {

/// x cut into strips; the sum of squares adds strip after strip, whoever sums them.
template <class T>
struct Strips {
  static constexpr int size = 4096;
  Vector<const T> x;

  int count() const { return (static_cast<int>(x.extent(0)) + size - 1) / size; }

  KOKKOS_FORCEINLINE_FUNCTION double sum_of_squares(const Lane& lane, int s) const {
    const int begin = s * size, left = static_cast<int>(x.extent(0)) - begin;
    return lane.template sum<double>(left < size ? left : size, [&](int c) {
      const double value = x(begin + c);
      return value * value;
    });
  }
};

template <class T>
double sum_in_order(const Exec& exec, const Strips<T>& strips) {
  double total = 0;
  double* const sum = &total;
  for_rows(
      "sum_of_squares", exec, strips.count(),
      KOKKOS_LAMBDA(const int s, const Lane& lane) { *sum += strips.sum_of_squares(lane, s); });
  return total;
}

template <class T>
double sum_side_by_side(const Exec& exec, const Strips<T>& strips) {
  Vector<double> partial(Kokkos::view_alloc(exec, Kokkos::WithoutInitializing, "sum_of_squares"),
                         strips.count());
  for_rows(
      "sum_of_squares", exec, strips.count(), KOKKOS_LAMBDA(const int s, const Lane& lane) {
        partial(s) = strips.sum_of_squares(lane, s);
      });
  exec.fence();
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), partial);
  double total = 0;
  for (int s = 0; s < strips.count(); ++s) total += host(s);
  return total;
}

/// out += n_rows rows of x from `first` on, in columns begin .. begin + width - 1: out is read and
/// written once for all of them.
template <int n_rows, class X>
KOKKOS_FORCEINLINE_FUNCTION void add_rows(const Lane& lane, const Matrix<const X>& x, int first,
                                          int begin, int width, const Vector<Real<X>>& out) {
  lane.each(width, [&](int i) {
    Real<X> sum = out(begin + i);
    for (int r = 0; r < n_rows; ++r) sum += x(first + r, begin + i);
    out(begin + i) = sum;
  });
}

}  // namespace

template <class T>
double sum_of_squares(const Exec& exec, Vector<const T> x) {
  const Strips<T> strips{x};
  return rows_in_order(exec) ? sum_in_order(exec, strips) : sum_side_by_side(exec, strips);
}

template <class X>
void add_column_sums(const Exec& exec, Matrix<const X> x, Vector<Real<X>> out) {
  constexpr int block = 8;  ///< rows added at a time
  const int n_rows = static_cast<int>(x.extent(0)), n = static_cast<int>(x.extent(1));
  const int strip = rows_in_order(exec) ? n : 64;  // a strip of columns belongs to one lane
  for_rows(
      "add_column_sums", exec, n > 0 ? (n + strip - 1) / strip : 0,
      KOKKOS_LAMBDA(const int s, const Lane& lane) {
        const int begin = s * strip, width = n - begin < strip ? n - begin : strip;
        int r = 0;
        for (; r + block <= n_rows; r += block) add_rows<block>(lane, x, r, begin, width, out);
        for (; r < n_rows; ++r) add_rows<1>(lane, x, r, begin, width, out);
      });
}

#define INSTANTIATE(T) template double sum_of_squares(const Exec&, Vector<const T>);
INSTANTIATE(float)
INSTANTIATE(double)

#define INSTANTIATE_OPERAND(X) \
  template void add_column_sums<X>(const Exec&, Matrix<const X>, Vector<Real<X>>);
INSTANTIATE_OPERAND(bfloat16)
INSTANTIATE_OPERAND(float)
INSTANTIATE_OPERAND(double)

}  // namespace superpose::kernels
