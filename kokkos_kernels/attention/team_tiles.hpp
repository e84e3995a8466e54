#pragma once
/// Attention of one (problem, head) by a GPU team: tiles of queries by tiles of keys, those behind
/// a tile's last query left out. The formulas and the draws are rows.hpp's.

#include "kokkos_kernels/attention/rows.hpp"
#include "kokkos_kernels/loops/team_tiles.hpp"

namespace superpose::kernels {

KOKKOS_FORCEINLINE_FUNCTION int smaller(int a, int b) {
  return a < b ? a : b;
}

/// Which weights of `tile` queries dropout keeps, of one chunk of keys: bit h of byte i of a row is
/// key 16 h + i of the chunk. A Philox block is drawn once for the 8 keys that it serves.
template <int tile>
struct KeptKeys {
  static constexpr int row_bytes = DropoutRow::width;
  unsigned char* bits;  ///< [tile, row_bytes]
  bool active;
  float scale;

  template <class X>
  KOKKOS_FORCEINLINE_FUNCTION KeptKeys(TeamArena& arena, const AttentionHead<X>& head)
      : bits(arena.array<unsigned char>(tile * row_bytes)) {
    const DropoutRow row = head.draws(0);
    active = row.active();
    scale = row.scale;
  }
  static void count(TeamArena& arena) { arena.array<unsigned char>(tile * row_bytes); }

  /// The draws of queries begin .. begin + n - 1 for the chunk in which key `first` lies.
  template <class Lane, class X>
  KOKKOS_FORCEINLINE_FUNCTION void draw(const Lane& lane, const AttentionHead<X>& head, int begin,
                                        int n, int first) const {
    if (!active) return;
    lane.each(n * row_bytes, [&](int unit) {
      const DropoutRow row = head.draws(begin + unit / row_bytes);
      std::uint32_t words[4];
      row.draw(first / DropoutRow::chunk, unit % row_bytes, words[0], words[1], words[2], words[3]);
      unsigned kept = 0;
      for (int half = 0; half < DropoutRow::halves; ++half)
        if (row.multiplier(words[half / 2], half % 2) != 0.0F) kept |= 1U << half;
      bits[unit] = static_cast<unsigned char>(kept);
    });
  }

  KOKKOS_FORCEINLINE_FUNCTION float multiplier(int r, int key) const {
    if (!active) return 1.0F;
    const int column = key % DropoutRow::chunk;
    const unsigned kept = bits[r * row_bytes + column % row_bytes];
    return (kept >> (column / row_bytes) & 1U) != 0 ? scale : 0.0F;
  }
};

// --- forward -------------------------------------------------------------------------------------

/// What a team holds of 32 queries and 32 keys.
template <class T>
struct TeamForwardTiles {
  static constexpr int tile = 32, quads = tile / 4;
  TeamTile<T> queries;       ///< [tile, D] times 1 / sqrt(D)
  TeamTile<T> keys;          ///< [tile, D] keys, then values
  TeamTile<T> out;           ///< [tile, D] sums over the keys so far, times e^-top
  TeamTile<T> weights;       ///< [tile, tile]
  T *top, *total, *rescale;  ///< [tile] largest score so far, sum of powers, e^(top before - top)
  T* partial;                ///< [tile, quads] sums of 4 powers
  int* n_keys;               ///< [tile] keys that a query attends to, 0 after the last query

  KOKKOS_FORCEINLINE_FUNCTION TeamForwardTiles(TeamArena& arena, int D)
      : queries(arena.tile<T>(tile, D)),
        keys(arena.tile<T>(tile, D)),
        out(arena.tile<T>(tile, D)),
        weights(arena.tile<T>(tile, tile)),
        top(arena.array<T>(tile)),
        total(arena.array<T>(tile)),
        rescale(arena.array<T>(tile)),
        partial(arena.array<T>(tile * quads)),
        n_keys(arena.array<int>(tile)) {}
};

/// The forward pass of a head. Softmax goes from tile to tile of keys: sums are rescaled whenever a
/// larger score turns up (Milakov and Gimelshein 2018).
template <class Lane, class X>
struct TeamForward {
  using T = Real<X>;
  using Tiles = TeamForwardTiles<T>;
  static constexpr int tile = Tiles::tile, quads = Tiles::quads, unit_rows = tile / row_groups;

  const Lane& lane;
  const AttentionHead<X>& head;
  const Matrix<X>& result;
  const Matrix<T>& lse;
  Tiles s;
  KeptKeys<tile> kept;

  KOKKOS_FORCEINLINE_FUNCTION TeamForward(const Lane& lane_, const AttentionHead<X>& head_,
                                          const Matrix<X>& out, const Matrix<T>& lse_,
                                          TeamArena arena)
      : lane(lane_), head(head_), result(out), lse(lse_), s(arena, head_.D), kept(arena, head_) {}

  static std::size_t bytes(int D) {
    TeamArena arena(nullptr);
    Tiles(arena, D);
    KeptKeys<tile>::count(arena);
    return arena.bytes();
  }

  KOKKOS_FORCEINLINE_FUNCTION void run() const {
    for (int begin = 0; begin < head.count(); begin += tile)
      query_tile(begin, smaller(tile, head.count() - begin));
  }

 private:
  KOKKOS_FORCEINLINE_FUNCTION void query_tile(int begin, int n) const {
    load_tile<tile>(
        lane, n, head.D, head.scale(), [&](int r) { return head.query(begin + r); }, s.queries);
    lane.each(tile, [&](int r) { s.n_keys[r] = r < n ? head.n_keys(begin + r) : 0; });
    const int n_keys = head.n_keys(begin + n - 1);
    for (int first = 0; first < n_keys; first += tile)
      key_tile(begin, n, first, smaller(tile, n_keys - first));
    write(begin, n);
    lane.barrier();
  }

  KOKKOS_FORCEINLINE_FUNCTION void key_tile(int begin, int n, int first, int n_keys) const {
    load_tile<tile>(
        lane, n_keys, head.D, T(1), [&](int j) { return head.key(first + j); }, s.keys);
    if (first % DropoutRow::chunk == 0) kept.draw(lane, head, begin, n, first);
    lane.barrier();
    scores();
    lane.barrier();
    load_tile<tile>(
        lane, n_keys, head.D, T(1), [&](int j) { return head.value(first + j); }, s.keys);
    tops(first);
    lane.barrier();
    powers(first);
    lane.barrier();
    add_values(first == 0, n_keys);
    lane.barrier();
  }

  KOKKOS_FORCEINLINE_FUNCTION void scores() const {
    lane.each(row_groups * quads, [&](int unit) {
      const int i = unit % row_groups, j = unit / row_groups;
      T sum[unit_rows][4] = {};
      multiply_rows<unit_rows>(s.queries, s.keys, i, j, quads, fours(head.D), sum);
      for (int r = 0; r < unit_rows; ++r)
        for (int c = 0; c < 4; ++c) s.weights.at(i + row_groups * r, j + quads * c) = sum[r][c];
    });
  }

  KOKKOS_FORCEINLINE_FUNCTION void tops(int first) const {
    lane.each(tile, [&](int r) {
      const int n = smaller(tile, s.n_keys[r] - first);
      const T before = first == 0 ? s.weights.at(r, 0) : s.top[r];
      T top = before;
      for (int j = 0; j < n; ++j) top = s.weights.at(r, j) > top ? s.weights.at(r, j) : top;
      s.rescale[r] = exponential(before - top);
      s.top[r] = top;
    });
  }

  /// Scores -> powers after dropout, and sums of powers before it.
  KOKKOS_FORCEINLINE_FUNCTION void powers(int first) const {
    lane.each(tile * quads, [&](int unit) {
      const int r = unit / quads, q = unit % quads;
      Four<T> weight = s.weights.row(r)[q];
      T sum = 0;
      for (int e = 0; e < 4; ++e) {
        const int key = first + 4 * q + e;
        const bool seen = key < s.n_keys[r];
        const T power = exponential(seen ? weight.of[e] - s.top[r] : T(0));
        sum += seen ? power : T(0);
        weight.of[e] = seen ? power * kept.multiplier(r, key) : T(0);
      }
      s.weights.row(r)[q] = weight;
      s.partial[unit] = sum;
    });
  }

  KOKKOS_FORCEINLINE_FUNCTION void add_values(bool fresh, int n_keys) const {
    lane.each(row_groups * fours(head.D), [&](int unit) {
      const int i = unit % row_groups, q = unit / row_groups;
      T sum[unit_rows][4] = {};
      multiply_plain<unit_rows>(s.weights, s.keys, i, q, fours(n_keys), sum);
      for (int r = 0; r < unit_rows; ++r) {
        Four<T> value = s.out.row(i + row_groups * r)[q];  // read and written as one
        const T rescale = s.rescale[i + row_groups * r];
        for (int c = 0; c < 4; ++c)
          value.of[c] = fresh ? sum[r][c] : value.of[c] * rescale + sum[r][c];
        s.out.row(i + row_groups * r)[q] = value;
      }
    });
    lane.each(tile, [&](int r) {
      T sum = fresh ? T(0) : s.total[r] * s.rescale[r];
      for (int q = 0; q < quads; ++q) sum += s.partial[r * quads + q];
      s.total[r] = sum;
    });
  }

  KOKKOS_FORCEINLINE_FUNCTION void write(int begin, int n) const {
    lane.each(n * head.D, [&](int unit) {
      const int r = unit / head.D, d = unit % head.D;
      result(head.row(begin + r), head.column() + d) =
          static_cast<X>(s.out.at(r, d) * (T(1) / s.total[r]));
    });
    lane.each(
        n, [&](int r) { lse(head.row(begin + r), head.head) = s.top[r] + logarithm(s.total[r]); });
  }
};

}  // namespace superpose::kernels
