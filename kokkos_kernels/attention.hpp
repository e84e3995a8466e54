#pragma once
/// Causal attention over packed rows. Keys and values of a layer lie in one matrix, one row a
/// token, at the place where the projection wrote them; a problem finds its own through `key_row`.
#include "core/bfloat16.hpp"
#include "core/types.hpp"
#include "kokkos_kernels/loops/dropout.hpp"

namespace superpose::kernels {

/// Queries of one launch: group g is problem problem(g) with queries first(g) ..
/// first(g)+count(g)-1 by ascending position. A query at position t attends to the t + 1 keys kv
/// row key_row(key_begin(problem) + 0..t).
struct AttentionGroups {
  Indices problem, first, count;  ///< [G]
  Indices position;               ///< [Q] position of each query in its problem
  Indices key_begin, key_row;     ///< [P+1], [R]
  Indices problem_id;             ///< [P] identity of a problem for dropout
  int longest = 0;                ///< largest number of keys of any query
  int most = 0;                   ///< largest number of queries of any group, 0 if unknown
  /// Rows of q and kv that the launch covers from row 0 on, if each problem's queries are all its
  /// keys' rows, one problem after the other; else 0.
  int n_own_rows = 0;
};

/// out_q = sum_j dropout(softmax_j(q . k_j / sqrt(D))) v_j by head, in Real<X>.
/// q, out [Q,C]; kv [R,2C], keys then values; lse [Q,NH] keeps log sum exp for backward.
template <class X>
void attention_forward(const Exec& exec, Matrix<const X> q, Matrix<const X> kv,
                       AttentionGroups groups, int n_head, Dropout dropout, Matrix<X> out,
                       Matrix<Real<X>> lse);

/// dq = gradient into the queries; dkv += gradients into the keys and values they attended to.
/// out as forward left it; dout, dq [Q,C]; dkv [R,2C]. A thread or a team owns a (problem, head):
/// no atomics, fixed order.
template <class X>
void attention_backward(const Exec& exec, Matrix<const X> q, Matrix<const X> kv,
                        AttentionGroups groups, int n_head, Dropout dropout, Matrix<const X> out,
                        Matrix<const Real<X>> lse, Matrix<const X> dout, Matrix<X> dq,
                        Matrix<Real<X>> dkv);

}  // namespace superpose::kernels
