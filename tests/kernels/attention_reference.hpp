#pragma once
/// Attention as plain loops in double, and problems packed as the kernels take them.

#include <numeric>

#include "dropout_reference.hpp"
#include "kokkos_kernels/attention.hpp"
#include "reference.hpp"

namespace superpose::kernels {

inline HostMatrix first_rows(HostMatrix m, int n) {
  m.values.resize(static_cast<std::size_t>(n) * m.n_columns);
  m.n_rows = n;
  return m;
}

/// Heads and head size.
struct Heads {
  int NH, D;
  int width() const { return NH * D; }
};

/// Problems of different lengths whose keys are scattered over the rows of kv.
struct Packing {
  std::vector<int> problem_id, key_begin, key_row;

  int n_keys(int problem) const { return key_begin[problem + 1] - key_begin[problem]; }
  int n_rows() const { return static_cast<int>(key_row.size()); }
  int row(int problem, int position) const { return key_row[key_begin[problem] + position]; }
};

inline Packing scattered(const std::vector<int>& lengths) {
  Packing packing;
  packing.key_begin = {0};
  for (const int length : lengths) {
    packing.problem_id.push_back(100 + 7 * static_cast<int>(packing.problem_id.size()));
    packing.key_begin.push_back(packing.key_begin.back() + length);
  }
  packing.key_row.resize(packing.key_begin.back());
  std::iota(packing.key_row.begin(), packing.key_row.end(), 0);
  RandomStream(1, Purpose::analysis, 0).shuffle(packing.key_row);
  return packing;
}

/// Lengths of one key and around the kernel's tile of 32.
inline Packing ragged() {
  return scattered({31, 1, 33, 5, 70, 32});
}

/// The queries of one launch, as the kernel is told of them.
struct Queries {
  std::vector<int> problem, first, count, position;

  void add_group(int p, int first_position, int n) {
    problem.push_back(p);
    first.push_back(size());
    count.push_back(n);
    for (int i = 0; i < n; ++i) position.push_back(first_position + i);
  }
  int size() const { return static_cast<int>(position.size()); }
};

/// Every position of every problem but the last one: what a first segment computes.
inline Queries first_segment(const Packing& packing) {
  Queries queries;
  for (int p = 0; p < static_cast<int>(packing.problem_id.size()); ++p)
    if (packing.n_keys(p) > 1) queries.add_group(p, 0, packing.n_keys(p) - 1);
  return queries;
}

/// One query of every second problem, at its last position, the last problem first.
inline Queries later_segment(const Packing& packing) {
  Queries queries;
  for (int p = static_cast<int>(packing.problem_id.size()) - 1; p >= 0; p -= 2)
    queries.add_group(p, packing.n_keys(p) - 1, 1);
  return queries;
}

inline AttentionGroups to_groups(const Packing& packing, const Queries& queries) {
  const int last = *std::max_element(queries.position.begin(), queries.position.end());
  return {to_indices(queries.problem),
          to_indices(queries.first),
          to_indices(queries.count),
          to_indices(queries.position),
          to_indices(packing.key_begin),
          to_indices(packing.key_row),
          to_indices(packing.problem_id),
          last + 1,
          *std::max_element(queries.count.begin(), queries.count.end())};
}

/// What one launch of the kernel reads.
struct Launch {
  const Packing& packing;
  const Queries& queries;
  const HostMatrix& q;
  const HostMatrix& kv;
  Dropout dropout;
  Heads heads;
};

struct Result {
  HostMatrix out, lse;
};

/// Query i, of `problem`, and head h: softmax over its keys, dropout, sum of values.
inline void plain_query(const Launch& in, int problem, int i, int h, Result& result) {
  const int D = in.heads.D, C = in.heads.width(), position = in.queries.position[i];
  std::vector<double> weight(position + 1);
  double total = 0;
  for (int j = 0; j <= position; ++j) {
    double score = 0;
    for (int d = 0; d < D; ++d)
      score += in.q(i, h * D + d) * in.kv(in.packing.row(problem, j), h * D + d) / std::sqrt(D);
    weight[j] = std::exp(score);
    total += weight[j];
  }
  result.lse(i, h) = std::log(total);
  for (int j = 0; j <= position; ++j) {
    const double keep =
        dropout_multiplier(in.dropout, in.packing.problem_id[problem], position, j, h);
    for (int d = 0; d < D; ++d)
      result.out(i, h * D + d) +=
          keep * weight[j] / total * in.kv(in.packing.row(problem, j), C + h * D + d);
  }
}

inline Result plain_forward(const Launch& in) {
  const Queries& queries = in.queries;
  Result result{HostMatrix(in.q.n_rows, in.q.n_columns), HostMatrix(in.q.n_rows, in.heads.NH)};
  for (std::size_t g = 0; g < queries.problem.size(); ++g)
    for (int i = queries.first[g]; i < queries.first[g] + queries.count[g]; ++i)
      for (int h = 0; h < in.heads.NH; ++h) plain_query(in, queries.problem[g], i, h, result);
  return result;
}

template <class T>
AttentionInput<T> to_input(const Launch& in) {
  return {to_matrix<T>(in.q), to_matrix<T>(in.kv), to_groups(in.packing, in.queries), in.heads.NH,
          in.dropout};
}

template <class T>
Result run_forward(const Launch& in) {
  const auto out = to_matrix<T>(HostMatrix(in.q.n_rows, in.q.n_columns, 5));
  const auto lse = to_matrix<T>(HostMatrix(in.q.n_rows, in.heads.NH, 5));
  attention_forward<T>(Exec(), to_input<T>(in), out, lse);
  return {to_host(out), to_host(lse)};
}

/// dq of one launch; adds to dkv.
template <class T>
HostMatrix run_backward(const Launch& in, const HostMatrix& dout, Matrix<T> dkv) {
  const auto [out, lse] = run_forward<T>(in);
  const auto dq = to_matrix<T>(HostMatrix(in.q.n_rows, in.q.n_columns, 5));
  attention_backward<T>(Exec(), to_input<T>(in),
                        {to_matrix<T>(out), to_matrix<T>(lse), to_matrix<T>(dout), dq, dkv});
  return to_host(dq);
}

/// Two launches over the same keys, as a forward pass with one thought makes them.
struct TwoSegments {
  Packing packing;
  Heads heads;
  Dropout dropout;
  Queries early_queries = first_segment(packing), late_queries = later_segment(packing);
  HostMatrix q_early = random_matrix(early_queries.size(), heads.width(), 1);
  HostMatrix q_late = random_matrix(late_queries.size(), heads.width(), 2);
  HostMatrix kv = random_matrix(packing.n_rows(), 2 * heads.width(), 3);
  HostMatrix dout_early = random_matrix(early_queries.size(), heads.width(), 4);
  HostMatrix dout_late = random_matrix(late_queries.size(), heads.width(), 5);

  Launch early() const { return {packing, early_queries, q_early, kv, dropout, heads}; }
  Launch late() const { return {packing, late_queries, q_late, kv, dropout, heads}; }
  double loss() const {
    return inner_product(dout_early, run_forward<double>(early()).out) +
           inner_product(dout_late, run_forward<double>(late()).out);
  }
};

struct Gradient {
  HostMatrix q_early, q_late, kv;
};

/// Gradients of loss(), by kv on top of `kv_before`.
template <class T>
Gradient run_backward(const TwoSegments& s, const HostMatrix& kv_before) {
  const auto dkv = to_matrix<T>(kv_before);
  const auto late = run_backward<T>(s.late(), s.dout_late, dkv);
  const auto early = run_backward<T>(s.early(), s.dout_early, dkv);
  return {early, late, to_host(dkv)};
}

inline Gradient run_backward_from_zero(const TwoSegments& s) {
  return run_backward<double>(s, HostMatrix(s.kv.n_rows, s.kv.n_columns));
}

/// Against central differences, by queries and by keys and values.
inline void expect_derivative_of_forward(TwoSegments& s) {
  SCOPED_TRACE(testing::Message() << s.heads.NH << "x" << s.heads.D);
  const auto loss = [&] { return s.loss(); };
  const Gradient gradient = run_backward_from_zero(s);
  EXPECT_TRUE(is_gradient(gradient.q_early, s.q_early, loss));
  EXPECT_TRUE(is_gradient(gradient.q_late, s.q_late, loss));
  EXPECT_TRUE(is_gradient(gradient.kv, s.kv, loss));
}

}  // namespace superpose::kernels
