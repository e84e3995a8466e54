#include "model/block.hpp"

#include <type_traits>

#include "kokkos_kernels/convert.hpp"
#include "kokkos_kernels/layer_norm.hpp"
#include "kokkos_kernels/linear.hpp"
#include "kokkos_kernels/residual.hpp"

namespace superpose::model {

using kernels::Output;

namespace {

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

}  // namespace

template <class X>
BlockWeights<X>::BlockWeights(kernels::FloatProducts products)
    : query(products),
      key_value(products),
      attn_proj(products),
      c_fc(products),
      mlp_proj(products) {}

template <class X>
void BlockWeights<X>::update(const Exec& exec, const BlockParameters<Real<X>>& parameters) {
  const auto& p = parameters;
  query.update(exec, query_columns(p.c_attn_weight), query_part(p.c_attn_bias));
  key_value.update(exec, key_value_columns(p.c_attn_weight), key_value_part(p.c_attn_bias));
  attn_proj.update(exec, p.attn_proj_weight, p.attn_proj_bias);
  c_fc.update(exec, p.c_fc_weight, p.c_fc_bias);
  mlp_proj.update(exec, p.mlp_proj_weight, p.mlp_proj_bias);
}

template <class X>
void BlockActivations<X>::lay_out(Workspace& workspace, const Gpt2Options& options, int n_rows,
                                  int n_queries, bool last, Matrix<T> input) {
  const int C = options.n_embd;
  x = input;
  mean_1 = workspace.vector<T>(n_rows);
  rstd_1 = workspace.vector<T>(n_rows);
  ln_1 = workspace.matrix<X>(n_rows, C);
  kv = workspace.matrix<X>(n_rows, 2 * C);
  x_query = last ? workspace.matrix<T>(n_queries, C) : x;
  ln_1_query = last ? workspace.matrix<X>(n_queries, C) : ln_1;
  q = workspace.matrix<X>(n_queries, C);
  attention = workspace.matrix<X>(n_queries, C);
  lse = workspace.matrix<T>(n_queries, options.n_head);
  x_mid = workspace.matrix<T>(n_queries, C);
  mean_2 = workspace.vector<T>(n_queries);
  rstd_2 = workspace.vector<T>(n_queries);
  ln_2 = workspace.matrix<X>(n_queries, C);
  fc = workspace.matrix<X>(n_queries, 4 * C);
  gelu = workspace.matrix<X>(n_queries, 4 * C);
  x_out = workspace.matrix<T>(n_queries, C);
}

template <class X>
void BlockRowGradients<X>::lay_out(Workspace& workspace, int n_rows, int n_queries, int n_embd) {
  mlp = workspace.matrix<X>(n_queries, n_embd);
  fc = workspace.matrix<X>(n_queries, 4 * n_embd);
  attn_proj = workspace.matrix<X>(n_queries, n_embd);
  q = workspace.matrix<X>(n_queries, n_embd);
  kv_sum = workspace.matrix<Real<X>>(n_rows, 2 * n_embd);
  if constexpr (std::is_same_v<X, Real<X>>) {
    kv = kv_sum;
  } else {
    kv = workspace.matrix<X>(n_rows, 2 * n_embd);
  }
}

template <class X>
void BlockScratch<X>::lay_out(Workspace& workspace, int n_rows, int n_embd) {
  rows = workspace.matrix<Real<X>>(n_rows, n_embd);
  queries = workspace.matrix<Real<X>>(n_rows, n_embd);
  d_attention = workspace.matrix<X>(n_rows, n_embd);
  weight = workspace.vector<Real<X>>(2 * n_embd * n_embd);
}

kernels::Dropout dropout_at(const kernels::Dropout& dropout, std::uint32_t site,
                            double probability) {
  auto result = dropout;
  result.probability = probability;
  result.site = site;
  return result;
}

namespace {

/// The queries of a segment in one layer.
struct Queries {
  bool last;
  Range range;  ///< of Q
  kernels::AttentionGroups groups;
  kernels::RowKeys keys;  ///< of the segment's queries
  Indices row;            ///< last layer: the row of each query
};

Queries queries_of(const BlockContext& context, int layer, const Segment& segment) {
  const auto& batch = context.batch;
  const bool last = layer == context.options.n_layer - 1;
  const Range range = last ? segment.outputs : segment.rows;
  const auto& keys = last ? batch.output_keys : batch.row_keys;
  auto groups =
      last ? groups_of(batch.output_groups, segment.output_groups, segment.longest,
                       segment.most_outputs)
           : groups_of(batch.row_groups, segment.row_groups, segment.longest, segment.most_rows);
  const bool prompts = range.begin == 0 && !last;  // their keys are their own rows
  groups.n_own_rows = prompts ? range.size() : 0;
  return {last,
          range,
          groups,
          {slice(keys.problem, range), slice(keys.position, range)},
          last ? slice(batch.output_row, range) : Indices()};
}

kernels::Dropout site(const BlockContext& context, int layer, DropoutKind kind) {
  const double p = kind == DropoutKind::attention_weights ? context.options.attn_pdrop
                                                          : context.options.resid_pdrop;
  return dropout_at(context.dropout, dropout_site(layer, kind), context.train ? p : 0);
}

template <class X>
void attention_half_forward(const BlockContext& context, int layer, const Segment& segment,
                            const Queries& queries, const BlockParameters<Real<X>>& p,
                            const BlockWeights<X>& w, BlockActivations<X>& a) {
  const auto& exec = context.exec;
  const Range R = segment.rows, Q = queries.range;
  kernels::layer_norm_forward<X>(exec, rows(a.x, R), p.ln_1_weight, p.ln_1_bias,
                                 context.options.layer_norm_epsilon, rows(a.ln_1, R),
                                 slice(a.mean_1, R), slice(a.rstd_1, R));
  kernels::linear_forward<X>(exec, rows(a.ln_1, R), w.key_value, rows(a.kv, R));
  if (queries.last) {
    kernels::gather_rows<Real<X>>(exec, a.x, queries.row, rows(a.x_query, Q));
    kernels::gather_rows<X>(exec, a.ln_1, queries.row, rows(a.ln_1_query, Q));
  }
  kernels::linear_forward<X>(exec, rows(a.ln_1_query, Q), w.query, rows(a.q, Q));
  kernels::attention_forward<X>(exec, a.q, a.kv, queries.groups, context.options.n_head,
                                site(context, layer, DropoutKind::attention_weights), a.attention,
                                a.lse);
  kernels::linear_forward<X, Real<X>>(exec, rows(a.attention, Q), w.attn_proj, rows(a.x_mid, Q));
}

template <class X>
void mlp_half_forward(const BlockContext& context, int layer, const Queries& queries,
                      const BlockParameters<Real<X>>& p, const BlockWeights<X>& w,
                      BlockActivations<X>& a) {
  const auto& exec = context.exec;
  const Range Q = queries.range;
  kernels::residual_layer_norm_forward<X>(exec, rows(a.x_query, Q), rows(a.x_mid, Q), queries.keys,
                                          site(context, layer, DropoutKind::attention_output),
                                          p.ln_2_weight, p.ln_2_bias,
                                          context.options.layer_norm_epsilon, rows(a.x_mid, Q),
                                          rows(a.ln_2, Q), slice(a.mean_2, Q), slice(a.rstd_2, Q));
  kernels::linear_gelu_forward<X>(exec, rows(a.ln_2, Q), w.c_fc, rows(a.fc, Q), rows(a.gelu, Q));
  kernels::linear_forward<X, Real<X>>(exec, rows(a.gelu, Q), w.mlp_proj, rows(a.x_out, Q));
  kernels::residual_forward<Real<X>>(exec, rows(a.x_mid, Q), rows(a.x_out, Q), queries.keys,
                                     site(context, layer, DropoutKind::mlp_output),
                                     rows(a.x_out, Q));
}

/// d_query: gradient of x_out -> gradient of x_mid.
template <class X>
void mlp_half_backward(const BlockContext& context, int layer, const Queries& queries,
                       const BlockParameters<Real<X>>& p, const BlockWeights<X>& w,
                       const BlockActivations<X>& a, BlockRowGradients<X>& d,
                       Matrix<Real<X>> d_query, const BlockScratch<X>& scratch,
                       BlockParameters<Real<X>>& gradients) {
  const auto& exec = context.exec;
  const Range Q = queries.range;
  const auto d_ln_2 = rows(scratch.queries, Q);
  kernels::residual_backward<X>(exec, rows(d_query, Q), queries.keys,
                                site(context, layer, DropoutKind::mlp_output), rows(d.mlp, Q));
  kernels::linear_gelu_backward_input<X>(exec, rows(d.mlp, Q), w.mlp_proj, rows(a.fc, Q),
                                         rows(d.fc, Q));
  kernels::linear_backward_input<X, Real<X>>(exec, rows(d.fc, Q), w.c_fc, d_ln_2, Output::replace);
  kernels::layer_norm_residual_backward<X>(
      exec, d_ln_2, rows(a.x_mid, Q), p.ln_2_weight, slice(a.mean_2, Q), slice(a.rstd_2, Q),
      scratch.weight, rows(d_query, Q), queries.keys,
      site(context, layer, DropoutKind::attention_output), rows(d.attn_proj, Q),
      gradients.ln_2_weight, gradients.ln_2_bias);
}

/// From d.attn_proj to scratch.rows, the gradient of ln_1. The keys and values of the segment are
/// complete: every later query has been walked back.
template <class X>
void attention_half_backward(const BlockContext& context, int layer, const Segment& segment,
                             const Queries& queries, const BlockWeights<X>& w,
                             const BlockActivations<X>& a, BlockRowGradients<X>& d,
                             BlockScratch<X>& scratch) {
  const auto& exec = context.exec;
  const Range R = segment.rows, Q = queries.range;
  kernels::linear_backward_input<X>(exec, rows(d.attn_proj, Q), w.attn_proj,
                                    rows(scratch.d_attention, Q), Output::replace);
  kernels::attention_backward<X>(exec, a.q, a.kv, queries.groups, context.options.n_head,
                                 site(context, layer, DropoutKind::attention_weights), a.attention,
                                 a.lse, scratch.d_attention, d.q, d.kv_sum);
  if constexpr (!std::is_same_v<X, Real<X>>)
    kernels::convert<X>(exec, rows(d.kv_sum, R), rows(d.kv, R));
  kernels::linear_backward_input<X, Real<X>>(exec, rows(d.kv, R), w.key_value,
                                             rows(scratch.rows, R), Output::replace);
  if (queries.last) {
    kernels::linear_backward_input<X, Real<X>>(exec, rows(d.q, Q), w.query,
                                               rows(scratch.queries, Q), Output::replace);
    kernels::add_to_rows<Real<X>>(exec, rows(scratch.queries, Q), queries.row, scratch.rows);
  } else {
    kernels::linear_backward_input<X, Real<X>>(exec, rows(d.q, Q), w.query, rows(scratch.rows, R),
                                               Output::add);
  }
}

}  // namespace

template <class X>
void block_forward(const BlockContext& context, int layer, const Segment& segment,
                   const BlockParameters<Real<X>>& parameters, const BlockWeights<X>& weights,
                   BlockActivations<X>& a) {
  const auto queries = queries_of(context, layer, segment);
  attention_half_forward<X>(context, layer, segment, queries, parameters, weights, a);
  mlp_half_forward<X>(context, layer, queries, parameters, weights, a);
}

template <class X>
void block_backward(const BlockContext& context, int layer, const Segment& segment,
                    const BlockParameters<Real<X>>& parameters, const BlockWeights<X>& weights,
                    const BlockActivations<X>& a, BlockRowGradients<X>& d, Matrix<Real<X>> d_query,
                    Matrix<Real<X>> d_rows, BlockScratch<X>& scratch,
                    BlockParameters<Real<X>>& gradients) {
  using T = Real<X>;
  const auto& exec = context.exec;
  const auto queries = queries_of(context, layer, segment);
  const Range R = segment.rows;
  mlp_half_backward<X>(context, layer, queries, parameters, weights, a, d, d_query, scratch,
                       gradients);
  attention_half_backward<X>(context, layer, segment, queries, weights, a, d, scratch);
  if (queries.last) {
    Kokkos::deep_copy(exec, rows(d_rows, R), T(0));
    kernels::add_to_rows<T>(exec, rows(d_query, queries.range), queries.row, d_rows);
  }
  kernels::layer_norm_backward<T>(exec, rows(scratch.rows, R), rows(a.x, R), parameters.ln_1_weight,
                                  slice(a.mean_1, R), slice(a.rstd_1, R), scratch.weight,
                                  rows(d_rows, R), gradients.ln_1_weight, gradients.ln_1_bias);
}

template <class X>
void block_backward_weights(const Exec& exec, const BlockWeights<X>& w,
                            const BlockActivations<X>& a, const BlockRowGradients<X>& d,
                            const BlockScratch<X>& scratch, BlockParameters<Real<X>>& gradients,
                            const GradientsFinal<Real<X>>& final_from) {
  const auto add = [&](const kernels::LinearWeight<X>& linear, const Matrix<X>& x,
                       const Matrix<X>& dy, const Matrix<Real<X>>& weight,
                       const Vector<Real<X>>& bias) {
    kernels::linear_backward_weight<X>(exec, x, dy, linear, scratch.weight, weight, bias);
  };
  auto& g = gradients;
  add(w.mlp_proj, a.gelu, d.mlp, g.mlp_proj_weight, g.mlp_proj_bias);
  final_from(g.mlp_proj_weight.data());
  add(w.c_fc, a.ln_2, d.fc, g.c_fc_weight, g.c_fc_bias);
  final_from(g.ln_2_weight.data());
  add(w.attn_proj, a.attention, d.attn_proj, g.attn_proj_weight, g.attn_proj_bias);
  final_from(g.attn_proj_weight.data());
  add(w.query, a.ln_1_query, d.q, query_columns(g.c_attn_weight), query_part(g.c_attn_bias));
  add(w.key_value, a.ln_1, d.kv, key_value_columns(g.c_attn_weight), key_value_part(g.c_attn_bias));
  final_from(g.ln_1_weight.data());
}

#define INSTANTIATE(X)                                                                             \
  template struct BlockWeights<X>;                                                                 \
  template struct BlockActivations<X>;                                                             \
  template struct BlockRowGradients<X>;                                                            \
  template struct BlockScratch<X>;                                                                 \
  template void block_forward(const BlockContext&, int, const Segment&,                            \
                              const BlockParameters<Real<X>>&, const BlockWeights<X>&,             \
                              BlockActivations<X>&);                                               \
  template void block_backward(const BlockContext&, int, const Segment&,                           \
                               const BlockParameters<Real<X>>&, const BlockWeights<X>&,            \
                               const BlockActivations<X>&, BlockRowGradients<X>&, Matrix<Real<X>>, \
                               Matrix<Real<X>>, BlockScratch<X>&, BlockParameters<Real<X>>&);      \
  template void block_backward_weights(const Exec&, const BlockWeights<X>&,                        \
                                       const BlockActivations<X>&, const BlockRowGradients<X>&,    \
                                       const BlockScratch<X>&, BlockParameters<Real<X>>&,          \
                                       const GradientsFinal<Real<X>>&);
INSTANTIATE(float)
INSTANTIATE(double)
INSTANTIATE(bfloat16)

}  // namespace superpose::model
