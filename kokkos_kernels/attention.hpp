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

/// What attention reads.
template <class X>
struct AttentionInput {
  Matrix<const X> q;   ///< [Q,C]
  Matrix<const X> kv;  ///< [R,2C] keys, then values
  AttentionGroups groups;
  int n_head;
  Dropout dropout;

  KOKKOS_FORCEINLINE_FUNCTION int width() const { return static_cast<int>(q.extent(1)); }
  KOKKOS_FORCEINLINE_FUNCTION int head_size() const { return width() / n_head; }
  int n_heads_in_all() const { return static_cast<int>(groups.problem.extent(0)) * n_head; }
};

/// out_q = sum_j dropout(softmax_j(q . k_j / sqrt(D))) v_j by head, in Real<X>.
/// out [Q,C]; lse [Q,NH] keeps log sum exp for backward.
template <class X>
void attention_forward(const Exec& exec, const AttentionInput<X>& in, Matrix<X> out,
                       Matrix<Real<X>> lse);

/// What backward is given and what it writes.
template <class X>
struct AttentionGradients {
  Matrix<const X> out;        ///< [Q,C] and
  Matrix<const Real<X>> lse;  ///< [Q,NH], as forward left them
  Matrix<const X> dout;       ///< [Q,C]
  Matrix<X> dq;               ///< [Q,C]
  Matrix<Real<X>> dkv;        ///< [R,2C]
};

/// dq = gradient into the queries; dkv += gradients into the keys and values they attended to.
/// A thread or a team owns a (problem, head): no atomics, fixed order.
template <class X>
void attention_backward(const Exec& exec, const AttentionInput<X>& in,
                        const AttentionGradients<X>& m);

}  // namespace superpose::kernels
