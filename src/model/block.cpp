#include "model/block.hpp"

#include "kokkos_kernels/gelu.hpp"
#include "kokkos_kernels/layer_norm.hpp"
#include "kokkos_kernels/linear.hpp"
#include "kokkos_kernels/residual.hpp"

namespace superpose::model {

using kernels::Output;

template <class T>
void BlockActivations<T>::lay_out(Workspace<T>& workspace, const Gpt2Options& options, int n_rows,
                                  int n_queries, bool last, Matrix<T> input) {
  const int C = options.n_embd;
  x = input;
  mean_1 = workspace.vector(n_rows);
  rstd_1 = workspace.vector(n_rows);
  ln_1 = workspace.matrix(n_rows, C);
  kv = workspace.matrix(n_rows, 2 * C);
  x_query = last ? workspace.matrix(n_queries, C) : x;
  ln_1_query = last ? workspace.matrix(n_queries, C) : ln_1;
  q = workspace.matrix(n_queries, C);
  attention = workspace.matrix(n_queries, C);
  lse = workspace.matrix(n_queries, options.n_head);
  x_mid = workspace.matrix(n_queries, C);
  mean_2 = workspace.vector(n_queries);
  rstd_2 = workspace.vector(n_queries);
  ln_2 = workspace.matrix(n_queries, C);
  fc = workspace.matrix(n_queries, 4 * C);
  gelu = workspace.matrix(n_queries, 4 * C);
  x_out = workspace.matrix(n_queries, C);
}

template <class T>
void BlockRowGradients<T>::lay_out(Workspace<T>& workspace, int n_rows, int n_queries, int n_embd) {
  mlp = workspace.matrix(n_queries, n_embd);
  fc = workspace.matrix(n_queries, 4 * n_embd);
  attn_proj = workspace.matrix(n_queries, n_embd);
  q = workspace.matrix(n_queries, n_embd);
  kv = workspace.matrix(n_rows, 2 * n_embd);
}

kernels::Dropout dropout_at(const kernels::Dropout& dropout, int layer, int kind,
                            double probability) {
  auto result = dropout;
  result.probability = probability;
  result.site = static_cast<std::uint32_t>(4 * (layer + 1) + kind);
  return result;
}

namespace {

enum DropoutKind { attention_weights, attention_output, mlp_output };

/// The queries of a segment in one layer.
struct Queries {
  bool last;
  Range range;  ///< of Q
  kernels::AttentionGroups groups;
  kernels::RowKeys keys;  ///< of the segment's queries
  Indices row;            ///< last layer: the row of each query
};

template <class T>
Queries queries_of(const BlockContext<T>& context, int layer, const Segment& segment) {
  const auto& batch = context.batch;
  const bool last = layer == context.options.n_layer - 1;
  const Range range = last ? segment.outputs : segment.rows;
  const auto& keys = last ? batch.output_keys : batch.row_keys;
  return {last,
          range,
          last ? groups_of(batch.output_groups, segment.output_groups, segment.longest)
               : groups_of(batch.row_groups, segment.row_groups, segment.longest),
          {slice(keys.problem, range), slice(keys.position, range)},
          last ? slice(batch.output_row, range) : Indices()};
}

template <class T>
kernels::Dropout site(const BlockContext<T>& context, int layer, DropoutKind kind) {
  const double p =
      kind == attention_weights ? context.options.attn_pdrop : context.options.resid_pdrop;
  return dropout_at(context.dropout, layer, kind, context.train ? p : 0);
}

/// Columns of c_attn: queries [0,C), keys and values [C,3C).
template <class T>
Matrix<T> query_columns(const Matrix<T>& c_attn) {
  return columns(c_attn, {0, static_cast<int>(c_attn.extent(0))});
}
template <class T>
Matrix<T> key_value_columns(const Matrix<T>& c_attn) {
  const int C = static_cast<int>(c_attn.extent(0));
  return columns(c_attn, {C, 3 * C});
}
template <class T>
Vector<T> query_part(const Vector<T>& bias) {
  return slice(bias, {0, static_cast<int>(bias.extent(0)) / 3});
}
template <class T>
Vector<T> key_value_part(const Vector<T>& bias) {
  return slice(bias, {static_cast<int>(bias.extent(0)) / 3, static_cast<int>(bias.extent(0))});
}

template <class T>
void attention_half_forward(const BlockContext<T>& context, int layer, const Segment& segment,
                            const Queries& queries, const BlockParameters<T>& w,
                            BlockActivations<T>& a) {
  const auto& exec = context.exec;
  const Range R = segment.rows, Q = queries.range;
  kernels::layer_norm_forward<T>(exec, rows(a.x, R), w.ln_1_weight, w.ln_1_bias,
                                 context.options.layer_norm_epsilon, rows(a.ln_1, R),
                                 slice(a.mean_1, R), slice(a.rstd_1, R));
  kernels::linear_forward<T>(exec, rows(a.ln_1, R), key_value_columns(w.c_attn_weight),
                             key_value_part(w.c_attn_bias), rows(a.kv, R));
  if (queries.last) {
    kernels::gather_rows<T>(exec, a.x, queries.row, rows(a.x_query, Q));
    kernels::gather_rows<T>(exec, a.ln_1, queries.row, rows(a.ln_1_query, Q));
  }
  kernels::linear_forward<T>(exec, rows(a.ln_1_query, Q), query_columns(w.c_attn_weight),
                             query_part(w.c_attn_bias), rows(a.q, Q));
  kernels::attention_forward<T>(exec, a.q, a.kv, queries.groups, context.options.n_head,
                                site(context, layer, attention_weights), a.attention, a.lse);
  kernels::linear_forward<T>(exec, rows(a.attention, Q), w.attn_proj_weight, w.attn_proj_bias,
                             rows(a.x_mid, Q));
  kernels::residual_forward<T>(exec, rows(a.x_query, Q), rows(a.x_mid, Q), queries.keys,
                               site(context, layer, attention_output), rows(a.x_mid, Q));
}

template <class T>
void mlp_half_forward(const BlockContext<T>& context, int layer, const Queries& queries,
                      const BlockParameters<T>& w, BlockActivations<T>& a) {
  const auto& exec = context.exec;
  const Range Q = queries.range;
  kernels::layer_norm_forward<T>(exec, rows(a.x_mid, Q), w.ln_2_weight, w.ln_2_bias,
                                 context.options.layer_norm_epsilon, rows(a.ln_2, Q),
                                 slice(a.mean_2, Q), slice(a.rstd_2, Q));
  kernels::linear_forward<T>(exec, rows(a.ln_2, Q), w.c_fc_weight, w.c_fc_bias, rows(a.fc, Q));
  kernels::gelu_forward<T>(exec, rows(a.fc, Q), rows(a.gelu, Q));
  kernels::linear_forward<T>(exec, rows(a.gelu, Q), w.mlp_proj_weight, w.mlp_proj_bias,
                             rows(a.x_out, Q));
  kernels::residual_forward<T>(exec, rows(a.x_mid, Q), rows(a.x_out, Q), queries.keys,
                               site(context, layer, mlp_output), rows(a.x_out, Q));
}

/// d_query: gradient of x_out -> gradient of x_mid.
template <class T>
void mlp_half_backward(const BlockContext<T>& context, int layer, const Queries& queries,
                       const BlockParameters<T>& w, const BlockActivations<T>& a,
                       BlockRowGradients<T>& d, Matrix<T> d_query, Matrix<T> d_ln_2,
                       BlockParameters<T>& gradients) {
  const auto& exec = context.exec;
  const Range Q = queries.range;
  kernels::residual_backward<T>(exec, rows(d_query, Q), queries.keys,
                                site(context, layer, mlp_output), rows(d.mlp, Q));
  kernels::linear_backward_input<T>(exec, rows(d.mlp, Q), w.mlp_proj_weight, rows(d.fc, Q),
                                    Output::replace);
  kernels::gelu_backward<T>(exec, rows(a.fc, Q), rows(d.fc, Q), rows(d.fc, Q));
  kernels::linear_backward_input<T>(exec, rows(d.fc, Q), w.c_fc_weight, rows(d_ln_2, Q),
                                    Output::replace);
  kernels::layer_norm_backward<T>(exec, rows(d_ln_2, Q), rows(a.x_mid, Q), w.ln_2_weight,
                                  slice(a.mean_2, Q), slice(a.rstd_2, Q), rows(d_query, Q),
                                  gradients.ln_2_weight, gradients.ln_2_bias);
}

/// d_query: gradient of x_mid -> gradient of x_query, LayerNorm's path not yet added;
/// d_ln_1 becomes the gradient of ln_1.
template <class T>
void attention_half_backward(const BlockContext<T>& context, int layer, const Segment& segment,
                             const Queries& queries, const BlockParameters<T>& w,
                             const BlockActivations<T>& a, BlockRowGradients<T>& d,
                             Matrix<T> d_query, Matrix<T> d_ln_1, Matrix<T> scratch_query) {
  const auto& exec = context.exec;
  const Range R = segment.rows, Q = queries.range;
  kernels::residual_backward<T>(exec, rows(d_query, Q), queries.keys,
                                site(context, layer, attention_output), rows(d.attn_proj, Q));
  kernels::linear_backward_input<T>(exec, rows(d.attn_proj, Q), w.attn_proj_weight,
                                    rows(scratch_query, Q), Output::replace);
  kernels::attention_backward<T>(exec, a.q, a.kv, queries.groups, context.options.n_head,
                                 site(context, layer, attention_weights), a.lse, scratch_query, d.q,
                                 d.kv);
  kernels::linear_backward_input<T>(exec, rows(d.kv, R), key_value_columns(w.c_attn_weight),
                                    rows(d_ln_1, R), Output::replace);
  if (queries.last) {
    kernels::linear_backward_input<T>(exec, rows(d.q, Q), query_columns(w.c_attn_weight),
                                      rows(scratch_query, Q), Output::replace);
    kernels::add_to_rows<T>(exec, rows(scratch_query, Q), queries.row, d_ln_1);
  } else {
    kernels::linear_backward_input<T>(exec, rows(d.q, Q), query_columns(w.c_attn_weight),
                                      rows(d_ln_1, R), Output::add);
  }
}

}  // namespace

template <class T>
void block_forward(const BlockContext<T>& context, int layer, const Segment& segment,
                   const BlockParameters<T>& weights, BlockActivations<T>& a) {
  const auto queries = queries_of(context, layer, segment);
  attention_half_forward(context, layer, segment, queries, weights, a);
  mlp_half_forward(context, layer, queries, weights, a);
}

template <class T>
void block_backward(const BlockContext<T>& context, int layer, const Segment& segment,
                    const BlockParameters<T>& weights, const BlockActivations<T>& a,
                    BlockRowGradients<T>& d, Matrix<T> d_query, Matrix<T> d_rows,
                    Matrix<T> scratch_rows, Matrix<T> scratch_query,
                    BlockParameters<T>& gradients) {
  const auto& exec = context.exec;
  const auto queries = queries_of(context, layer, segment);
  const Range R = segment.rows;
  mlp_half_backward(context, layer, queries, weights, a, d, d_query, scratch_query, gradients);
  attention_half_backward(context, layer, segment, queries, weights, a, d, d_query, scratch_rows,
                          scratch_query);
  if (queries.last) {
    Kokkos::deep_copy(exec, rows(d_rows, R), T(0));
    kernels::add_to_rows<T>(exec, rows(d_query, queries.range), queries.row, d_rows);
  }
  kernels::layer_norm_backward<T>(exec, rows(scratch_rows, R), rows(a.x, R), weights.ln_1_weight,
                                  slice(a.mean_1, R), slice(a.rstd_1, R), rows(d_rows, R),
                                  gradients.ln_1_weight, gradients.ln_1_bias);
}

template <class T>
void block_backward_weights(const Exec& exec, const BlockActivations<T>& a,
                            const BlockRowGradients<T>& d, BlockParameters<T>& gradients) {
  kernels::linear_backward_weight<T>(exec, a.gelu, d.mlp, gradients.mlp_proj_weight,
                                     gradients.mlp_proj_bias);
  kernels::linear_backward_weight<T>(exec, a.ln_2, d.fc, gradients.c_fc_weight,
                                     gradients.c_fc_bias);
  kernels::linear_backward_weight<T>(exec, a.attention, d.attn_proj, gradients.attn_proj_weight,
                                     gradients.attn_proj_bias);
  kernels::linear_backward_weight<T>(exec, a.ln_1_query, d.q,
                                     query_columns(gradients.c_attn_weight),
                                     query_part(gradients.c_attn_bias));
  kernels::linear_backward_weight<T>(exec, a.ln_1, d.kv, key_value_columns(gradients.c_attn_weight),
                                     key_value_part(gradients.c_attn_bias));
}

#define INSTANTIATE(T)                                                                            \
  template struct BlockActivations<T>;                                                            \
  template struct BlockRowGradients<T>;                                                           \
  template void block_forward(const BlockContext<T>&, int, const Segment&,                        \
                              const BlockParameters<T>&, BlockActivations<T>&);                   \
  template void block_backward(const BlockContext<T>&, int, const Segment&,                       \
                               const BlockParameters<T>&, const BlockActivations<T>&,             \
                               BlockRowGradients<T>&, Matrix<T>, Matrix<T>, Matrix<T>, Matrix<T>, \
                               BlockParameters<T>&);                                              \
  template void block_backward_weights(const Exec&, const BlockActivations<T>&,                   \
                                       const BlockRowGradients<T>&, BlockParameters<T>&);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace superpose::model
