#pragma once
/// Small matrix products by a team, of tiles in what its lanes share. A lane's unit of work is a
/// few rows by 4 columns of a result, read 4 numbers at a time: each number read serves 2 to 4
/// multiply-adds, and the lanes of a warp share most of their reads.

#include "kokkos_kernels/loops/lane.hpp"

namespace superpose::kernels {

/// Four neighbours of a row, read and written together.
template <class T>
struct alignas(4 * sizeof(T)) Four {
  T of[4];
};

/// How many Fours n numbers take.
KOKKOS_FORCEINLINE_FUNCTION constexpr int fours(int n) {
  return (n + 3) / 4;
}

/// Row-major. The pitch is odd: lanes that walk down a column of Fours meet different banks.
template <class T>
struct TeamTile {
  Four<T>* data;
  int pitch;  ///< in Fours

  KOKKOS_FORCEINLINE_FUNCTION Four<T>* row(int r) const { return data + r * pitch; }
  KOKKOS_FORCEINLINE_FUNCTION T& at(int r, int c) const { return row(r)[c / 4].of[c % 4]; }
};

/// By value: a choice between references would put both tiles into memory.
template <class T>
KOKKOS_FORCEINLINE_FUNCTION TeamTile<T> either(bool first, TeamTile<T> a, TeamTile<T> b) {
  return {first ? a.data : b.data, first ? a.pitch : b.pitch};
}

/// Hands out a team's scratch; without memory it only counts.
class TeamArena {
 public:
  KOKKOS_FORCEINLINE_FUNCTION explicit TeamArena(void* memory) : base_(static_cast<char*>(memory)) {
    if (base_ != nullptr) base_ += (unit - reinterpret_cast<std::size_t>(base_) % unit) % unit;
  }
  /// Room for any alignment of the memory included.
  std::size_t bytes() const { return used_ + unit; }

  template <class T>
  KOKKOS_FORCEINLINE_FUNCTION T* array(int n) {
    const std::size_t begin = used_;
    used_ += (sizeof(T) * static_cast<std::size_t>(n) + unit - 1) / unit * unit;
    return base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + begin);
  }

  template <class T>
  KOKKOS_FORCEINLINE_FUNCTION TeamTile<T> tile(int n_rows, int n_columns) {
    const int pitch = fours(n_columns) | 1;
    return {array<Four<T>>(n_rows * pitch), pitch};
  }

 private:
  static constexpr std::size_t unit = 32;  ///< the largest Four

  char* base_;
  std::size_t used_ = 0;
};

/// Row r of `to` = scale * from(r) for r < n; columns that complete the last Four and rows n.. are
/// zero, so that products need not look where a matrix ends.
template <int n_rows, class Lane, class T, class From>
KOKKOS_FORCEINLINE_FUNCTION void load_tile(const Lane& lane, int n, int n_columns, T scale,
                                           const From& from, const TeamTile<T>& to) {
  const int width = fours(n_columns);
  lane.each(n_rows * width, [&](int unit) {
    const int r = unit / width, q = unit % width;
    Four<T> value{};
    if (r < n) {
      const auto* source = from(r) + 4 * q;
      for (int e = 0; e < 4; ++e)
        if (4 * q + e < n_columns) value.of[e] = scale * static_cast<T>(source[e]);
    }
    to.row(r)[q] = value;
  });
}

// --- units of products ---------------------------------------------------------------------------

/// A unit's rows are 8 apart: i, i + 8, ...
constexpr int row_groups = 8;

/// sum(r, c) += a(i + 8 r, .) . b(j + step c, .) over `depth` Fours.
template <int n_rows, class T>
KOKKOS_FORCEINLINE_FUNCTION void multiply_rows(const TeamTile<T>& a, const TeamTile<T>& b, int i,
                                               int j, int step, int depth, T (&sum)[n_rows][4]) {
#pragma unroll 2
  for (int k = 0; k < depth; ++k) {
    Four<T> x[n_rows], y[4];
    for (int r = 0; r < n_rows; ++r) x[r] = a.row(i + row_groups * r)[k];
    for (int c = 0; c < 4; ++c) y[c] = b.row(j + step * c)[k];
    for (int e = 0; e < 4; ++e)
      for (int r = 0; r < n_rows; ++r)
        for (int c = 0; c < 4; ++c) sum[r][c] += x[r].of[e] * y[c].of[e];
  }
}

/// sum(r, c) += sum over k of a(i + 8 r, k) b(k, 4 q + c), k < 4 depth.
template <int n_rows, class T>
KOKKOS_FORCEINLINE_FUNCTION void multiply_plain(const TeamTile<T>& a, const TeamTile<T>& b, int i,
                                                int q, int depth, T (&sum)[n_rows][4]) {
#pragma unroll 2
  for (int k = 0; k < depth; ++k) {
    Four<T> x[n_rows];
    for (int r = 0; r < n_rows; ++r) x[r] = a.row(i + row_groups * r)[k];
    for (int e = 0; e < 4; ++e) {
      const Four<T> y = b.row(4 * k + e)[q];
      for (int r = 0; r < n_rows; ++r)
        for (int c = 0; c < 4; ++c) sum[r][c] += x[r].of[e] * y.of[c];
    }
  }
}

/// sum(r, c) += sum over k < depth of a(k, 4 p + r) b(k, 4 q + c).
template <class T>
KOKKOS_FORCEINLINE_FUNCTION void multiply_transposed(const TeamTile<T>& a, const TeamTile<T>& b,
                                                     int p, int q, int depth, T (&sum)[4][4]) {
#pragma unroll 4
  for (int k = 0; k < depth; ++k) {
    const Four<T> x = a.row(k)[p], y = b.row(k)[q];
    for (int r = 0; r < 4; ++r)
      for (int c = 0; c < 4; ++c) sum[r][c] += x.of[r] * y.of[c];
  }
}

}  // namespace superpose::kernels
