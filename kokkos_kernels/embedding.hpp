#pragma once
#include "core/types.hpp"
#include "kokkos_kernels/residual.hpp"

namespace superpose::kernels {

/// What rows are embedded by.
template <class X>
struct EmbeddingTables {
  Matrix<const Real<X>> wte;  ///< [V,C] tokens
  Matrix<const Real<X>> wpe;  ///< [n_positions,C]
  Matrix<const X> thoughts;   ///< [O,C] final hidden states
};

/// x_r = dropout((thought(r) >= 0 ? thoughts(thought(r)) : wte(token(r))) + wpe(position of r)).
/// token, thought [R]; x [R,C].
template <class X>
void embedding_forward(const Exec& exec, const EmbeddingTables<X>& tables, Indices token,
                       Indices thought, RowDropout dropout, Matrix<Real<X>> x);

/// dx becomes the gradient before dropout; dthoughts(thought(r)) += dx_r. A thought feeds one row.
template <class T>
void embedding_backward(const Exec& exec, Indices thought, RowDropout dropout, Matrix<T> dx,
                        Matrix<T> dthoughts);

/// Rows grouped by the table entry they add to: rows[begin[e] .. begin[e+1]) belong to entry[e].
struct RowGroups {
  Indices entry, begin, rows;
};

/// dtable(entry(e)) += sum of its group's rows of dx: in order, on a GPU in pieces of a group whose
/// sums pass through `scratch`. dx [R,C], dtable [.,C].
template <class T>
void scatter_rows(const Exec& exec, Matrix<const T> dx, RowGroups groups, Vector<T> scratch,
                  Matrix<T> dtable);

/// out_i = x(index(i)): [O,C] from [R,C].
template <class X>
void gather_rows(const Exec& exec, Matrix<const X> x, Indices index, Matrix<X> out);

/// out(index(i)) += x_i for distinct indices: [R,C] from [O,C].
template <class T>
void add_to_rows(const Exec& exec, Matrix<const T> x, Indices index, Matrix<T> out);

}  // namespace superpose::kernels
