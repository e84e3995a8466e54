#include "model/block.hpp"

#include <type_traits>

#include "kokkos_kernels/convert.hpp"
#include "kokkos_kernels/embedding.hpp"
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
void BackwardMemory<X>::lay_out(Workspace& workspace, int n_rows, int n_outputs, int n_embd) {
  drows = workspace.matrix<T>(n_rows, n_embd);
  doutputs = workspace.matrix<T>(n_outputs, n_embd);
  dln = workspace.matrix<T>(n_rows, n_embd);
  dln_query = workspace.matrix<T>(n_rows, n_embd);
  dattention = workspace.matrix<X>(n_rows, n_embd);
  sums = workspace.vector<T>(2 * n_embd * n_embd);
}

kernels::Dropout dropout_at(const BlockContext& context, std::uint32_t site, double probability) {
  auto result = context.dropout;
  result.probability = context.train ? probability : 0;
  result.site = site;
  return result;
}

template <class X>
Block<X>::Block(const Gpt2Options& options, int layer)
    : options_(options), layer_(layer), w_(products_of(options.precision)) {}

template <class X>
void Block<X>::update(const Exec& exec, const BlockParameters<T>& parameters) {
  w_.update(exec, parameters);
  a_.norm_1.weight = parameters.ln_1_weight, a_.norm_1.bias = parameters.ln_1_bias;
  a_.norm_2.weight = parameters.ln_2_weight, a_.norm_2.bias = parameters.ln_2_bias;
  a_.norm_1.epsilon = a_.norm_2.epsilon = options_.layer_norm_epsilon;
}

template <class X>
void Block<X>::lay_out(Workspace& workspace, const Matrix<T>& x, int n_outputs) {
  const int R = x.extent_int(0), Q = last() ? n_outputs : R, C = options_.n_embd;
  const auto take = [&](Vector<T>& mean, Vector<T>& rstd, int n) {
    mean = workspace.vector<T>(n);
    rstd = workspace.vector<T>(n);
  };
  a_.x = x;
  take(a_.norm_1.mean, a_.norm_1.rstd, R);
  a_.ln_1 = workspace.matrix<X>(R, C);
  a_.kv = workspace.matrix<X>(R, 2 * C);
  a_.x_query = last() ? workspace.matrix<T>(Q, C) : a_.x;
  a_.ln_1_query = last() ? workspace.matrix<X>(Q, C) : a_.ln_1;
  a_.q = workspace.matrix<X>(Q, C);
  a_.attention = workspace.matrix<X>(Q, C);
  a_.lse = workspace.matrix<T>(Q, options_.n_head);
  a_.x_mid = workspace.matrix<T>(Q, C);
  take(a_.norm_2.mean, a_.norm_2.rstd, Q);
  a_.ln_2 = workspace.matrix<X>(Q, C);
  a_.fc = workspace.matrix<X>(Q, 4 * C);
  a_.gelu = workspace.matrix<X>(Q, 4 * C);
  a_.x_out = workspace.matrix<T>(Q, C);
  d_.mlp = workspace.matrix<X>(Q, C);
  d_.fc = workspace.matrix<X>(Q, 4 * C);
  d_.attn_proj = workspace.matrix<X>(Q, C);
  d_.q = workspace.matrix<X>(Q, C);
  d_.kv_sum = workspace.matrix<T>(R, 2 * C);
  if constexpr (std::is_same_v<X, T>) {
    d_.kv = d_.kv_sum;
  } else {
    d_.kv = workspace.matrix<X>(R, 2 * C);
  }
}

/// The queries of a segment in this block.
template <class X>
struct Block<X>::Queries {
  Range range;  ///< of Q
  kernels::AttentionGroups groups;
  kernels::RowKeys keys;  ///< of the segment's queries
  Indices row;            ///< last block: the row of each query
};

template <class X>
typename Block<X>::Queries Block<X>::queries_of(const PackedBatch& batch,
                                                const Segment& segment) const {
  const Range range = last() ? segment.outputs : segment.rows;
  const auto& keys = last() ? batch.output_keys : batch.row_keys;
  auto groups =
      last() ? groups_of(batch.output_groups, segment.output_groups, segment.longest,
                         segment.most_outputs)
             : groups_of(batch.row_groups, segment.row_groups, segment.longest, segment.most_rows);
  const bool prompts = range.begin == 0 && !last();  // their keys are their own rows
  groups.n_own_rows = prompts ? range.size() : 0;
  return {range,
          groups,
          {slice(keys.problem, range), slice(keys.position, range)},
          last() ? slice(batch.output_row, range) : Indices()};
}

template <class X>
kernels::RowDropout Block<X>::residual_dropout(const BlockContext& context, const Queries& queries,
                                               DropoutKind kind) const {
  return {queries.keys, dropout_at(context, dropout_site(layer_, kind), options_.resid_pdrop)};
}

template <class X>
kernels::AttentionInput<X> Block<X>::attention_input(const BlockContext& context,
                                                     const Queries& queries) const {
  const auto site = dropout_site(layer_, DropoutKind::attention_weights);
  return {a_.q, a_.kv, queries.groups, options_.n_head,
          dropout_at(context, site, options_.attn_pdrop)};
}

// --- attention -----------------------------------------------------------------------------------

/// From x to what attention's projection adds to it, in x_mid.
template <class X>
void Block<X>::attention_forward(const BlockContext& context, Range R, const Queries& queries) {
  const auto& exec = context.exec;
  const Range Q = queries.range;
  kernels::layer_norm_forward<X>(exec, rows(a_.x, R), a_.norm_1.rows(R), rows(a_.ln_1, R));
  kernels::linear_forward<X>(exec, rows(a_.ln_1, R), w_.key_value, rows(a_.kv, R));
  if (last()) {
    kernels::gather_rows<T>(exec, a_.x, queries.row, rows(a_.x_query, Q));
    kernels::gather_rows<X>(exec, a_.ln_1, queries.row, rows(a_.ln_1_query, Q));
  }
  kernels::linear_forward<X>(exec, rows(a_.ln_1_query, Q), w_.query, rows(a_.q, Q));
  kernels::attention_forward<X>(exec, attention_input(context, queries), a_.attention, a_.lse);
  kernels::linear_forward<X, T>(exec, rows(a_.attention, Q), w_.attn_proj, rows(a_.x_mid, Q));
}

/// From d.attn_proj to memory.dln. The gradients of the segment's keys and values are complete:
/// every later query has been walked back.
template <class X>
void Block<X>::attention_backward(const BlockContext& context, Range R, const Queries& queries,
                                  const BackwardMemory<X>& memory) {
  const auto& exec = context.exec;
  const Range Q = queries.range;
  kernels::linear_backward_input<X>(exec, rows(d_.attn_proj, Q), w_.attn_proj,
                                    rows(memory.dattention, Q), Output::replace);
  kernels::attention_backward<X>(exec, attention_input(context, queries),
                                 {a_.attention, a_.lse, memory.dattention, d_.q, d_.kv_sum});
  if constexpr (!std::is_same_v<X, T>)
    kernels::convert<X>(exec, rows(d_.kv_sum, R), rows(d_.kv, R));
  kernels::linear_backward_input<X, T>(exec, rows(d_.kv, R), w_.key_value, rows(memory.dln, R),
                                       Output::replace);
  if (!last()) {
    kernels::linear_backward_input<X, T>(exec, rows(d_.q, Q), w_.query, rows(memory.dln, R),
                                         Output::add);
    return;
  }
  kernels::linear_backward_input<X, T>(exec, rows(d_.q, Q), w_.query, rows(memory.dln_query, Q),
                                       Output::replace);
  kernels::add_to_rows<T>(exec, rows(memory.dln_query, Q), queries.row, memory.dln);
}

// --- MLP -----------------------------------------------------------------------------------------

/// From x_query and what attention adds to x_out.
template <class X>
void Block<X>::mlp_forward(const BlockContext& context, const Queries& queries) {
  const auto& exec = context.exec;
  const Range Q = queries.range;
  kernels::residual_layer_norm_forward<X>(
      exec, rows(a_.x_query, Q), rows(a_.x_mid, Q),
      residual_dropout(context, queries, DropoutKind::attention_output), a_.norm_2.rows(Q),
      rows(a_.x_mid, Q), rows(a_.ln_2, Q));
  kernels::linear_gelu_forward<X>(exec, rows(a_.ln_2, Q), w_.c_fc, rows(a_.fc, Q),
                                  rows(a_.gelu, Q));
  kernels::linear_forward<X, T>(exec, rows(a_.gelu, Q), w_.mlp_proj, rows(a_.x_out, Q));
  kernels::residual_forward<T>(exec, rows(a_.x_mid, Q), rows(a_.x_out, Q),
                               residual_dropout(context, queries, DropoutKind::mlp_output),
                               rows(a_.x_out, Q));
}

/// From the gradient of x_out to that of x_mid, in its place, and d.attn_proj.
template <class X>
void Block<X>::mlp_backward(const BlockContext& context, const Queries& queries,
                            const BackwardMemory<X>& memory, const BlockParameters<T>& gradients) {
  const auto& exec = context.exec;
  const Range Q = queries.range;
  const auto dx = rows(last() ? memory.doutputs : memory.drows, Q);
  const auto dln_2 = rows(memory.dln_query, Q);
  kernels::residual_backward<X>(
      exec, dx, residual_dropout(context, queries, DropoutKind::mlp_output), rows(d_.mlp, Q));
  kernels::linear_gelu_backward_input<X>(exec, rows(d_.mlp, Q), w_.mlp_proj, rows(a_.fc, Q),
                                         rows(d_.fc, Q));
  kernels::linear_backward_input<X, T>(exec, rows(d_.fc, Q), w_.c_fc, dln_2, Output::replace);
  kernels::layer_norm_residual_backward<X>(
      exec, dln_2, rows(a_.x_mid, Q), a_.norm_2.rows(Q),
      residual_dropout(context, queries, DropoutKind::attention_output), dx, rows(d_.attn_proj, Q),
      memory.of_norm(gradients.ln_2_weight, gradients.ln_2_bias));
}

// --- block ---------------------------------------------------------------------------------------

template <class X>
void Block<X>::forward(const BlockContext& context, const Segment& segment) {
  const auto queries = queries_of(context.batch, segment);
  attention_forward(context, segment.rows, queries);
  mlp_forward(context, queries);
}

template <class X>
void Block<X>::clear_gradients(const Exec& exec) const {
  Kokkos::deep_copy(exec, d_.kv_sum, T(0));
}

template <class X>
void Block<X>::backward(const BlockContext& context, const Segment& segment,
                        const BackwardMemory<X>& memory, const BlockParameters<T>& gradients) {
  const auto& exec = context.exec;
  const auto queries = queries_of(context.batch, segment);
  const Range R = segment.rows;
  mlp_backward(context, queries, memory, gradients);
  attention_backward(context, R, queries, memory);
  if (last()) {
    Kokkos::deep_copy(exec, rows(memory.drows, R), T(0));
    kernels::add_to_rows<T>(exec, rows(memory.doutputs, queries.range), queries.row, memory.drows);
  }
  kernels::layer_norm_backward<T>(exec, rows(memory.dln, R), rows(a_.x, R), a_.norm_1.rows(R),
                                  rows(memory.drows, R),
                                  memory.of_norm(gradients.ln_1_weight, gradients.ln_1_bias));
}

template <class X>
void Block<X>::backward_weights(const Exec& exec, const BackwardMemory<X>& memory,
                                const BlockParameters<T>& gradients,
                                const GradientsFinal<T>& final_from) const {
  const auto& g = gradients;
  const auto add = [&](const kernels::LinearWeight<X>& linear, const Matrix<X>& x,
                       const Matrix<X>& dy, const Matrix<T>& weight, const Vector<T>& bias) {
    kernels::linear_backward_weight<X>(exec, x, dy, linear, memory.sums, weight, bias);
  };
  add(w_.mlp_proj, a_.gelu, d_.mlp, g.mlp_proj_weight, g.mlp_proj_bias);
  final_from(g.mlp_proj_weight.data());
  add(w_.c_fc, a_.ln_2, d_.fc, g.c_fc_weight, g.c_fc_bias);
  final_from(g.ln_2_weight.data());
  add(w_.attn_proj, a_.attention, d_.attn_proj, g.attn_proj_weight, g.attn_proj_bias);
  final_from(g.attn_proj_weight.data());
  add(w_.query, a_.ln_1_query, d_.q, query_columns(g.c_attn_weight), query_part(g.c_attn_bias));
  add(w_.key_value, a_.ln_1, d_.kv, key_value_columns(g.c_attn_weight),
      key_value_part(g.c_attn_bias));
  final_from(g.ln_1_weight.data());
}

template class Block<float>;
template class Block<double>;
template class Block<bfloat16>;
template struct BackwardMemory<float>;
template struct BackwardMemory<double>;
template struct BackwardMemory<bfloat16>;

}  // namespace superpose::model
