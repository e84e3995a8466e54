#pragma once
/// Attention of one (problem, head) on a CPU thread, several queries at a time, as products of
/// register tiles. Keys beyond a tile's last query are never touched: about half of the products.

#include "kokkos_kernels/attention_rows.hpp"
#include "kokkos_kernels/register_tiles.hpp"

namespace superpose::kernels {

/// Scratch of the forward pass. K, V: as many rows as the longest head has keys.
template <class T>
struct ForwardScratch {
  Block<T> keys;     ///< [D, K] transposed: scores are summed over channels
  Block<T> values;   ///< [K, D]
  Block<T> queries;  ///< [8, D] times 1 / sqrt(D)
  Block<T> weights;  ///< [8, K]
  Block<T> out;      ///< [8, D]

  ForwardScratch(Arena& arena, int K, int D)
      : keys(arena.block<T>(D, K)),
        values(arena.block<T>(K, D)),
        queries(arena.block<T>(tile_rows, D)),
        weights(arena.block<T>(tile_rows, K)),
        out(arena.block<T>(tile_rows, D)) {}
};

/// Queries begin..end-1 of a head, at most a tile.
struct QueryTile {
  int begin, end;
  int n_keys;  ///< of the last of them
};

template <class X>
QueryTile query_tile(const AttentionHead<X>& head, int begin) {
  const int left = head.count() - begin, n = left < tile_rows ? left : tile_rows;
  return {begin, begin + n, head.n_keys(begin + n - 1)};
}

template <class T>
void clear(T* row, int n) {
#pragma omp simd
  for (int c = 0; c < n; ++c) row[c] = T(0);
}

/// Asks for a row's cache lines; a head's rows are pieces too short for the hardware to foresee.
template <class X>
void prefetch(const X* row, int D) {
  constexpr int line = 64 / sizeof(X);
  for (int d = 0; d < D + line - 1; d += line) __builtin_prefetch(row + d, 0, 2);
}

/// Part `part` of `n_parts` of what the next head reads, asked for while this one is computed.
template <class X>
void prefetch_next(const AttentionHead<X>& head, int part, int n_parts) {
  if (head.index + 1 == head.in.n_heads_in_all()) return;
  const AttentionHead<X> next(head.in, head.index + 1);
  const int n = next.n_keys(), n_queries = next.count();
  for (int j = n * part / n_parts; j < n * (part + 1) / n_parts; ++j) {
    prefetch(next.key(j), head.D);
    prefetch(next.value(j), head.D);
  }
  for (int i = n_queries * part / n_parts; i < n_queries * (part + 1) / n_parts; ++i)
    prefetch(next.query(i), head.D);
}

template <class X>
void forward_tile(const AttentionHead<X>& head, const QueryTile& tile,
                  const ForwardScratch<Real<X>>& s, const Matrix<X>& out,
                  const Matrix<Real<X>>& lse) {
  using T = Real<X>;
  const HostLane lane;
  const int D = head.D, width = round_up(tile.n_keys, vector_length<T>);
  copy_rows(
      tile.end - tile.begin, D, head.scale(), [&](int r) { return head.query(tile.begin + r); },
      s.queries);
  multiply<Sum::replace>(rows_of(s.queries), s.keys, {0, D}, width, s.weights);
  for (int r = 0; r < tile_rows; ++r) {
    const int i = tile.begin + r;
    T* weight = s.weights.row(r);
    if (i < tile.end) {
      lse(head.row(i), head.head) = softmax(lane, head.draws(i), head.n_keys(i), width, weight);
    } else {
      clear(weight, width);
    }
  }
  multiply<Sum::replace>(rows_of(s.weights), s.values, {0, tile.n_keys}, D, s.out);
  for (int i = tile.begin; i < tile.end; ++i) {
    const T* from = s.out.row(i - tile.begin);
    X* to = &out(head.row(i), head.column());
    lane.each(D, [&](int d) { to[d] = static_cast<X>(from[d]); });
  }
}

template <class X>
void forward_by_tiles(const AttentionHead<X>& head, const ForwardScratch<Real<X>>& s,
                      const Matrix<X>& out, const Matrix<Real<X>>& lse) {
  using T = Real<X>;
  copy_transposed(
      head.n_keys(), head.D, [&](int j) { return head.key(j); }, s.keys);
  copy_rows(
      head.n_keys(), head.D, T(1), [&](int j) { return head.value(j); }, s.values);
  const int n_tiles=round_up(head.count(), tile_rows)/tile_rows;
  for (int i = 0; i < head.count(); i += tile_rows) {
    forward_tile(head, query_tile(head, i), s, out, lse);
    prefetch_next(head, i/tile_rows, n_tiles);
  }
}

// --- backward ------------------------------------------------------------------------------------

constexpr int block_queries = 32;  ///< summed over before dk and dv are written back

template <class T>
struct BackwardScratch {
  Block<T> keys_t, values_t;      ///< [D, K] transposed
  Block<T> keys;                  ///< [K, D]
  Block<T> dkeys, dvalues;        ///< [K, D] sums over all queries
  Block<T> queries;               ///< [block, D] times 1 / sqrt(D)
  Block<T> gradients;             ///< [block, D] of the outputs
  Block<T> dqueries;              ///< [8, D]
  Block<T> weights, dscores;      ///< [block, K]
  Block<T> keep;                  ///< [1, K]

  BackwardScratch(Arena& arena, int K, int D)
      : keys_t(arena.block<T>(D, K)),
        values_t(arena.block<T>(D, K)),
        keys(arena.block<T>(K, D)),
        dkeys(arena.block<T>(K, D)),
        dvalues(arena.block<T>(K, D)),
        queries(arena.block<T>(block_queries, D)),
        gradients(arena.block<T>(block_queries, D)),
        dqueries(arena.block<T>(tile_rows, D)),
        weights(arena.block<T>(block_queries, K)),
        dscores(arena.block<T>(block_queries, K)),
        keep(arena.block<T>(1, K)) {}
};

/// The weights and score gradients of a tile, and dq. `s`: rows of this tile.
template <class X>
void backward_tile(const AttentionHead<X>& head, const QueryTile& tile,
                   const BackwardScratch<Real<X>>& s, int at,
                   const Matrix<const Real<X>>& lse, const Matrix<X>& dq) {
  using T = Real<X>;
  const HostLane lane;
  const int D = head.D, width = round_up(tile.n_keys, vector_length<T>);
  const Block<T> weights = s.weights.from_row(at), dscores = s.dscores.from_row(at);
  multiply<Sum::replace>(rows_of(s.queries.from_row(at)), s.keys_t, {0, D}, width, weights);
  multiply<Sum::replace>(rows_of(s.gradients.from_row(at)), s.values_t, {0, D}, width, dscores);
  for (int r = 0; r < tile_rows; ++r) {
    const int i = tile.begin + r;
    if (i < tile.end) {
      softmax_backward(lane, head.draws(i), head.n_keys(i), width, lse(head.row(i), head.head),
                       weights.row(r), dscores.row(r), s.keep.data);
    } else {
      clear(weights.row(r), width);
      clear(dscores.row(r), width);
    }
  }
  multiply<Sum::replace>(rows_of(dscores), s.keys, {0, tile.n_keys}, D, s.dqueries);
  for (int i = tile.begin; i < tile.end; ++i) {
    const T* from = s.dqueries.row(i - tile.begin);
    X* to = &dq(head.row(i), head.column());
    lane.each(D, [&](int d) { to[d] = static_cast<X>(head.scale() * from[d]); });
  }
}

template <class X>
void backward_block(const AttentionHead<X>& head, Range queries, const BackwardScratch<Real<X>>& s,
                    const Matrix<const Real<X>>& lse, const Matrix<const X>& dout,
                    const Matrix<X>& dq) {
  using T = Real<X>;
  const int D = head.D;
  copy_rows(
      queries.size(), D, head.scale(), [&](int r) { return head.query(queries.begin + r); },
      s.queries);
  copy_rows(
      queries.size(), D, T(1),
      [&](int r) { return &dout(head.row(queries.begin + r), head.column()); }, s.gradients);
  const int n_tiles=round_up(head.count(), tile_rows)/tile_rows;
  for (int i = queries.begin; i < queries.end; i += tile_rows) {
    backward_tile(head, query_tile(head, i), s, i - queries.begin, lse, dq);
    prefetch_next(head, i/tile_rows, n_tiles);
  }
  int first = queries.begin;  // query that attends to key j
  for (int j = 0; j < head.n_keys(queries.end - 1); j += tile_rows) {
    while (head.n_keys(first) <= j) ++first;
    const Range depth{first - queries.begin, queries.size()};
    const auto columns = [&](const Block<T>& block) {
      return columns_of(Block<T>{block.data + j, block.pitch});
    };
    multiply<Sum::add>(columns(s.dscores), s.queries, depth, D, s.dkeys.from_row(j));
    multiply<Sum::add>(columns(s.weights), s.gradients, depth, D, s.dvalues.from_row(j));
  }
}

template <class X>
void backward_by_tiles(const AttentionHead<X>& head, const BackwardScratch<Real<X>>& s,
                       const Matrix<const Real<X>>& lse, const Matrix<const X>& dout,
                       const Matrix<X>& dq, const Matrix<Real<X>>& dkv) {
  using T = Real<X>;
  const int D = head.D, n_keys = head.n_keys();
  copy_rows(
      n_keys, D, T(1), [&](int j) { return head.key(j); }, s.keys);
  copy_transposed(
      n_keys, D, [&](int j) { return s.keys.row(j); }, s.keys_t);
  copy_transposed(
      n_keys, D, [&](int j) { return head.value(j); }, s.values_t);
  for (int j = 0; j < round_up(n_keys, tile_rows); ++j) {
    clear(s.dkeys.row(j), s.dkeys.pitch);
    clear(s.dvalues.row(j), s.dvalues.pitch);
  }
  for (int i = 0; i < head.count(); i += block_queries) {
    const int end = i + block_queries < head.count() ? i + block_queries : head.count();
    backward_block(head, {i, end}, s, lse, dout, dq);
  }
  const HostLane lane;
  for (int j = 0; j < n_keys; ++j) {
    T* dkey = &dkv(head.key_row(j), head.column());
    T* dvalue = dkey + head.in.width();
    lane.each(D, [&](int d) {
      dkey[d] += s.dkeys.row(j)[d];
      dvalue[d] += s.dvalues.row(j)[d];
    });
  }
}

}  // namespace superpose::kernels
