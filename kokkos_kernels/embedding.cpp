#include "kokkos_kernels/embedding.hpp"

#include "kokkos_kernels/loops/row_blocks.hpp"

namespace superpose::kernels {

template <class X>
void embedding_forward(const Exec& exec, const EmbeddingTables<X>& tables, Indices token,
                       Indices thought, RowDropout dropout, Matrix<Real<X>> x) {
  const auto wte = tables.wte, wpe = tables.wpe;
  const auto thoughts = tables.thoughts;
  const int n = static_cast<int>(x.extent(1));
  for_rows(
      "embedding_forward", exec, {static_cast<int>(x.extent(0)), n},
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        const int o = thought(r), v = token(r), t = dropout.keys.position(r);
        const auto draws = dropout.row(r);
        if (o >= 0) {
          lane.each_dropped(
              n, draws, [&](int c, float keep) { x(r, c) = keep * (thoughts(o, c) + wpe(t, c)); });
        } else {
          lane.each_dropped(n, draws,
                            [&](int c, float keep) { x(r, c) = keep * (wte(v, c) + wpe(t, c)); });
        }
      });
}

template <class T>
void embedding_backward(const Exec& exec, Indices thought, RowDropout dropout, Matrix<T> dx,
                        Matrix<T> dthoughts) {
  const int n = static_cast<int>(dx.extent(1));
  for_rows(
      "embedding_backward", exec, {static_cast<int>(dx.extent(0)), n},
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        const int o = thought(r);
        lane.each_dropped(n, dropout.row(r), [&](int c, float keep) { dx(r, c) *= keep; });
        lane.barrier();
        if (o >= 0) lane.each(n, [&](int c) { dthoughts(o, c) += dx(r, c); });
      });
}

namespace {

template <class T>
void scatter_in_order(const Exec& exec, Matrix<const T> dx, RowGroups groups, Matrix<T> dtable) {
  const int n = static_cast<int>(dx.extent(1));
  for_rows(
      "scatter_rows", exec, {static_cast<int>(groups.entry.extent(0)), n},
      KOKKOS_LAMBDA(const int e, const Lane& lane) {
        const int entry = groups.entry(e);
        for (int i = groups.begin(e); i < groups.begin(e + 1); ++i) {
          const int r = groups.rows(i);
          lane.each(n, [&](int c) { dtable(entry, c) += dx(r, c); });
        }
      });
}

/// The groups' list of rows cut into blocks. Block b holds a piece of each group that it meets; the
/// piece of group e has its sum in row b + e of `sums`: along the list one of the two grows.
template <class T>
struct Pieces {
  Matrix<const T> dx;
  RowGroups groups;
  RowBlocks blocks;
  Matrix<T> sums;

  /// The group of number i of the list.
  KOKKOS_FORCEINLINE_FUNCTION int group_of(int i) const {
    int low = 0, high = static_cast<int>(groups.entry.extent(0));
    while (high - low > 1) {
      const int middle = (low + high) / 2;
      (groups.begin(middle) <= i ? low : high) = middle;
    }
    return low;
  }

  /// Sum of numbers first .. last-1 of the list in column c.
  KOKKOS_FORCEINLINE_FUNCTION T sum(int first, int last, int c) const {
    T result = 0;
#pragma unroll 8
    for (int i = first; i < last; ++i) result += dx(groups.rows(i), c);
    return result;
  }

  KOKKOS_FORCEINLINE_FUNCTION void sum_block(const Lane& lane, int b, int begin, int width) const {
    const int end = blocks.end(b);
    for (int i = blocks.begin(b), e = group_of(i); i < end; ++e) {
      const int last = groups.begin(e + 1) < end ? groups.begin(e + 1) : end;
      lane.each(width, [&](int c) { sums(b + e, begin + c) = sum(i, last, begin + c); });
      i = last;
    }
  }

  /// The sum of group e in column c, piece after piece.
  KOKKOS_FORCEINLINE_FUNCTION T sum_of_group(int e, int c) const {
    T result = 0;
    if (groups.begin(e) == groups.begin(e + 1)) return result;
    const int first = groups.begin(e) / blocks.size, last = (groups.begin(e + 1) - 1) / blocks.size;
#pragma unroll 8
    for (int b = first; b <= last; ++b) result += sums(b + e, c);
    return result;
  }
};

template <class T>
void sum_pieces(const Exec& exec, const Pieces<T>& pieces) {
  const Strips columns = strips(exec, static_cast<int>(pieces.dx.extent(1)));
  const int n_strips = columns.count();
  for_rows(
      "scatter_rows_pieces", exec, pieces.blocks.count * n_strips,
      KOKKOS_LAMBDA(const int index, const Lane& lane) {
        const int s = index % n_strips;
        pieces.sum_block(lane, index / n_strips, columns.begin(s), columns.size(s));
      });
}

template <class T>
void add_pieces(const Exec& exec, const Pieces<T>& pieces, Matrix<T> dtable) {
  const int n = static_cast<int>(pieces.dx.extent(1));
  for_rows(
      "scatter_rows", exec, {static_cast<int>(pieces.groups.entry.extent(0)), n},
      KOKKOS_LAMBDA(const int e, const Lane& lane) {
        const int entry = pieces.groups.entry(e);
        lane.each(n, [&](int c) { dtable(entry, c) += pieces.sum_of_group(e, c); });
      });
}

}  // namespace

template <class T>
void scatter_rows(const Exec& exec, Matrix<const T> dx, RowGroups groups, Vector<T> scratch,
                  Matrix<T> dtable) {
  const int n = static_cast<int>(dx.extent(1));
  const int n_entries = static_cast<int>(groups.entry.extent(0));
  const auto blocks =
      row_blocks(static_cast<int>(groups.rows.extent(0)), room_for(n, scratch) - n_entries);
  if (blocks.count == 1) return scatter_in_order(exec, dx, groups, dtable);
  const Matrix<T> sums(scratch.data(), blocks.count + n_entries, n);
  const Pieces<T> pieces{dx, groups, blocks, sums};
  sum_pieces(exec, pieces);
  add_pieces(exec, pieces, dtable);
}

template <class X>
void gather_rows(const Exec& exec, Matrix<const X> x, Indices index, Matrix<X> out) {
  const int n = static_cast<int>(out.extent(1));
  for_rows(
      "gather_rows", exec, {static_cast<int>(out.extent(0)), n},
      KOKKOS_LAMBDA(const int i, const Lane& lane) {
        const int r = index(i);
        lane.each(n, [&](int c) { out(i, c) = x(r, c); });
      });
}

template <class T>
void add_to_rows(const Exec& exec, Matrix<const T> x, Indices index, Matrix<T> out) {
  const int n = static_cast<int>(x.extent(1));
  for_rows(
      "add_to_rows", exec, {static_cast<int>(x.extent(0)), n},
      KOKKOS_LAMBDA(const int i, const Lane& lane) {
        const int r = index(i);
        lane.each(n, [&](int c) { out(r, c) += x(i, c); });
      });
}

#define INSTANTIATE(T)                                                                       \
  template void embedding_backward(const Exec&, Indices, RowDropout, Matrix<T>, Matrix<T>);  \
  template void scatter_rows(const Exec&, Matrix<const T>, RowGroups, Vector<T>, Matrix<T>); \
  template void add_to_rows(const Exec&, Matrix<const T>, Indices, Matrix<T>);
INSTANTIATE(float)
INSTANTIATE(double)

#define INSTANTIATE_OPERAND(X)                                                                 \
  template void embedding_forward<X>(const Exec&, const EmbeddingTables<X>&, Indices, Indices, \
                                     RowDropout, Matrix<Real<X>>);                             \
  template void gather_rows(const Exec&, Matrix<const X>, Indices, Matrix<X>);
INSTANTIATE_OPERAND(bfloat16)
INSTANTIATE_OPERAND(float)
INSTANTIATE_OPERAND(double)

}  // namespace superpose::kernels
