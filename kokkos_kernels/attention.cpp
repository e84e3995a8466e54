#include "kokkos_kernels/attention.hpp"

#include "kokkos_kernels/lane.hpp"
#include "kokkos_kernels/math.hpp"

namespace superpose::kernels {
namespace {

constexpr int tile = 32;  ///< keys (or channels) whose sums stay in registers

KOKKOS_FORCEINLINE_FUNCTION int padded(int n) {
  return (n + tile - 1) / tile * tile;
}

/// One (problem, head): where its keys and values are.
template <class T>
struct HeadView {
  Matrix<const T> kv;
  Indices key_row;
  int key_begin, n_keys, head, D, C;

  KOKKOS_FORCEINLINE_FUNCTION const T* key(int j) const {
    return &kv(key_row(key_begin + j), head * D);
  }
  KOKKOS_FORCEINLINE_FUNCTION const T* value(int j) const { return key(j) + C; }
};

template <class T>
KOKKOS_FORCEINLINE_FUNCTION HeadView<T> head_view(const Matrix<const T>& kv,
                                                  const AttentionGroups& groups, int g, int head,
                                                  int D) {
  const int p = groups.problem(g);
  const int last = groups.first(g) + groups.count(g) - 1;
  return {kv,
          groups.key_row,
          groups.key_begin(p),
          groups.position(last) + 1,
          head,
          D,
          static_cast<int>(kv.extent(1)) / 2};
}

/// Channel-major copy (`from` j -> row pointer) so that dot products vectorise over keys.
/// Columns beyond n are zero: tiles may be read whole.
template <class T, class From>
KOKKOS_FORCEINLINE_FUNCTION void transpose(const Lane& lane, int n, int pitch, int D,
                                           const From& from, T* to) {
  lane.each(pitch - n, [&](int j) {
    for (int d = 0; d < D; ++d) to[d * pitch + n + j] = T(0);
  });
  for (int j = 0; j < n; ++j) {
    const T* row = from(j);
    lane.each(D, [&](int d) { to[d * pitch + j] = row[d]; });
  }
}

/// result_j = scale * x . column_j for j < n, columns of a channel-major block.
template <class T>
KOKKOS_FORCEINLINE_FUNCTION void dots(const HostLane&, const T* x, const T* block, int n, int pitch,
                                      int D, T scale, T* result) {
  for (int begin = 0; begin < n; begin += tile) {
    T sum[tile] = {};
    for (int d = 0; d < D; ++d) {
      const T* column = block + d * pitch + begin;
#pragma omp simd
      for (int j = 0; j < tile; ++j) sum[j] += x[d] * column[j];
    }
#pragma omp simd
    for (int j = 0; j < tile; ++j) result[begin + j] = scale * sum[j];
  }
}

template <class Member, class T>
KOKKOS_FORCEINLINE_FUNCTION void dots(const TeamLane<Member>& lane, const T* x, const T* block,
                                      int n, int pitch, int D, T scale, T* result) {
  lane.each(n, [&](int j) {
    T sum = 0;
    for (int d = 0; d < D; ++d) sum += x[d] * block[d * pitch + j];
    result[j] = scale * sum;
  });
}

/// result_d = sum_j weight_j row_j[d].
template <class T, class Row>
KOKKOS_FORCEINLINE_FUNCTION void weighted_sum(const Lane& lane, const T* weight, int n, int D,
                                              const Row& row, T* result) {
  for (int begin = 0; begin < D; begin += tile) {
    const int width = D - begin < tile ? D - begin : tile;
    if (on_host && width == tile) {
      T sum[tile] = {};
      for (int j = 0; j < n; ++j) {
        const T* source = row(j) + begin;
#pragma omp simd
        for (int d = 0; d < tile; ++d) sum[d] += weight[j] * source[d];
      }
#pragma omp simd
      for (int d = 0; d < tile; ++d) result[begin + d] = sum[d];
    } else {
      lane.each(width, [&](int d) {
        T sum = 0;
        for (int j = 0; j < n; ++j) sum += weight[j] * row(j)[begin + d];
        result[begin + d] = sum;
      });
    }
  }
}

/// weight_j *= dropout multiplier of (query, key j).
template <class T>
KOKKOS_FORCEINLINE_FUNCTION void drop(const Lane& lane, const DropoutRow& row, int n, T* weight) {
  if (row.active()) lane.each_dropped(n, row, [&](int j, float keep) { weight[j] *= keep; });
}

}  // namespace

template <class T>
void attention_forward(const Exec& exec, Matrix<const T> q, Matrix<const T> kv,
                       AttentionGroups groups, int n_head, Dropout dropout, Matrix<T> out,
                       Matrix<T> lse) {
  const int D = static_cast<int>(q.extent(1)) / n_head, longest = padded(groups.longest);
  const T scale = T(1) / square_root(static_cast<T>(D));
  const std::size_t bytes = sizeof(T) * static_cast<std::size_t>(longest) * (D + 1);
  for_rows_with_scratch(
      "attention_forward", exec, static_cast<int>(groups.problem.extent(0)) * n_head, bytes,
      KOKKOS_LAMBDA(const int index, const Lane& lane, void* scratch) {
        const int g = index / n_head, h = index % n_head;
        const auto head = head_view<T>(kv, groups, g, h, D);
        const int pitch = padded(head.n_keys);
        T* keys = static_cast<T*>(scratch);
        T* weight = keys + static_cast<std::size_t>(longest) * D;
        transpose(
            lane, head.n_keys, pitch, D, [&](int j) { return head.key(j); }, keys);
        lane.barrier();
        for (int i = groups.first(g); i < groups.first(g) + groups.count(g); ++i) {
          const int n = groups.position(i) + 1;
          dots(lane, &q(i, h * D), keys, n, pitch, D, scale, weight);
          lane.barrier();
          const T top = lane.template max<T>(n, [&](int j) { return weight[j]; });
          lane.each(n, [&](int j) { weight[j] = exponential(weight[j] - top); });
          lane.barrier();
          const T total = lane.template sum<T>(n, [&](int j) { return weight[j]; });
          lane.each(n, [&](int j) { weight[j] /= total; });
          lane.barrier();
          drop(lane, dropout.row(groups.problem_id(groups.problem(g)), n - 1, h), n, weight);
          lane.barrier();
          weighted_sum(
              lane, weight, n, D, [&](int j) { return head.value(j); }, &out(i, h * D));
          lse(i, h) = top + logarithm(total);
          lane.barrier();
        }
      });
}

template <class T>
void attention_backward(const Exec& exec, Matrix<const T> q, Matrix<const T> kv,
                        AttentionGroups groups, int n_head, Dropout dropout, Matrix<const T> lse,
                        Matrix<const T> dout, Matrix<T> dq, Matrix<T> dkv) {
  const int D = static_cast<int>(q.extent(1)) / n_head, C = static_cast<int>(q.extent(1));
  const int longest = padded(groups.longest);
  const T scale = T(1) / square_root(static_cast<T>(D));
  const std::size_t block = static_cast<std::size_t>(longest) * D;
  const std::size_t bytes = sizeof(T) * (2 * block + 3 * static_cast<std::size_t>(longest));
  for_rows_with_scratch(
      "attention_backward", exec, static_cast<int>(groups.problem.extent(0)) * n_head, bytes,
      KOKKOS_LAMBDA(const int index, const Lane& lane, void* scratch) {
        const int g = index / n_head, h = index % n_head;
        const auto head = head_view<T>(kv, groups, g, h, D);
        const int pitch = padded(head.n_keys);
        T* keys = static_cast<T*>(scratch);
        T* values = keys + block;
        T* p = values + block;      // softmax
        T* dropped = p + longest;   // softmax after dropout
        T* ds = dropped + longest;  // gradient of the scores
        transpose(
            lane, head.n_keys, pitch, D, [&](int j) { return head.key(j); }, keys);
        transpose(
            lane, head.n_keys, pitch, D, [&](int j) { return head.value(j); }, values);
        lane.barrier();
        for (int i = groups.first(g); i < groups.first(g) + groups.count(g); ++i) {
          const int n = groups.position(i) + 1;
          const auto draws = dropout.row(groups.problem_id(groups.problem(g)), n - 1, h);
          const T* query = &q(i, h * D);
          const T* gradient = &dout(i, h * D);
          dots(lane, query, keys, n, pitch, D, scale, p);
          dots(lane, gradient, values, n, pitch, D, T(1), ds);  // d(weight after dropout)
          lane.barrier();
          const T log_sum = lse(i, h);
          lane.each(n, [&](int j) {
            p[j] = exponential(p[j] - log_sum);
            dropped[j] = p[j];
          });
          lane.barrier();
          drop(lane, draws, n, dropped);
          drop(lane, draws, n, ds);
          lane.barrier();
          const T mean = lane.template sum<T>(n, [&](int j) { return p[j] * ds[j]; });
          lane.each(n, [&](int j) { ds[j] = scale * p[j] * (ds[j] - mean); });
          lane.barrier();
          weighted_sum(
              lane, ds, n, D, [&](int j) { return head.key(j); }, &dq(i, h * D));
          for (int j = 0; j < n; ++j) {
            T* dkey = &dkv(head.key_row(head.key_begin + j), h * D);
            T* dvalue = dkey + C;
            const T a = ds[j], b = dropped[j];
            lane.each(D, [&](int d) {
              dkey[d] += a * query[d];
              dvalue[d] += b * gradient[d];
            });
          }
          lane.barrier();
        }
      });
}

#define INSTANTIATE(T)                                                                             \
  template void attention_forward(const Exec&, Matrix<const T>, Matrix<const T>, AttentionGroups,  \
                                  int, Dropout, Matrix<T>, Matrix<T>);                             \
  template void attention_backward(const Exec&, Matrix<const T>, Matrix<const T>, AttentionGroups, \
                                   int, Dropout, Matrix<const T>, Matrix<const T>, Matrix<T>,      \
                                   Matrix<T>);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace superpose::kernels
