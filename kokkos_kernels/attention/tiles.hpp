#pragma once
/// Attention of one (problem, head) on a CPU thread, a tile of queries at a time: as many as a
/// vector has lanes. Scores lie transposed, a row a key and a lane a query, so that the softmax of
/// all queries of a tile goes down the rows and needs no sum across lanes, whatever the head size.
/// Keys beyond a tile's last query are never touched: about half of the products.

#include "kokkos_kernels/attention/rows.hpp"
#include "kokkos_kernels/loops/register_tiles.hpp"

namespace superpose::kernels {

/// What both passes need of one tile of queries.
template <class T>
struct TileScratch {
  static constexpr int lanes = vector_length<T>;
  Block<T> scores;   ///< [K, lanes], then weights
  Block<T> queries;  ///< [D, lanes] transposed, times 1 / sqrt(D)
  Block<T> result;   ///< [D, lanes] transposed: of out or dq
  Block<T> squares;  ///< [3 lanes, lanes] what a transposition takes

  TileScratch(Arena& arena, int K, int D)
      : scores(arena.block<T>(K, lanes)),
        queries(arena.block<T>(round_up(D, lanes), lanes)),
        result(arena.block<T>(round_up(D, lanes), lanes)),
        squares(arena.block<T>(3 * lanes, lanes)) {}
};

/// Scratch of the forward pass. K, V: as many rows as the longest head has keys.
template <class T>
struct ForwardScratch {
  Block<T> keys, values;  ///< [K, D]
  TileScratch<T> tile;

  ForwardScratch(Arena& arena, int K, int D)
      : keys(arena.block<T>(K, D)), values(arena.block<T>(K, D)), tile(arena, K, D) {}
};

/// Queries begin .. begin+n-1 of a head, a lane each. Lanes that are left have no keys.
template <class X>
struct QueryTile {
  static constexpr int lanes = vector_length<Real<X>>;
  int begin, n;
  int n_keys[lanes] = {};  ///< of each query; ascending
  DropoutRow draws;        ///< of the first query; the others differ in their position

  QueryTile(const AttentionHead<X>& head, int first)
      : begin(first),
        n(head.count() - first < lanes ? head.count() - first : lanes),
        draws(head.draws(first)) {
    for (int l = 0; l < n; ++l) n_keys[l] = head.n_keys(first + l);
  }
  int most_keys() const { return n_keys[n - 1]; }
  /// Rows of scores: those of the tiles of products included.
  int n_rows() const { return round_up(most_keys(), tile_rows); }
};

/// Calls body(j, keep) for the tile's rows j, each once; keep[l] is dropout's multiplier of query
/// l.
template <class X, class Body>
void each_key_dropped(const QueryTile<X>& tile, const Body body) {
  constexpr int lanes = QueryTile<X>::lanes;
  const DropoutRow draws = tile.draws;
  const int n = tile.n_rows();
  float keep[lanes];
  for (float& multiplier : keep) multiplier = 1;
  if (!draws.active()) {
    for (int j = 0; j < n; ++j) body(j, keep);
    return;
  }
  for (int block = 0; block < round_up(n, DropoutRow::chunk) / DropoutRow::halves; ++block) {
    std::uint32_t counter[lanes], words[4][lanes];
    for (int l = 0; l < lanes; ++l)
      counter[l] = DropoutRow::counter_at(static_cast<std::uint32_t>(tile.n_keys[l] - 1), 0, block);
    draw_lanes(draws, counter, words);
    int j = block / DropoutRow::width * DropoutRow::chunk + block % DropoutRow::width;
    for (int half = 0; half < DropoutRow::halves && j < n; ++half, j += DropoutRow::width) {
      const std::uint32_t* word = words[half / 2];
#pragma omp simd
      for (int l = 0; l < lanes; ++l) keep[l] = draws.multiplier(word[l], half % 2);
      body(j, keep);
    }
  }
}

/// scores = keys times queries, for the rows of a tile: right is [D, lanes].
template <class X, class T>
void multiply_keys(const QueryTile<X>& tile, const Block<T>& keys, const Block<T>& right, int D,
                   const Block<T>& scores) {
  for (int j = 0; j < tile.n_rows(); j += tile_rows)
    multiply<Output::replace>(rows_of(keys.from_row(j)), right, {0, D}, QueryTile<X>::lanes,
                              scores.from_row(j));
}

/// to(l) = scale[l] * sum over j of weights(j, l) rows(j): a product in registers, transposed on
/// its way out.
template <class X, class T, class To>
void write_sums(const QueryTile<X>& tile, const Block<T>& rows, const Block<T>& weights,
                const T* scale, int D, const TileScratch<T>& s, const To& to) {
  for (int d = 0; d < D; d += tile_rows)
    multiply<Output::replace>(columns_of(Block<T>{rows.data + d, rows.pitch}), weights,
                              {0, tile.most_keys()}, QueryTile<X>::lanes, s.result.from_row(d));
  copy_back_transposed(tile.n, D, scale, s.result, s.squares.data, to);
}

// --- forward -------------------------------------------------------------------------------------

/// top[l] = the largest score of query l.
template <class X, class T>
void column_maxima(const QueryTile<X>& tile, const Block<T>& scores, T* top) {
  constexpr int lanes = QueryTile<X>::lanes, length = register_length<T>;
  for (int begin = 0; begin < lanes; begin += length) {
    Register<T> largest = load(scores.data + begin);
    for (int j = 1; j < tile.n_keys[0]; ++j) {  // keys of every query
      const Register<T> score = load(scores.row(j) + begin);
      largest = score > largest ? score : largest;
    }
    store(largest, top + begin);
  }
  for (int j = tile.n_keys[0]; j < tile.most_keys(); ++j) {
    const T* row = scores.row(j);
#pragma omp simd
    for (int l = 0; l < lanes; ++l)
      top[l] = j < tile.n_keys[l] && row[l] > top[l] ? row[l] : top[l];
  }
}

/// The scores of a tile become powers after dropout, not yet divided by their sums `total`.
template <class X, class T>
void softmax_columns(const QueryTile<X>& tile, const Block<T>& scores, const T* top, T* total) {
  each_key_dropped(tile, [=, n_keys = tile.n_keys](int j, const float* keep) {
    T* row = scores.row(j);
#pragma omp simd
    for (int l = 0; l < QueryTile<X>::lanes; ++l) {
      const T power = exponential(row[l] - top[l]);
      const T weight = j < n_keys[l] ? power : T(0);
      total[l] += weight;
      row[l] = weight * static_cast<T>(keep[l]);
    }
  });
}

template <class X>
void forward_tile(const AttentionHead<X>& head, const QueryTile<X>& tile,
                  const ForwardScratch<Real<X>>& s, const Matrix<X>& out,
                  const Matrix<Real<X>>& lse) {
  using T = Real<X>;
  T top[QueryTile<X>::lanes], total[QueryTile<X>::lanes] = {};
  copy_transposed(
      tile.n, head.D, head.scale(), [&](int r) { return head.query(tile.begin + r); },
      s.tile.squares.data, s.tile.queries);
  multiply_keys(tile, s.keys, s.tile.queries, head.D, s.tile.scores);
  column_maxima(tile, s.tile.scores, top);
  softmax_columns(tile, s.tile.scores, top, total);
  for (int l = 0; l < tile.n; ++l)
    lse(head.row(tile.begin + l), head.head) = top[l] + logarithm(total[l]);
  for (T& sum : total) sum = sum > T(0) ? T(1) / sum : T(0);
  write_sums(tile, s.values, s.tile.scores, total, head.D, s.tile,
             [&](int r) { return &out(head.row(tile.begin + r), head.column()); });
}

/// Calls body(tile) for each tile of a head's queries.
template <class X, class Body>
void each_tile(const AttentionHead<X>& head, const Body& body) {
  for (int i = 0; i < head.count(); i += QueryTile<X>::lanes) body(QueryTile<X>(head, i));
}

template <class X>
void forward_by_tiles(const AttentionHead<X>& head, const ForwardScratch<Real<X>>& s,
                      const Matrix<X>& out, const Matrix<Real<X>>& lse) {
  using T = Real<X>;
  copy_rows(
      head.n_keys(), head.D, T(1), [&](int j) { return head.key(j); }, s.keys);
  copy_rows(
      head.n_keys(), head.D, T(1), [&](int j) { return head.value(j); }, s.values);
  each_tile(head, [&](const QueryTile<X>& tile) { forward_tile(head, tile, s, out, lse); });
}

// --- backward ------------------------------------------------------------------------------------

template <class T>
struct BackwardScratch {
  Block<T> keys, values;    ///< [K, D]
  Block<T> dkeys, dvalues;  ///< [K, D] sums over all queries
  TileScratch<T> tile;      ///< its scores become weights after dropout
  Block<T> dscores;         ///< [K, lanes]
  Block<T> gradients;       ///< [D, lanes] of the outputs, transposed
  Block<T> query_rows;      ///< [lanes, D] times 1 / sqrt(D)
  Block<T> gradient_rows;   ///< [lanes, D]

  BackwardScratch(Arena& arena, int K, int D)
      : keys(arena.block<T>(K, D)),
        values(arena.block<T>(K, D)),
        dkeys(arena.block<T>(K, D)),
        dvalues(arena.block<T>(K, D)),
        tile(arena, K, D),
        dscores(arena.block<T>(K, TileScratch<T>::lanes)),
        gradients(arena.block<T>(round_up(D, TileScratch<T>::lanes), TileScratch<T>::lanes)),
        query_rows(arena.block<T>(TileScratch<T>::lanes, D)),
        gradient_rows(arena.block<T>(TileScratch<T>::lanes, D)) {}
};

/// weights: scores -> softmax P, with the sign - where it is dropped. mean[l] = sum of P dP of
/// query l, dP the gradients of its weights before dropout.
template <class X, class T>
void signed_weights(const QueryTile<X>& tile, const T* log_sum, const Block<T>& weights,
                    const Block<T>& gradients, T* mean) {
  each_key_dropped(tile, [=, n_keys = tile.n_keys](int j, const float* keep) {
    T* weight = weights.row(j);
    const T* gradient = gradients.row(j);
#pragma omp simd
    for (int l = 0; l < QueryTile<X>::lanes; ++l) {
      const T power = exponential(weight[l] - log_sum[l]);
      const T p = j < n_keys[l] ? power : T(0);
      mean[l] += p * static_cast<T>(keep[l]) * gradient[l];
      weight[l] = keep[l] > 0 ? p : -p;
    }
  });
}

/// weights: scores -> softmax after dropout. dscores: gradient of the weights after dropout -> of
/// the scores, P (dP - mean).
template <class X, class T>
void softmax_backward_columns(const QueryTile<X>& tile, const T* log_sum, const Block<T>& weights,
                              const Block<T>& dscores) {
  constexpr int lanes = QueryTile<X>::lanes;
  T mean[lanes] = {};
  signed_weights(tile, log_sum, weights, dscores, mean);
  const auto scale = static_cast<T>(tile.draws.scale);
  for (int j = 0; j < tile.n_rows(); ++j) {
    T *weight = weights.row(j), *gradient = dscores.row(j);
#pragma omp simd
    for (int l = 0; l < lanes; ++l) {
      const T w = weight[l], keep = w > 0 ? scale : T(0), p = w > 0 ? w : -w;
      gradient[l] = p * (gradient[l] * keep - mean[l]);
      weight[l] = p * keep;
    }
  }
}

/// dkeys += dscores times queries, dvalues += weights times gradients, over the tile's queries.
template <class X, class T>
void add_tile_to_keys(const QueryTile<X>& tile, const BackwardScratch<T>& s, int D) {
  int first = 0;  // query that attends to key j
  for (int j = 0; j < tile.most_keys(); j += tile_rows) {
    while (tile.n_keys[first] <= j) ++first;
    const Range depth{first, tile.n};
    multiply<Output::add>(rows_of(s.dscores.from_row(j)), s.query_rows, depth, D,
                          s.dkeys.from_row(j));
    multiply<Output::add>(rows_of(s.tile.scores.from_row(j)), s.gradient_rows, depth, D,
                          s.dvalues.from_row(j));
  }
}

template <class X>
void backward_tile(const AttentionHead<X>& head, const QueryTile<X>& tile,
                   const BackwardScratch<Real<X>>& s, const AttentionGradients<X>& m) {
  using T = Real<X>;
  constexpr int lanes = QueryTile<X>::lanes;
  const int D = head.D;
  const auto dout = [&](int r) { return &m.dout(head.row(tile.begin + r), head.column()); };
  copy_rows(
      tile.n, D, head.scale(), [&](int r) { return head.query(tile.begin + r); }, s.query_rows);
  copy_rows(tile.n, D, T(1), dout, s.gradient_rows);
  copy_transposed(
      tile.n, D, T(1), [&](int r) { return s.query_rows.row(r); }, s.tile.squares.data,
      s.tile.queries);
  copy_transposed(
      tile.n, D, T(1), [&](int r) { return s.gradient_rows.row(r); }, s.tile.squares.data,
      s.gradients);
  T log_sum[lanes] = {}, scale[lanes];
  for (int l = 0; l < tile.n; ++l) log_sum[l] = m.lse(head.row(tile.begin + l), head.head);
  for (T& factor : scale) factor = head.scale();
  multiply_keys(tile, s.keys, s.tile.queries, D, s.tile.scores);
  multiply_keys(tile, s.values, s.gradients, D, s.dscores);
  softmax_backward_columns(tile, log_sum, s.tile.scores, s.dscores);
  write_sums(tile, s.keys, s.dscores, scale, D, s.tile,
             [&](int r) { return &m.dq(head.row(tile.begin + r), head.column()); });
  add_tile_to_keys(tile, s, D);
}

template <class T>
void clear(T* row, int n) {
#pragma omp simd
  for (int c = 0; c < n; ++c) row[c] = T(0);
}

template <class X>
void backward_by_tiles(const AttentionHead<X>& head, const BackwardScratch<Real<X>>& s,
                       const AttentionGradients<X>& m) {
  using T = Real<X>;
  const int D = head.D, n_keys = head.n_keys();
  copy_rows(
      n_keys, D, T(1), [&](int j) { return head.key(j); }, s.keys);
  copy_rows(
      n_keys, D, T(1), [&](int j) { return head.value(j); }, s.values);
  for (int j = 0; j < round_up(n_keys, tile_rows); ++j) {
    clear(s.dkeys.row(j), round_up(D, vector_length<T>));
    clear(s.dvalues.row(j), round_up(D, vector_length<T>));
  }
  each_tile(head, [&](const QueryTile<X>& tile) { backward_tile(head, tile, s, m); });
  const HostLane lane;
  for (int j = 0; j < n_keys; ++j) {
    T* dkey = &m.dkv(head.key_row(j), head.column());
    T* dvalue = dkey + head.in.width();
    lane.each(D, [&](int d) {
      dkey[d] += s.dkeys.row(j)[d];
      dvalue[d] += s.dvalues.row(j)[d];
    });
  }
}

}  // namespace superpose::kernels
