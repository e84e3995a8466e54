#pragma once
/// One pre-LayerNorm transformer block over packed rows, forward and backward side by side.
///
/// Queries are all rows of a segment, or in the last layer its outputs alone; Q below is R or O.
/// Forward and backward work on one segment at a time; the gradients of a layer's weights need
/// every segment's rows and are taken once, when the chain of thoughts has been walked back to it.

#include <functional>

#include "kokkos_kernels/linear.hpp"
#include "model/options.hpp"
#include "model/packing.hpp"
#include "model/parameters.hpp"
#include "model/workspace.hpp"

namespace superpose::model {

/// What products of float multiply in a model of this precision.
inline kernels::FloatProducts products_of(Precision precision) {
  return precision == Precision::tf32 ? kernels::FloatProducts::tf32 : kernels::FloatProducts::full;
}

/// The weight matrices of a block as products take them.
template <class X>
struct BlockWeights {
  explicit BlockWeights(kernels::FloatProducts products);

  kernels::LinearWeight<X> query;      ///< [C,C]
  kernels::LinearWeight<X> key_value;  ///< [C,2C]
  kernels::LinearWeight<X> attn_proj;  ///< [C,C]
  kernels::LinearWeight<X> c_fc;       ///< [C,4C]
  kernels::LinearWeight<X> mlp_proj;   ///< [4C,C]

  void update(const Exec& exec, const BlockParameters<Real<X>>& parameters);
};

/// What forward keeps for backward. X: operands of products; T: all else.
template <class X>
struct BlockActivations {
  using T = Real<X>;
  Matrix<T> x;  ///< [R,C] residual stream in
  Vector<T> mean_1, rstd_1;
  Matrix<X> ln_1;        ///< [R,C]
  Matrix<X> kv;          ///< [R,2C] keys, values
  Matrix<T> x_query;     ///< [Q,C] x at the queries (x itself unless last)
  Matrix<X> ln_1_query;  ///< [Q,C] ln_1 at the queries (likewise)
  Matrix<X> q;           ///< [Q,C]
  Matrix<X> attention;   ///< [Q,C] heads side by side
  Matrix<T> lse;         ///< [Q,NH]
  Matrix<T> x_mid;       ///< [Q,C] residual stream after attention
  Vector<T> mean_2, rstd_2;
  Matrix<X> ln_2;   ///< [Q,C]
  Matrix<X> fc;     ///< [Q,4C] before GELU
  Matrix<X> gelu;   ///< [Q,4C]
  Matrix<T> x_out;  ///< [Q,C] residual stream out

  void lay_out(Workspace& workspace, const Gpt2Options& options, int n_rows, int n_queries,
               bool last, Matrix<T> input);
};

/// Gradients of rows that the weights' gradients are made of.
template <class X>
struct BlockRowGradients {
  Matrix<X> mlp;           ///< [Q,C] of the MLP's output
  Matrix<X> fc;            ///< [Q,4C]
  Matrix<X> attn_proj;     ///< [Q,C] of the attention projection's output
  Matrix<X> q;             ///< [Q,C]
  Matrix<Real<X>> kv_sum;  ///< [R,2C] summed over the queries of all segments
  Matrix<X> kv;            ///< [R,2C] the sum once complete; itself unless X is bfloat16

  void lay_out(Workspace& workspace, int n_rows, int n_queries, int n_embd);
};

/// Memory that no result outlives the layer in.
template <class X>
struct BlockScratch {
  Matrix<Real<X>> rows;     ///< [R,C]
  Matrix<Real<X>> queries;  ///< [R,C], of which Q rows are used
  Matrix<X> d_attention;    ///< [R,C], of which Q rows are used
  Vector<Real<X>> weight;   ///< [2C*C] gradient of some columns of c_attn; sums of blocks of rows

  void lay_out(Workspace& workspace, int n_rows, int n_embd);
};

/// What the blocks of one pass share.
struct BlockContext {
  const Exec& exec;
  const Gpt2Options& options;
  const PackedBatch& batch;
  kernels::Dropout dropout;  ///< probability and site are set per use
  bool train = false;        ///< dropout on
};

/// Where dropout acts in a layer. Each layer has four draws, one of them to spare; the first four
/// are the embeddings'. Sites key the draws of every run: never renumber.
enum class DropoutKind : std::uint32_t {
  attention_weights = 0,
  attention_output = 1,
  mlp_output = 2
};
constexpr std::uint32_t embedding_site = 0;
constexpr std::uint32_t dropout_site(int layer, DropoutKind kind) {
  return 4 * (static_cast<std::uint32_t>(layer) + 1) + static_cast<std::uint32_t>(kind);
}

/// `dropout` as it draws at a site.
kernels::Dropout dropout_at(const kernels::Dropout& dropout, std::uint32_t site,
                            double probability);

/// Computes x_out for the segment's queries from x; extends kv.
template <class X>
void block_forward(const BlockContext& context, int layer, const Segment& segment,
                   const BlockParameters<Real<X>>& parameters, const BlockWeights<X>& weights,
                   BlockActivations<X>& a);

/// d_query [Q,C] holds the gradient of x_out and becomes that of x_query;
/// d_rows [R,C] receives the gradient of x (in a layer that is not the last it is d_query itself).
/// LayerNorm's weights get their gradients here.
template <class X>
void block_backward(const BlockContext& context, int layer, const Segment& segment,
                    const BlockParameters<Real<X>>& parameters, const BlockWeights<X>& weights,
                    const BlockActivations<X>& a, BlockRowGradients<X>& d, Matrix<Real<X>> d_query,
                    Matrix<Real<X>> d_rows, BlockScratch<X>& scratch,
                    BlockParameters<Real<X>>& gradients);

/// Called with the first of the gradients that are final: a block's, from the last parameter to the
/// first.
template <class T>
using GradientsFinal = std::function<void(const T* first)>;

/// Adds the gradients of the linear maps, over all rows at once, from the last map to the first.
template <class X>
void block_backward_weights(const Exec& exec, const BlockWeights<X>& w,
                            const BlockActivations<X>& a, const BlockRowGradients<X>& d,
                            const BlockScratch<X>& scratch, BlockParameters<Real<X>>& gradients,
                            const GradientsFinal<Real<X>>& final_from);

}  // namespace superpose::model
