#include "kokkos_kernels/embedding.hpp"

#include "kokkos_kernels/lane.hpp"

namespace superpose::kernels {

template <class X>
void embedding_forward(const Exec& exec, Matrix<const Real<X>> wte, Matrix<const Real<X>> wpe,
                       Matrix<const X> thoughts, Indices token, Indices thought, RowKeys keys,
                       Dropout dropout, Matrix<Real<X>> x) {
  const int n = static_cast<int>(x.extent(1));
  for_rows(
      "embedding_forward", exec, static_cast<int>(x.extent(0)),
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        const int o = thought(r), v = token(r), t = keys.position(r);
        const auto draws = dropout.row(keys.problem(r), t);
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
void embedding_backward(const Exec& exec, Indices thought, RowKeys keys, Dropout dropout,
                        Matrix<T> dx, Matrix<T> dthoughts) {
  const int n = static_cast<int>(dx.extent(1));
  for_rows(
      "embedding_backward", exec, static_cast<int>(dx.extent(0)),
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        const int o = thought(r);
        lane.each_dropped(n, dropout.row(keys.problem(r), keys.position(r)),
                          [&](int c, float keep) { dx(r, c) *= keep; });
        lane.barrier();
        if (o >= 0) lane.each(n, [&](int c) { dthoughts(o, c) += dx(r, c); });
      });
}

template <class T>
void scatter_rows(const Exec& exec, Matrix<const T> dx, RowGroups groups, Matrix<T> dtable) {
  const int n = static_cast<int>(dx.extent(1));
  for_rows(
      "scatter_rows", exec, static_cast<int>(groups.entry.extent(0)),
      KOKKOS_LAMBDA(const int e, const Lane& lane) {
        const int entry = groups.entry(e);
        for (int i = groups.begin(e); i < groups.begin(e + 1); ++i) {
          const int r = groups.rows(i);
          lane.each(n, [&](int c) { dtable(entry, c) += dx(r, c); });
        }
      });
}

template <class X>
void gather_rows(const Exec& exec, Matrix<const X> x, Indices index, Matrix<X> out) {
  const int n = static_cast<int>(out.extent(1));
  for_rows(
      "gather_rows", exec, static_cast<int>(out.extent(0)),
      KOKKOS_LAMBDA(const int i, const Lane& lane) {
        const int r = index(i);
        lane.each(n, [&](int c) { out(i, c) = x(r, c); });
      });
}

template <class T>
void add_to_rows(const Exec& exec, Matrix<const T> x, Indices index, Matrix<T> out) {
  const int n = static_cast<int>(x.extent(1));
  for_rows(
      "add_to_rows", exec, static_cast<int>(x.extent(0)),
      KOKKOS_LAMBDA(const int i, const Lane& lane) {
        const int r = index(i);
        lane.each(n, [&](int c) { out(r, c) += x(i, c); });
      });
}

#define INSTANTIATE(T)                                                                            \
  template void embedding_backward(const Exec&, Indices, RowKeys, Dropout, Matrix<T>, Matrix<T>); \
  template void scatter_rows(const Exec&, Matrix<const T>, RowGroups, Matrix<T>);                 \
  template void add_to_rows(const Exec&, Matrix<const T>, Indices, Matrix<T>);
INSTANTIATE(float)
INSTANTIATE(double)

#define INSTANTIATE_OPERAND(X)                                                                  \
  template void embedding_forward<X>(const Exec&, Matrix<const Real<X>>, Matrix<const Real<X>>, \
                                     Matrix<const X>, Indices, Indices, RowKeys, Dropout,       \
                                     Matrix<Real<X>>);                                          \
  template void gather_rows(const Exec&, Matrix<const X>, Indices, Matrix<X>);
INSTANTIATE_OPERAND(bfloat16)
INSTANTIATE_OPERAND(float)
INSTANTIATE_OPERAND(double)

}  // namespace superpose::kernels
