#pragma once
/// One pre-LayerNorm transformer block over packed rows, forward and backward side by side.
///
/// Queries are all rows of a segment, or in the last layer its outputs alone; Q below is R or O.
/// Forward and backward work on one segment at a time; the gradients of the weights need every
/// segment's rows and are taken once, after the chain of thoughts has been walked back.

#include "model/options.hpp"
#include "model/packing.hpp"
#include "model/parameters.hpp"
#include "model/workspace.hpp"

namespace superpose::model {

/// What forward keeps for backward.
template <class T>
struct BlockActivations {
  Matrix<T> x;  ///< [R,C] residual stream in
  Vector<T> mean_1, rstd_1;
  Matrix<T> ln_1;        ///< [R,C]
  Matrix<T> kv;          ///< [R,2C] keys, values
  Matrix<T> x_query;     ///< [Q,C] x at the queries (x itself unless last)
  Matrix<T> ln_1_query;  ///< [Q,C] ln_1 at the queries (likewise)
  Matrix<T> q;           ///< [Q,C]
  Matrix<T> attention;   ///< [Q,C] heads side by side
  Matrix<T> lse;         ///< [Q,NH]
  Matrix<T> x_mid;       ///< [Q,C] residual stream after attention
  Vector<T> mean_2, rstd_2;
  Matrix<T> ln_2;   ///< [Q,C]
  Matrix<T> fc;     ///< [Q,4C] before GELU
  Matrix<T> gelu;   ///< [Q,4C]
  Matrix<T> x_out;  ///< [Q,C] residual stream out

  void lay_out(Workspace<T>& workspace, const Gpt2Options& options, int n_rows, int n_queries,
               bool last, Matrix<T> input);
};

/// Gradients of rows that the weights' gradients are made of.
template <class T>
struct BlockRowGradients {
  Matrix<T> mlp;        ///< [Q,C] of the MLP's output
  Matrix<T> fc;         ///< [Q,4C]
  Matrix<T> attn_proj;  ///< [Q,C] of the attention projection's output
  Matrix<T> q;          ///< [Q,C]
  Matrix<T> kv;         ///< [R,2C] summed over the queries of all segments

  void lay_out(Workspace<T>& workspace, int n_rows, int n_queries, int n_embd);
};

/// What the blocks of one pass share.
template <class T>
struct BlockContext {
  const Exec& exec;
  const Gpt2Options& options;
  const PackedBatch& batch;
  kernels::Dropout dropout;  ///< probability and site are set per use
  bool train = false;        ///< dropout on
};

/// The site a dropout draws at; kinds 0..2 are attention weights, attention output, MLP output of a
/// layer, the embedding is layer -1.
kernels::Dropout dropout_at(const kernels::Dropout& dropout, int layer, int kind,
                            double probability);

/// Computes x_out for the segment's queries from x; extends kv.
template <class T>
void block_forward(const BlockContext<T>& context, int layer, const Segment& segment,
                   const BlockParameters<T>& weights, BlockActivations<T>& a);

/// d_query [Q,C] holds the gradient of x_out and becomes that of x_query;
/// d_rows [R,C] receives the gradient of x (in a layer that is not the last it is d_query itself).
/// LayerNorm's weights get their gradients here; `scratch` is [R,C] and [Q,C].
template <class T>
void block_backward(const BlockContext<T>& context, int layer, const Segment& segment,
                    const BlockParameters<T>& weights, const BlockActivations<T>& a,
                    BlockRowGradients<T>& rows, Matrix<T> d_query, Matrix<T> d_rows,
                    Matrix<T> scratch_rows, Matrix<T> scratch_query, BlockParameters<T>& gradients);

/// Adds the gradients of the four linear maps, over all rows at once.
template <class T>
void block_backward_weights(const Exec& exec, const BlockActivations<T>& a,
                            const BlockRowGradients<T>& rows, BlockParameters<T>& gradients);

}  // namespace superpose::model
