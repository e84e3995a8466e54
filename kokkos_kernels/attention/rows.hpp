#pragma once
/// Attention of one query at a time, read where the projections wrote it: the form for a GPU team,
/// and on a CPU for a problem with few queries, where tiles would cost more than they save.
#include "kokkos_kernels/attention.hpp"
#include "kokkos_kernels/loops/lane.hpp"
#include "kokkos_kernels/loops/register_tiles.hpp"
#include "kokkos_kernels/math.hpp"

namespace superpose::kernels {

/// One (problem, head) of a launch: its queries i = 0..count()-1 and its keys j = 0..n_keys()-1.
template <class X>
struct AttentionHead {
  const AttentionInput<X>& in;
  int index, group, head, D;
  int first, n_queries, key_begin, id;  ///< read once: many reads depend on them

  KOKKOS_FORCEINLINE_FUNCTION AttentionHead(const AttentionInput<X>& input, int index_)
      : in(input),
        index(index_),
        group(index / input.n_head),
        head(index % input.n_head),
        D(input.head_size()),
        first(input.groups.first(group)),
        n_queries(input.groups.count(group)),
        key_begin(input.groups.key_begin(input.groups.problem(group))),
        id(input.groups.problem_id(input.groups.problem(group))) {}

  KOKKOS_FORCEINLINE_FUNCTION int count() const { return n_queries; }
  KOKKOS_FORCEINLINE_FUNCTION int n_keys() const { return n_keys(count() - 1); }
  KOKKOS_FORCEINLINE_FUNCTION int n_keys(int i) const { return in.groups.position(row(i)) + 1; }
  KOKKOS_FORCEINLINE_FUNCTION int row(int i) const { return first + i; }
  KOKKOS_FORCEINLINE_FUNCTION int key_row(int j) const { return in.groups.key_row(key_begin + j); }
  KOKKOS_FORCEINLINE_FUNCTION int column() const { return head * D; }
  KOKKOS_FORCEINLINE_FUNCTION const X* query(int i) const { return &in.q(row(i), column()); }
  KOKKOS_FORCEINLINE_FUNCTION const X* key(int j) const { return &in.kv(key_row(j), column()); }
  KOKKOS_FORCEINLINE_FUNCTION const X* value(int j) const { return key(j) + in.width(); }
  KOKKOS_FORCEINLINE_FUNCTION Real<X> scale() const {
    return Real<X>(1) / square_root(static_cast<Real<X>>(D));
  }
  KOKKOS_FORCEINLINE_FUNCTION DropoutRow draws(int i) const {
    return in.dropout.row(id, n_keys(i) - 1, head);
  }
};

// --- one row of weights --------------------------------------------------------------------------

/// Scores of n keys -> softmax after dropout; returns log sum exp.
template <class Lane, class T>
KOKKOS_FORCEINLINE_FUNCTION T softmax(const Lane& lane, const DropoutRow& draws, int n, T* weight) {
  const T top = lane.template max<T>(n, [&](int j) { return weight[j]; });
  lane.barrier();
  lane.each(n, [&](int j) { weight[j] = exponential(weight[j] - top); });
  lane.barrier();
  const T total = lane.template sum<T>(n, [&](int j) { return weight[j]; });
  lane.barrier();
  const T normalize = T(1) / total;
  lane.each_dropped(n, draws, [&](int j, float keep) { weight[j] *= normalize * keep; });
  return top + logarithm(total);
}

/// One query's numbers by key, [n] each.
template <class T>
struct BackwardRow {
  T* weight;  ///< scores -> softmax after dropout
  T* dscore;  ///< gradient of the weights after dropout -> of the scores
  T* keep;    ///< dropout's multipliers
};

template <class Lane, class T>
KOKKOS_FORCEINLINE_FUNCTION void softmax_backward(const Lane& lane, const DropoutRow& draws, int n,
                                                  T log_sum, const BackwardRow<T>& row) {
  lane.each_dropped(n, draws, [&](int j, float multiplier) { row.keep[j] = multiplier; });
  lane.barrier();
  lane.each(n, [&](int j) {
    row.weight[j] = exponential(row.weight[j] - log_sum);
    row.dscore[j] *= row.keep[j];
  });
  lane.barrier();
  const T mean = lane.template sum<T>(n, [&](int j) { return row.weight[j] * row.dscore[j]; });
  lane.barrier();
  lane.each(n, [&](int j) {
    row.dscore[j] = row.weight[j] * (row.dscore[j] - mean);
    row.weight[j] *= row.keep[j];
  });
}

// --- products of one row -------------------------------------------------------------------------

/// result_j = scale * x . row_j for j < n.
template <class X, class Row>
void dots(const HostLane&, const X* x, const Row& row, int n, int D, Real<X> scale,
          Real<X>* result) {
  using T = Real<X>;
  constexpr int length = vector_length<T>;
  alignas(64) T squares[4 * square_size<T>], some[length];
  for (int begin = 0; begin < n; begin += length) {
    const int left = n - begin < length ? n - begin : length;
    row_dots(
        left, D, [&](int r) { return row(begin + r); }, [&](int) { return x; }, squares, some);
    for (int r = 0; r < left; ++r) result[begin + r] = scale * some[r];
  }
}

template <class Member, class X, class Row>
KOKKOS_FORCEINLINE_FUNCTION void dots(const TeamLane<Member>& lane, const X* x, const Row& row,
                                      int n, int D, Real<X> scale, Real<X>* result) {
  using T = Real<X>;
  lane.template row_sums<T>(
      n, D, [&](int j, int d) { return static_cast<T>(x[d]) * static_cast<T>(row(j)[d]); },
      [&](int j, T sum) { result[j] = scale * sum; });
}

/// The sums of some registers of channels.
template <int n_registers, class X, class Row>
void weighted_piece(const Real<X>* weight, int n, const Row& row, Real<X> scale, X* result) {
  using T = Real<X>;
  constexpr int length = register_length<T>;
  Register<T> sum[n_registers] = {};
  for (int j = 0; j < n; ++j)
#pragma GCC unroll 2
    for (int v = 0; v < n_registers; ++v) sum[v] += weight[j] * load_as<T>(row(j) + v * length);
  T values[n_registers * length];
  for (int v = 0; v < n_registers; ++v) store(sum[v], values + v * length);
  for (int d = 0; d < n_registers * length; ++d) result[d] = static_cast<X>(scale * values[d]);
}

/// result_d = scale * sum_j weight_j row_j[d].
template <class X, class Row>
void weighted_sum(const HostLane&, const Real<X>* weight, int n, int D, const Row& row,
                  Real<X> scale, X* result) {
  using T = Real<X>;
  constexpr int length = register_length<T>;
  int begin = 0;
  for (; begin + 2 * length <= D; begin += 2 * length)
    weighted_piece<2>(
        weight, n, [&](int j) { return row(j) + begin; }, scale, result + begin);
  for (; begin + length <= D; begin += length)
    weighted_piece<1>(
        weight, n, [&](int j) { return row(j) + begin; }, scale, result + begin);
  for (; begin < D; ++begin) {
    T sum = 0;
    for (int j = 0; j < n; ++j) sum += weight[j] * static_cast<T>(row(j)[begin]);
    result[begin] = static_cast<X>(scale * sum);
  }
}

template <class Member, class X, class Row>
KOKKOS_FORCEINLINE_FUNCTION void weighted_sum(const TeamLane<Member>& lane, const Real<X>* weight,
                                              int n, int D, const Row& row, Real<X> scale,
                                              X* result) {
  using T = Real<X>;
  lane.each(D, [&](int d) {
    T sum = 0;
#pragma unroll 8
    for (int j = 0; j < n; ++j) sum += weight[j] * static_cast<T>(row(j)[d]);
    result[d] = static_cast<X>(scale * sum);
  });
}

/// What one query adds to the gradients of its n keys and values: a_j times the query, b_j times
/// the gradient of its output.
template <class X>
struct KeyGradient {
  using T = Real<X>;
  const X *query, *gradient;
  const T *dscore, *weight;
  T scale;
  const Matrix<T>& dkv;
};

template <class X>
void add_to_keys(const HostLane& lane, const AttentionHead<X>& head, int n,
                 const KeyGradient<X>& g) {
  using T = Real<X>;
  for (int j = 0; j < n; ++j) {
    T* dkey = &g.dkv(head.key_row(j), head.column());
    T* dvalue = dkey + head.in.width();
    const T a = g.scale * g.dscore[j], b = g.weight[j];
    lane.each(head.D, [&](int d) {
      dkey[d] += a * static_cast<T>(g.query[d]);
      dvalue[d] += b * static_cast<T>(g.gradient[d]);
    });
  }
}

/// A lane takes one channel of 4 keys: all are read before the first is written.
template <class Member, class X>
KOKKOS_FORCEINLINE_FUNCTION void add_to_keys(const TeamLane<Member>& lane,
                                             const AttentionHead<X>& head, int n,
                                             const KeyGradient<X>& g) {
  using T = Real<X>;
  constexpr int some = 4;
  const int width = head.in.width();
  lane.each((n + some - 1) / some * head.D, [&](int unit) {
    const int first = unit / head.D * some, d = unit % head.D;
    const T q = g.scale * static_cast<T>(g.query[d]), out = static_cast<T>(g.gradient[d]);
    T *dkey[some], key[some], value[some];
    for (int i = 0; i < some; ++i) {
      const int j = first + i < n ? first + i : first;
      dkey[i] = &g.dkv(head.key_row(j), head.column() + d);
      key[i] = dkey[i][0] + g.dscore[j] * q;
      value[i] = dkey[i][width] + g.weight[j] * out;
    }
    for (int i = 0; i < some && first + i < n; ++i) {
      dkey[i][0] = key[i];
      dkey[i][width] = value[i];
    }
  });
}

// --- one head ------------------------------------------------------------------------------------

/// Scratch: T[longest].
template <class Lane, class X>
KOKKOS_FORCEINLINE_FUNCTION void forward_by_rows(const Lane& lane, const AttentionHead<X>& head,
                                                 const Matrix<X>& out, const Matrix<Real<X>>& lse,
                                                 Real<X>* weight) {
  for (int i = 0; i < head.count(); ++i) {
    const int n = head.n_keys(i);
    dots(
        lane, head.query(i), [&](int j) { return head.key(j); }, n, head.D, head.scale(), weight);
    lane.barrier();
    lse(head.row(i), head.head) = softmax(lane, head.draws(i), n, weight);
    lane.barrier();
    weighted_sum(
        lane, weight, n, head.D, [&](int j) { return head.value(j); }, Real<X>(1),
        &out(head.row(i), head.column()));
    lane.barrier();
  }
}

/// Scratch: T[3 * longest].
template <class Lane, class X>
KOKKOS_FORCEINLINE_FUNCTION void backward_by_rows(const Lane& lane, const AttentionHead<X>& head,
                                                  const AttentionGradients<X>& m,
                                                  Real<X>* scratch) {
  using T = Real<X>;
  const int longest = head.in.groups.longest;
  const BackwardRow<T> s{scratch, scratch + longest, scratch + 2 * longest};
  const T scale = head.scale();
  for (int i = 0; i < head.count(); ++i) {
    const int n = head.n_keys(i), row = head.row(i);
    const X *query = head.query(i), *gradient = &m.dout(row, head.column());
    dots(
        lane, query, [&](int j) { return head.key(j); }, n, head.D, scale, s.weight);
    dots(
        lane, gradient, [&](int j) { return head.value(j); }, n, head.D, T(1), s.dscore);
    lane.barrier();
    softmax_backward(lane, head.draws(i), n, m.lse(row, head.head), s);
    lane.barrier();
    weighted_sum(
        lane, s.dscore, n, head.D, [&](int j) { return head.key(j); }, scale,
        &m.dq(row, head.column()));
    add_to_keys(lane, head, n, KeyGradient<X>{query, gradient, s.dscore, s.weight, scale, m.dkv});
    lane.barrier();
  }
}

}  // namespace superpose::kernels
