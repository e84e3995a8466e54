#pragma once
/// Small matrix products whose sums stay in registers, for one CPU thread. 8 rows are computed in
/// pieces of as many sums as there are registers for: with AVX-512 8 rows by two of its vectors, 16
/// sums in flight; with 16 registers of half the length 4 rows by two of theirs. Either hides the
/// latency of a multiply-add, and each vector that is read serves 8 or 4 of them.

#include <cstddef>

#include "core/types.hpp"

namespace superpose::kernels {

constexpr int tile_rows = 8;

#ifdef __AVX512F__
constexpr int piece_rows = 8, piece_vectors = 2;
#else
constexpr int piece_rows = 4, piece_vectors = 1;
#endif

/// Elements of a 64-byte vector.
template <class T>
constexpr int vector_length = 64 / static_cast<int>(sizeof(T));

constexpr int round_up(int n, int unit) {
  return (n + unit - 1) / unit * unit;
}

/// Row-major scratch. The pitch is an odd number of cache lines: walking down a column visits all
/// sets of the cache.
template <class T>
struct Block {
  T* data;
  int pitch;

  T* row(int r) const { return data + static_cast<std::ptrdiff_t>(r) * pitch; }
  Block from_row(int r) const { return {row(r), pitch}; }
};

/// Hands out Blocks of one piece of memory; without memory it only counts.
class Arena {
 public:
  explicit Arena(void* memory) : base_(static_cast<char*>(memory)) {
    constexpr std::size_t line = 64;
    if (base_ != nullptr) used_ = (line - reinterpret_cast<std::size_t>(base_) % line) % line;
  }
  /// Room for any alignment of the memory included.
  std::size_t bytes() const { return used_ + 64; }

  /// Rows are rounded up to whole tiles.
  template <class T>
  Block<T> block(int n_rows, int n_columns) {
    const int vectors = round_up(n_columns, vector_length<T>) / vector_length<T>;
    const int pitch = (vectors | 1) * vector_length<T>;
    T* data = base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + used_);
    used_ += sizeof(T) * static_cast<std::size_t>(round_up(n_rows, tile_rows)) * pitch;
    return {data, pitch};
  }

 private:
  char* base_;
  std::size_t used_ = 0;
};

/// A left factor: element (r, k) is data[r * row_step + k * depth_step].
template <class T>
struct Left {
  const T* data;
  std::ptrdiff_t row_step, depth_step;
};

template <class T>
Left<T> rows_of(const Block<T>& block) {
  return {block.data, block.pitch, 1};
}

/// The transpose as a left factor.
template <class T>
Left<T> columns_of(const Block<T>& block) {
  return {block.data, 1, block.pitch};
}

enum class Sum { replace, add };

/// One piece: result (+)= sum over k in `depth` of left(., k) right(k, .), of piece_rows rows.
template <Sum mode, int n_vectors, class T>
inline void multiply_piece(const Left<T>& left, const Block<T>& right, Range depth,
                           const Block<T>& result) {
  constexpr int length = vector_length<T>;
  T sum[piece_rows][n_vectors * length];
#pragma GCC unroll 8
  for (int r = 0; r < piece_rows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < n_vectors; ++v)
#pragma omp simd
      for (int l = v * length; l < (v + 1) * length; ++l) sum[r][l] = T(0);
  for (int k = depth.begin; k < depth.end; ++k) {
    const T* b = right.row(k);
    const T* a = left.data + k * left.depth_step;
#pragma GCC unroll 8
    for (int r = 0; r < piece_rows; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < n_vectors; ++v)
#pragma omp simd
        for (int l = v * length; l < (v + 1) * length; ++l)
          sum[r][l] += a[r * left.row_step] * b[l];
  }
#pragma GCC unroll 8
  for (int r = 0; r < piece_rows; ++r) {
    T* to = result.row(r);
#pragma GCC unroll 2
    for (int v = 0; v < n_vectors; ++v)
#pragma omp simd
      for (int l = v * length; l < (v + 1) * length; ++l)
        to[l] = mode == Sum::add ? to[l] + sum[r][l] : sum[r][l];
  }
}

/// tile_rows rows of a product: result(., c) (+)= left right(., c) for c < n_columns, rounded up to
/// whole vectors. Each element is summed in ascending k whatever the piece it falls into.
template <Sum mode, class T>
inline void multiply(const Left<T>& left, const Block<T>& right, Range depth, int n_columns,
                     const Block<T>& result) {
  constexpr int width = piece_vectors * vector_length<T>;
  for (int r = 0; r < tile_rows; r += piece_rows) {
    const Left<T> rows{left.data + r * left.row_step, left.row_step, left.depth_step};
    const Block<T> sums = result.from_row(r);
    int c = 0;
    const auto at = [&](const Block<T>& block) { return Block<T>{block.data + c, block.pitch}; };
    for (; c + width - vector_length<T> < n_columns; c += width)
      multiply_piece<mode, piece_vectors>(rows, at(right), depth, at(sums));
    if (c < n_columns) multiply_piece<mode, 1>(rows, at(right), depth, at(sums));
  }
}

// --- copies --------------------------------------------------------------------------------------

/// Row r of `to` = scale * from(r) for r < n; the columns that complete the last vector, and rows
/// n.. that complete the last tile, are zero.
template <class T, class From>
inline void copy_rows(int n, int n_columns, T scale, const From& from, const Block<T>& to) {
  const int width = round_up(n_columns, vector_length<T>);
  for (int r = 0; r < n; ++r) {
    const auto* source = from(r);
    T* row = to.row(r);
#pragma omp simd
    for (int c = 0; c < n_columns; ++c) row[c] = scale * static_cast<T>(source[c]);
    for (int c = n_columns; c < width; ++c) row[c] = T(0);
  }
  for (int r = n; r < round_up(n, tile_rows); ++r)
    for (int c = 0; c < width; ++c) to.row(r)[c] = T(0);
}

/// Column j of `to` = from(j) for j < n; the columns that complete the last vector are zero.
template <class T, class From>
inline void copy_transposed(int n, int D, const From& from, const Block<T>& to) {
  constexpr int length = vector_length<T>;
  for (int begin = 0; begin < n; begin += length) {
    for (int l = 0; l < length; ++l) {
      T* column = to.data + begin + l;
      if (begin + l < n) {
        const auto* source = from(begin + l);
        for (int d = 0; d < D; ++d)
          column[static_cast<std::ptrdiff_t>(d) * to.pitch] = static_cast<T>(source[d]);
      } else {
        for (int d = 0; d < D; ++d) column[static_cast<std::ptrdiff_t>(d) * to.pitch] = T(0);
      }
    }
  }
}

}  // namespace superpose::kernels
