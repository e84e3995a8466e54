#include "kokkos_kernels/reductions.hpp"

#include "kokkos_kernels/loops/row_blocks.hpp"

namespace superpose::kernels {
namespace {

/// x cut into pieces; the sum of squares adds piece after piece, whichever thread sums them.
template <class T>
struct Pieces {
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
double sum_in_order(const Exec& exec, const Pieces<T>& pieces) {
  double total = 0;
  double* const sum = &total;
  for_rows(
      "sum_of_squares", exec, pieces.count(),
      KOKKOS_LAMBDA(const int s, const Lane& lane) { *sum += pieces.sum_of_squares(lane, s); });
  return total;
}

template <class T>
double sum_side_by_side(const Exec& exec, const Pieces<T>& pieces) {
  Vector<double> partial(Kokkos::view_alloc(exec, Kokkos::WithoutInitializing, "sum_of_squares"),
                         pieces.count());
  for_rows(
      "sum_of_squares", exec, pieces.count(), KOKKOS_LAMBDA(const int s, const Lane& lane) {
        partial(s) = pieces.sum_of_squares(lane, s);
      });
  exec.fence();
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), partial);
  double total = 0;
  for (int s = 0; s < pieces.count(); ++s) total += host(s);
  return total;
}

/// Kokkos' own reduction: in one launch, in memory that it keeps, and in an order that depends on n
/// and the device only.
template <class T>
double sum_by_reduction(const Exec& exec, Vector<const T> x) {
  double total = 0;
  Kokkos::parallel_reduce(
      "sum_of_squares", Kokkos::RangePolicy<Exec>(exec, 0, x.extent(0)),
      KOKKOS_LAMBDA(const int i, double& sum) {
        const double value = x(i);
        sum += value * value;
      },
      total);
  return total;
}

// --- column sums ---------------------------------------------------------------------------------

/// out += n_rows rows of x from `first` on, in columns begin .. begin + width - 1: out is read and
/// written once for all of them.
template <int n_rows, class X>
KOKKOS_FORCEINLINE_FUNCTION void add_rows(const HostLane& lane, const Matrix<const X>& x, int first,
                                          int begin, int width, const Vector<Real<X>>& out) {
  lane.each(width, [&](int i) {
    Real<X> sum = out(begin + i);
    for (int r = 0; r < n_rows; ++r) sum += x(first + r, begin + i);
    out(begin + i) = sum;
  });
}

/// out += all rows of x, in columns begin .. begin + width - 1.
template <class X>
KOKKOS_FORCEINLINE_FUNCTION void add_all_rows(const HostLane& lane, const Matrix<const X>& x,
                                              int begin, int width, const Vector<Real<X>>& out) {
  constexpr int block = 8;  ///< rows added at a time
  const int n_rows = static_cast<int>(x.extent(0));
  int r = 0;
  for (; r + block <= n_rows; r += block) add_rows<block>(lane, x, r, begin, width, out);
  for (; r < n_rows; ++r) add_rows<1>(lane, x, r, begin, width, out);
}

/// sum + x(first, c) + ... + x(last - 1, c). Unrolled, so that a lane has 8 reads on their way.
template <class X>
KOKKOS_FORCEINLINE_FUNCTION Real<X> column_sum(const Matrix<const X>& x, int first, int last, int c,
                                               Real<X> sum) {
#pragma unroll 8
  for (int r = first; r < last; ++r) sum += static_cast<Real<X>>(x(r, c));
  return sum;
}

template <class Member, class X>
KOKKOS_FORCEINLINE_FUNCTION void add_all_rows(const TeamLane<Member>& lane,
                                              const Matrix<const X>& x, int begin, int width,
                                              const Vector<Real<X>>& out) {
  const int n_rows = static_cast<int>(x.extent(0));
  lane.each(width,
            [&](int i) { out(begin + i) = column_sum(x, 0, n_rows, begin + i, out(begin + i)); });
}

template <class X>
void add_in_order(const Exec& exec, Matrix<const X> x, Vector<Real<X>> out) {
  const Strips columns = strips(exec, static_cast<int>(x.extent(1)));
  for_rows(
      "add_column_sums", exec, columns.count(), KOKKOS_LAMBDA(const int s, const Lane& lane) {
        add_all_rows(lane, x, columns.begin(s), columns.size(s), out);
      });
}

/// sums(b, c) = sum of x(r, c) over the rows of block b.
template <class X>
void sum_blocks(const Exec& exec, Matrix<const X> x, RowBlocks blocks, Matrix<Real<X>> sums) {
  const Strips columns = strips(exec, static_cast<int>(x.extent(1)));
  const int n_strips = columns.count();
  for_rows(
      "column_sums_of_blocks", exec, blocks.count * n_strips,
      KOKKOS_LAMBDA(const int index, const Lane& lane) {
        const int b = index / n_strips, s = index % n_strips, begin = columns.begin(s);
        lane.each(columns.size(s), [&](int i) {
          sums(b, begin + i) = column_sum(x, blocks.begin(b), blocks.end(b), begin + i, Real<X>(0));
        });
      });
}

}  // namespace

template <class T>
double sum_of_squares(const Exec& exec, Vector<const T> x) {
  if (!row_per_thread) return sum_by_reduction(exec, x);
  const Pieces<T> pieces{x};
  return rows_in_order(exec) ? sum_in_order(exec, pieces) : sum_side_by_side(exec, pieces);
}

template <class X>
void add_column_sums(const Exec& exec, Matrix<const X> x, Vector<Real<X>> scratch,
                     Vector<Real<X>> out) {
  using T = Real<X>;
  const int n = static_cast<int>(x.extent(1));
  const auto blocks = row_blocks(static_cast<int>(x.extent(0)), room_for(n, scratch));
  if (blocks.count == 1) return add_in_order(exec, x, out);
  const Matrix<T> sums(scratch.data(), blocks.count, n);
  sum_blocks(exec, x, blocks, sums);
  add_in_order<T>(exec, sums, out);
}

#define INSTANTIATE(T) template double sum_of_squares(const Exec&, Vector<const T>);
INSTANTIATE(float)
INSTANTIATE(double)

#define INSTANTIATE_OPERAND(X) \
  template void add_column_sums<X>(const Exec&, Matrix<const X>, Vector<Real<X>>, Vector<Real<X>>);
INSTANTIATE_OPERAND(bfloat16)
INSTANTIATE_OPERAND(float)
INSTANTIATE_OPERAND(double)

}  // namespace superpose::kernels
