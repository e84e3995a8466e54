#pragma once
/// Small matrix products whose sums stay in registers, for one CPU thread. 8 rows are computed in
/// pieces of as many sums as there are registers for: with AVX-512 8 rows by two of its vectors, 16
/// sums in flight; with 16 registers of half the length 4 rows by two of theirs. Either hides the
/// latency of a multiply-add, and each vector that is read serves 8 or 4 of them.

#include <cstddef>
#include <cstring>
#include <type_traits>

#include "core/types.hpp"
#include "kokkos_kernels/output.hpp"

namespace superpose::kernels {

constexpr int tile_rows = 8;

#if defined(__AVX512F__)
constexpr int register_bytes = 64, piece_rows = 8;
#elif defined(__AVX__)
constexpr int register_bytes = 32, piece_rows = 4;
#else
constexpr int register_bytes = 16, piece_rows = 4;
#endif
constexpr int piece_registers = 2;

/// A register of the CPU: the compiler keeps arrays of these out of memory, arrays of numbers not.
/// Where nvcc compiles, which runs nothing of this, a single number: it may not know vector types.
template <class T>
struct RegisterOf {
  using type = T;
};
#ifndef __CUDACC__
template <>
struct RegisterOf<float> {
  typedef float type __attribute__((vector_size(register_bytes)));
};
template <>
struct RegisterOf<double> {
  typedef double type __attribute__((vector_size(register_bytes)));
};
#endif
template <class T>
using Register = typename RegisterOf<T>::type;

template <class T>
constexpr int register_length = static_cast<int>(sizeof(Register<T>) / sizeof(T));

template <class T>
inline Register<T> load(const T* from) {
  Register<T> result;
  std::memcpy(&result, from, sizeof result);
  return result;
}

/// The same of numbers of another type.
template <class T, class X>
inline Register<T> load_as(const X* from) {
  if constexpr (std::is_same_v<T, X>) return load(from);
  T values[register_length<T>];
#pragma omp simd
  for (int l = 0; l < register_length<T>; ++l) values[l] = static_cast<T>(from[l]);
  return load(values);
}

template <class T>
inline void store(const Register<T>& value, T* to) {
  std::memcpy(to, &value, sizeof value);
}

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

/// How a left factor lies in memory: element (r, k) is row r's number k, or the transpose's.
enum class Factor { rows, columns };

template <Factor factor, class T>
struct Left {
  const T* data;
  std::ptrdiff_t pitch;

  T operator()(int r, std::ptrdiff_t k) const {
    return factor == Factor::rows ? data[r * pitch + k] : data[k * pitch + r];
  }
  /// The factor from row r on.
  Left from_row(int r) const { return {data + r * (factor == Factor::rows ? pitch : 1), pitch}; }
};

template <class T>
Left<Factor::rows, T> rows_of(const Block<T>& block) {
  return {block.data, block.pitch};
}

/// The transpose as a left factor.
template <class T>
Left<Factor::columns, T> columns_of(const Block<T>& block) {
  return {block.data, block.pitch};
}

/// One piece: result (+)= sum over k in `depth` of left(., k) right(k, .), of piece_rows rows. Not
/// inlined: within a larger function its addresses would be left without registers.
template <Output output, int n_registers, Factor factor, class T>
__attribute__((noinline)) void multiply_piece(const Left<factor, T>& left, const Block<T>& right,
                                              Range depth, const Block<T>& result) {
  constexpr int length = register_length<T>;
  Register<T> sum[piece_rows][n_registers] = {};
  const T* b = right.row(depth.begin);
  for (std::ptrdiff_t k = depth.begin; k < depth.end; ++k, b += right.pitch)
#pragma GCC unroll 8
    for (int r = 0; r < piece_rows; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < n_registers; ++v) sum[r][v] += left(r, k) * load(b + v * length);
#pragma GCC unroll 8
  for (int r = 0; r < piece_rows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < n_registers; ++v) {
      T* to = result.row(r) + v * length;
      store(output == Output::add ? load(to) + sum[r][v] : sum[r][v], to);
    }
}

/// tile_rows rows of a product: result(., c) (+)= left right(., c) for c < n_columns, rounded up to
/// whole registers. Each element is summed in ascending k whatever the piece it falls into.
template <Output output, Factor factor, class T>
inline void multiply(const Left<factor, T>& left, const Block<T>& right, Range depth, int n_columns,
                     const Block<T>& result) {
  constexpr int length = register_length<T>, width = piece_registers * length;
  for (int r = 0; r < tile_rows; r += piece_rows) {
    int c = 0;
    const auto from = left.from_row(r);
    const auto at = [&](const Block<T>& block) { return Block<T>{block.data + c, block.pitch}; };
    for (; c + width - length < n_columns; c += width)
      multiply_piece<output, piece_registers>(from, at(right), depth, at(result.from_row(r)));
    if (c < n_columns) multiply_piece<output, 1>(from, at(right), depth, at(result.from_row(r)));
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

/// Elements of a square: as many vectors as a vector has elements, one after the other.
template <class T>
constexpr int square_size = vector_length<T>* vector_length<T>;

/// to = the transpose of a square by way of scratch, two of them: log2 of the length perfect
/// shuffles, each a loop over pairs of vectors that gathers nothing.
template <class T>
inline void transpose(const T* from, T* scratch, T* to) {
  constexpr int half = square_size<T> / 2;
  for (int shuffled = 2; shuffled <= vector_length<T>; shuffled *= 2) {
    T* next = shuffled == vector_length<T> ? to : from == scratch ? scratch + 2 * half : scratch;
#pragma omp simd
    for (int i = 0; i < half; ++i) {
      next[2 * i] = from[i];
      next[2 * i + 1] = from[i + half];
    }
    from = next;
  }
}

/// Column r of `to` = scale * from(r) for r < n, at most a vector of them; the columns that
/// complete it and the rows that complete the last vector are zero. scratch: three squares.
template <class T, class From>
inline void copy_transposed(int n, int D, T scale, const From& from, T* scratch,
                            const Block<T>& to) {
  constexpr int length = vector_length<T>;
  const Block<T> square{scratch + 2 * square_size<T>, length};
  for (int begin = 0; begin < D; begin += length) {
    const auto column = [&](int r) { return from(r) + begin; };
    copy_rows(n, D - begin < length ? D - begin : length, scale, column, square);
    for (int i = n * length; i < square_size<T>; ++i) square.data[i] = T(0);
    transpose(square.data, scratch, to.row(begin));
  }
}

/// result[r] = left(r) . right(r) of n pairs of rows, at most a vector of them; the rest is zero:
/// sums of whole vectors, then all of their last steps at once. scratch: four squares.
template <class T, class LeftRow, class RightRow>
inline void row_dots(int n, int D, const LeftRow& left, const RightRow& right, T* scratch,
                     T* result) {
  constexpr int length = vector_length<T>;
  T *sums = scratch + 2 * square_size<T>, *columns = sums + square_size<T>;
  for (int r = 0; r < n; ++r) {
    const auto *a = left(r), *b = right(r);
    T* to = sums + r * length;
    Register<T> sum[length / register_length<T>] = {};
    int d = 0;
    for (; d + length <= D; d += length)
#pragma GCC unroll 4
      for (int v = 0; v < length / register_length<T>; ++v) {
        const int c = d + v * register_length<T>;
        sum[v] += load_as<T>(a + c) * load_as<T>(b + c);
      }
    std::memcpy(to, sum, sizeof sum);
    for (int l = 0; d + l < D; ++l) to[l] += static_cast<T>(a[d + l]) * static_cast<T>(b[d + l]);
  }
  for (int i = n * length; i < square_size<T>; ++i) sums[i] = T(0);
  transpose(sums, scratch, columns);
  for (int r = 0; r < length; ++r) result[r] = T(0);
  for (int c = 0; c < length; ++c)
#pragma omp simd
    for (int r = 0; r < length; ++r) result[r] += columns[c * length + r];
}

/// to(r)[c] = scale[r] * from(c, r) for r < n, at most a vector of them, and c < D. from: squares
/// one below the other. scratch: three squares.
template <class T, class To>
inline void copy_back_transposed(int n, int D, const T* scale, const Block<T>& from, T* scratch,
                                 const To& to) {
  constexpr int length = vector_length<T>;
  T* square = scratch + 2 * square_size<T>;
  for (int begin = 0; begin < D; begin += length) {
    const int width = D - begin < length ? D - begin : length;
    transpose(from.row(begin), scratch, square);
    for (int r = 0; r < n; ++r) {
      auto* row = to(r) + begin;
      const T* values = square + r * length;
      const T factor = scale[r];
#pragma omp simd
      for (int c = 0; c < width; ++c)
        row[c] = static_cast<std::remove_reference_t<decltype(*row)>>(factor * values[c]);
    }
  }
}

}  // namespace superpose::kernels
