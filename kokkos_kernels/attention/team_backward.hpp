#pragma once
/// The backward pass of team_tiles.hpp, in two walks over pairs of tiles: query by query
/// for dq, key by key for dk and dv, each element of which is written once. Weights are recomputed
/// from lse in either.

#include "kokkos_kernels/attention/team_tiles.hpp"

namespace superpose::kernels {

/// What a team holds of 16 queries and 16 keys: six tiles of 32 would not fit.
template <class T>
struct TeamBackwardTiles {
  static constexpr int tile = 16, quads = tile / 4;
  TeamTile<T> queries;           ///< [tile, D] times 1 / sqrt(D)
  TeamTile<T> gradients;         ///< [tile, D] of the outputs
  TeamTile<T> keys, values;      ///< [tile, D]
  TeamTile<T> sums, value_sums;  ///< [tile, D] dq or dk; dv
  TeamTile<T> weights, dscores;  ///< [tile, tile]
  T* partial;                    ///< [tile, quads] sums of weight times gradient
  T *lse, *mean;                 ///< [tile] mean: of the gradients, by weight
  int* n_keys;                   ///< [tile] keys that a query attends to, 0 after the last query
  T* means;                      ///< [longest] mean of all queries

  KOKKOS_FORCEINLINE_FUNCTION TeamBackwardTiles(TeamArena& arena, int D, int longest)
      : queries(arena.tile<T>(tile, D)),
        gradients(arena.tile<T>(tile, D)),
        keys(arena.tile<T>(tile, D)),
        values(arena.tile<T>(tile, D)),
        sums(arena.tile<T>(tile, D)),
        value_sums(arena.tile<T>(tile, D)),
        weights(arena.tile<T>(tile, tile)),
        dscores(arena.tile<T>(tile, tile)),
        partial(arena.array<T>(tile * quads)),
        lse(arena.array<T>(tile)),
        mean(arena.array<T>(tile)),
        n_keys(arena.array<int>(tile)),
        means(arena.array<T>(longest)) {}
};

template <class Lane, class X>
struct TeamBackward {
  using T = Real<X>;
  using Tiles = TeamBackwardTiles<T>;
  static constexpr int tile = Tiles::tile, quads = Tiles::quads, unit_rows = tile / row_groups;

  const Lane& lane;
  const AttentionHead<X>& head;
  const AttentionGradients<X>& out;
  Tiles s;
  KeptKeys<tile> kept;

  KOKKOS_FORCEINLINE_FUNCTION TeamBackward(const Lane& lane_, const AttentionHead<X>& head_,
                                           const AttentionGradients<X>& matrices, TeamArena arena)
      : lane(lane_),
        head(head_),
        out(matrices),
        s(arena, head_.D, head_.in.groups.longest),
        kept(arena, head_) {}

  static std::size_t bytes(int D, int longest) {
    TeamArena arena(nullptr);
    Tiles(arena, D, longest);
    KeptKeys<tile>::count(arena);
    return arena.bytes();
  }

  KOKKOS_FORCEINLINE_FUNCTION void run() const {
    for (int begin = 0; begin < head.count(); begin += tile)
      query_gradient(begin, smaller(tile, head.count() - begin));
    for (int first = 0; first < head.n_keys(); first += tile)
      key_gradient(first, smaller(tile, head.n_keys() - first));
  }

 private:
  // --- dq ----------------------------------------------------------------------------------------

  KOKKOS_FORCEINLINE_FUNCTION void query_gradient(int begin, int n) const {
    load_queries(begin, n);
    const int n_keys = head.n_keys(begin + n - 1);
    for (int first = 0; first < n_keys; first += tile) {
      weigh_keys(begin, n, first, n_keys);
      add_to_means(first);
      lane.barrier();
    }
    keep_means(begin, n);
    lane.barrier();
    for (int first = 0; first < n_keys; first += tile) {
      weigh_keys(begin, n, first, n_keys);
      differentiate_softmax(first);
      lane.barrier();
      add_keys(first == 0);
      lane.barrier();
    }
    lane.each(n * head.D, [&](int unit) {
      const int r = unit / head.D, d = unit % head.D;
      out.dq(head.row(begin + r), head.column() + d) =
          static_cast<X>(head.scale() * s.sums.at(r, d));
    });
    lane.barrier();
  }

  /// The scores of the queries held with the keys from `first` on.
  KOKKOS_FORCEINLINE_FUNCTION void weigh_keys(int begin, int n, int first, int n_keys) const {
    load_keys(first, smaller(tile, n_keys - first));
    if (first % DropoutRow::chunk == 0) kept.draw(lane, head, begin, n, first);
    lane.barrier();
    multiply_pair();
    lane.barrier();
  }

  KOKKOS_FORCEINLINE_FUNCTION void add_to_means(int first) const {
    each_weight(first, [&](int r, int q, const Four<T>& weight, const Four<T>& gradient) {
      T sum = first == 0 ? T(0) : s.partial[r * quads + q];
      for (int e = 0; e < 4; ++e) sum += weight.of[e] * gradient.of[e];
      s.partial[r * quads + q] = sum;
    });
  }

  KOKKOS_FORCEINLINE_FUNCTION void keep_means(int begin, int n) const {
    lane.each(n, [&](int r) {
      T sum = 0;
      for (int q = 0; q < quads; ++q) sum += s.partial[r * quads + q];
      s.mean[r] = sum;
      s.means[begin + r] = sum;
    });
  }

  KOKKOS_FORCEINLINE_FUNCTION void add_keys(bool fresh) const {
    lane.each(row_groups * fours(head.D), [&](int unit) {
      const int i = unit % row_groups, q = unit / row_groups;
      T sum[unit_rows][4] = {};
      multiply_plain<unit_rows>(s.dscores, s.keys, i, q, quads, sum);
      for (int r = 0; r < unit_rows; ++r) {
        Four<T> value = s.sums.row(i + row_groups * r)[q];  // read and written as one
        for (int c = 0; c < 4; ++c) value.of[c] = fresh ? sum[r][c] : value.of[c] + sum[r][c];
        s.sums.row(i + row_groups * r)[q] = value;
      }
    });
  }

  // --- dk and dv ---------------------------------------------------------------------------------

  KOKKOS_FORCEINLINE_FUNCTION void key_gradient(int first, int n_keys) const {
    load_keys(first, n_keys);
    bool fresh = true;
    for (int begin = 0; begin < head.count(); begin += tile) {
      const int n = smaller(tile, head.count() - begin);
      if (head.n_keys(begin + n - 1) <= first) continue;  // they come before these keys
      load_queries(begin, n);
      kept.draw(lane, head, begin, n, first);
      lane.barrier();
      multiply_pair();
      lane.barrier();
      differentiate_softmax(first);
      lane.barrier();
      add_queries(fresh, n);
      fresh = false;
      lane.barrier();
    }
    lane.each(n_keys * head.D, [&](int unit) {
      const int j = unit / head.D, d = unit % head.D;
      T* dkey = &out.dkv(head.key_row(first + j), head.column() + d);
      *dkey += s.sums.at(j, d);
      dkey[head.in.width()] += s.value_sums.at(j, d);
    });
  }

  KOKKOS_FORCEINLINE_FUNCTION void add_queries(bool fresh, int n) const {
    const int half = quads * fours(head.D);
    lane.each(2 * half, [&](int unit) {
      const bool of_keys = unit < half;
      const int p = unit % half % quads, q = unit % half / quads;
      const auto result = either(of_keys, s.sums, s.value_sums);
      T sum[4][4] = {};
      multiply_transposed(either(of_keys, s.dscores, s.weights),
                          either(of_keys, s.queries, s.gradients), p, q, n, sum);
      for (int r = 0; r < 4; ++r) {
        Four<T> value = result.row(4 * p + r)[q];
        for (int c = 0; c < 4; ++c) value.of[c] = fresh ? sum[r][c] : value.of[c] + sum[r][c];
        result.row(4 * p + r)[q] = value;
      }
    });
  }

  // --- a pair of tiles ---------------------------------------------------------------------------

  KOKKOS_FORCEINLINE_FUNCTION void load_queries(int begin, int n) const {
    load_tile<tile>(
        lane, n, head.D, head.scale(), [&](int r) { return head.query(begin + r); }, s.queries);
    load_tile<tile>(
        lane, n, head.D, T(1), [&](int r) { return &out.dout(head.row(begin + r), head.column()); },
        s.gradients);
    lane.each(tile, [&](int r) {
      s.n_keys[r] = r < n ? head.n_keys(begin + r) : 0;
      s.lse[r] = r < n ? out.lse(head.row(begin + r), head.head) : T(0);
      s.mean[r] = r < n ? s.means[begin + r] : T(0);
    });
  }

  KOKKOS_FORCEINLINE_FUNCTION void load_keys(int first, int n) const {
    load_tile<tile>(
        lane, n, head.D, T(1), [&](int j) { return head.key(first + j); }, s.keys);
    load_tile<tile>(
        lane, n, head.D, T(1), [&](int j) { return head.value(first + j); }, s.values);
  }

  /// weights = scores, dscores = gradients of the weights after dropout.
  KOKKOS_FORCEINLINE_FUNCTION void multiply_pair() const {
    constexpr int half = row_groups * quads;
    lane.each(2 * half, [&](int unit) {
      const bool of_scores = unit < half;
      const int i = unit % row_groups, j = unit % half / row_groups;
      T sum[unit_rows][4] = {};
      multiply_rows<unit_rows>(either(of_scores, s.queries, s.gradients),
                               either(of_scores, s.keys, s.values), i, j, quads, fours(head.D),
                               sum);
      const auto to = either(of_scores, s.weights, s.dscores);
      for (int r = 0; r < unit_rows; ++r)
        for (int c = 0; c < 4; ++c) to.at(i + row_groups * r, j + quads * c) = sum[r][c];
    });
  }

  /// use(r, q, weights before dropout, their gradients) for Four q of row r.
  template <class Use>
  KOKKOS_FORCEINLINE_FUNCTION void each_weight(int first, const Use& use) const {
    lane.each(tile * quads, [&](int unit) {
      const int r = unit / quads, q = unit % quads;
      Four<T> weight = s.weights.row(r)[q], gradient = s.dscores.row(r)[q];
      for (int e = 0; e < 4; ++e) {
        const int key = first + 4 * q + e;
        const bool seen = key < s.n_keys[r];
        const T power = exponential(seen ? weight.of[e] - s.lse[r] : T(0));
        weight.of[e] = seen ? power : T(0);
        gradient.of[e] = seen ? gradient.of[e] * kept.multiplier(r, key) : T(0);
      }
      use(r, q, weight, gradient);
    });
  }

  /// weights -> after dropout, dscores -> gradients of the scores.
  KOKKOS_FORCEINLINE_FUNCTION void differentiate_softmax(int first) const {
    each_weight(first, [&](int r, int q, const Four<T>& weight, const Four<T>& gradient) {
      Four<T> dropped, dscore;
      for (int e = 0; e < 4; ++e) {
        const bool seen = first + 4 * q + e < s.n_keys[r];
        dscore.of[e] = weight.of[e] * (gradient.of[e] - s.mean[r]);
        dropped.of[e] = seen ? weight.of[e] * kept.multiplier(r, first + 4 * q + e) : T(0);
      }
      s.weights.row(r)[q] = dropped;
      s.dscores.row(r)[q] = dscore;
    });
  }
};

}  // namespace superpose::kernels
