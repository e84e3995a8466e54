#pragma once
/// One pre-LayerNorm transformer block over packed rows, forward and backward side by side.
///
/// Queries are all rows of a segment, or in the last block its outputs alone; Q below is R or O.
/// Forward and backward work on one segment at a time; the gradients of a block's weights need
/// every segment's rows and are taken once, when the chain of thoughts has been walked back to it.

#include <functional>

#include "kokkos_kernels/layer_norm.hpp"
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
  Matrix<T> x;                   ///< [R,C] residual stream in
  kernels::LayerNorm<T> norm_1;  ///< of x
  Matrix<X> ln_1;                ///< [R,C]
  Matrix<X> kv;                  ///< [R,2C] keys, values
  Matrix<T> x_query;             ///< [Q,C] x at the queries (x itself unless last)
  Matrix<X> ln_1_query;          ///< [Q,C] ln_1 at the queries (likewise)
  Matrix<X> q;                   ///< [Q,C]
  Matrix<X> attention;           ///< [Q,C] heads side by side
  Matrix<T> lse;                 ///< [Q,NH]
  Matrix<T> x_mid;               ///< [Q,C] residual stream after attention
  kernels::LayerNorm<T> norm_2;  ///< of x_mid
  Matrix<X> ln_2;                ///< [Q,C]
  Matrix<X> fc;                  ///< [Q,4C] before GELU
  Matrix<X> gelu;                ///< [Q,4C]
  Matrix<T> x_out;               ///< [Q,C] residual stream out
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
};

/// What the blocks hand down to each other in backward, and memory that no result outlives a block
/// in.
template <class X>
struct BackwardMemory {
  using T = Real<X>;
  Matrix<T> drows;       ///< [R,C] gradient of the residual stream between two blocks
  Matrix<T> doutputs;    ///< [O,C] of the last block's x_out, then of its x_query
  Matrix<T> dln;         ///< [R,C] of ln_1
  Matrix<T> dln_query;   ///< [R,C] of ln_2, of ln_1_query: Q rows are used
  Matrix<X> dattention;  ///< [R,C] of which Q rows are used
  Vector<T> sums;        ///< [2C*C] gradient of some columns of c_attn; sums of blocks of rows

  void lay_out(Workspace& workspace, int n_rows, int n_outputs, int n_embd);
  /// Where the gradients of a norm's weights are added.
  kernels::LayerNormGradient<T> of_norm(const Vector<T>& weight, const Vector<T>& bias) const {
    return {weight, bias, sums};
  }
};

/// What the blocks of one pass share.
struct BlockContext {
  const Exec& exec;
  const PackedBatch& batch;
  kernels::Dropout dropout;  ///< probability and site are set per use
  bool train = false;        ///< dropout on
};

/// Where dropout acts in a block. Each block has four draws, one of them to spare; the first four
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

/// The context's dropout as it draws at a site; none where nothing is trained.
kernels::Dropout dropout_at(const BlockContext& context, std::uint32_t site, double probability);

/// Called with the first of the gradients that are final: a block's, from the last parameter to the
/// first.
template <class T>
using GradientsFinal = std::function<void(const T* first)>;

template <class X>
class Block {
 public:
  using T = Real<X>;

  Block(const Gpt2Options& options, int layer);

  /// Takes over the values of `parameters`, which must outlive the block. Call it again whenever
  /// they have changed.
  void update(const Exec& exec, const BlockParameters<T>& parameters);

  /// Takes memory for a batch of which x [R,C] is the residual stream that comes in.
  void lay_out(Workspace& workspace, const Matrix<T>& x, int n_outputs);

  /// The residual stream that leaves the block [Q,C].
  const Matrix<T>& output() const { return a_.x_out; }
  /// What attention read in forward(), by `groups` of the batch.
  kernels::AttentionInput<X> attention_input(const kernels::AttentionGroups& groups) const {
    return {a_.q, a_.kv, groups, options_.n_head, {}};
  }

  /// Computes output() for the segment's queries from x; extends the keys and values.
  void forward(const BlockContext& context, const Segment& segment);

  /// Before the first backward() of a batch.
  void clear_gradients(const Exec& exec) const;
  /// The gradient of output(), in memory.drows or, of the last block, memory.doutputs, becomes that
  /// of x in memory.drows. LayerNorm's weights get their gradients here.
  void backward(const BlockContext& context, const Segment& segment,
                const BackwardMemory<X>& memory, const BlockParameters<T>& gradients);
  /// Adds the gradients of the linear maps, over all rows at once, from the last map to the first.
  void backward_weights(const Exec& exec, const BackwardMemory<X>& memory,
                        const BlockParameters<T>& gradients,
                        const GradientsFinal<T>& final_from) const;

 private:
  struct Queries;

  bool last() const { return layer_ == options_.n_layer - 1; }
  Queries queries_of(const PackedBatch& batch, const Segment& segment) const;
  kernels::RowDropout residual_dropout(const BlockContext& context, const Queries& queries,
                                       DropoutKind kind) const;
  kernels::AttentionInput<X> attention_input(const BlockContext& context,
                                             const Queries& queries) const;

  void attention_forward(const BlockContext& context, Range rows_in, const Queries& queries);
  void mlp_forward(const BlockContext& context, const Queries& queries);
  void mlp_backward(const BlockContext& context, const Queries& queries,
                    const BackwardMemory<X>& memory, const BlockParameters<T>& gradients);
  void attention_backward(const BlockContext& context, Range rows_in, const Queries& queries,
                          const BackwardMemory<X>& memory);

  Gpt2Options options_;
  int layer_;
  BlockWeights<X> w_;
  BlockActivations<X> a_;
  BlockRowGradients<X> d_;
};

}  // namespace superpose::model
