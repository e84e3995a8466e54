#pragma once
/// Sums over many rows where a row is a team's: blocks of rows side by side, then their sums in
/// order. Where a row is a thread's, all rows are one block and are added in order.

#include "kokkos_kernels/loops/lane.hpp"

namespace superpose::kernels {

struct RowBlocks {
  int n_rows, size, count;

  KOKKOS_FORCEINLINE_FUNCTION int begin(int block) const { return block * size; }
  KOKKOS_FORCEINLINE_FUNCTION int end(int block) const {
    return begin(block) + size < n_rows ? begin(block) + size : n_rows;
  }
};

/// How many sums of n numbers `scratch` holds.
template <class T>
int room_for(int n, const Vector<T>& scratch) {
  return n > 0 ? static_cast<int>(scratch.extent(0) / static_cast<std::size_t>(n)) : 0;
}

/// Blocks of n_rows rows, at most `room` of them. Of sizes only, so that bits do not depend on
/// time.
inline RowBlocks row_blocks(int n_rows, int room) {
  constexpr int most = 64, smallest = 128;
  const int n = room < most ? room : most;
  if (row_per_thread || n < 2 || n_rows <= smallest) return {n_rows, n_rows, 1};
  const int even = (n_rows + n - 1) / n, size = even < smallest ? smallest : even;
  return {n_rows, size, (n_rows + size - 1) / size};
}

/// Columns cut into strips: on a GPU a column is a lane's.
struct Strips {
  static constexpr int team_width = 128;  ///< lanes of the 4 warps of a loop of rows
  int n, width;

  int count() const { return n > 0 ? (n + width - 1) / width : 0; }
  KOKKOS_FORCEINLINE_FUNCTION int begin(int strip) const { return strip * width; }
  KOKKOS_FORCEINLINE_FUNCTION int size(int strip) const {
    return n - begin(strip) < width ? n - begin(strip) : width;
  }
};

/// Where a row is a thread's, one thread takes all columns and several take 64 each.
inline Strips strips(const Exec& exec, int n) {
  if (rows_in_order(exec)) return {n, n};
  return {n, row_per_thread ? 64 : Strips::team_width};
}

}  // namespace superpose::kernels
