#include "model/thoughts.hpp"

#include "core/error.hpp"
#include "kokkos_kernels/attention_map.hpp"
#include "kokkos_kernels/cross_entropy.hpp"
#include "kokkos_kernels/embedding.hpp"
#include "kokkos_kernels/layer_norm.hpp"
#include "kokkos_kernels/linear.hpp"

namespace superpose::model {

template <class X>
Coconut<X>::Coconut(const Gpt2Options& options, const Exec& exec)
    : options_(options),
      exec_(exec),
      parameters_(options, "parameters"),
      weights_(options.n_layer, BlockWeights<X>(products_of(options.precision))),
      a_(options.n_layer),
      d_(options.n_layer) {}

template <class X>
void Coconut<X>::update_weights() {
  if (weights_are_current_) return;
  for (int layer = 0; layer < options_.n_layer; ++layer)
    weights_[layer].update(exec_, parameters_.h[layer]);
  weights_are_current_ = true;
}

template <class X>
void Coconut<X>::lay_out(const PackedBatch& batch) {
  const int R = batch.n_rows, O = batch.n_outputs, C = options_.n_embd, V = options_.vocab_size;
  for (const auto& segment : batch.segments)
    SUPERPOSE_EXPECT(segment.longest <= options_.n_positions);
  workspace_.arrange([&](Workspace& w) {
    x_ = w.matrix<T>(R, C);
    auto input = x_;
    for (int layer = 0; layer < options_.n_layer; ++layer) {
      const int Q = is_last(layer) ? O : R;
      a_[layer].lay_out(w, options_, R, Q, is_last(layer), input);
      d_[layer].lay_out(w, R, Q, C);
      input = a_[layer].x_out;
    }
    mean_f_ = w.vector<T>(O);
    rstd_f_ = w.vector<T>(O);
    hidden_ = w.matrix<T>(O, C);
    d_hidden_ = w.matrix<T>(O, C);
    logits_ = w.matrix<T>(O, V);
    d_logits_ = w.matrix<T>(O, V);
    losses_ = w.vector<T>(batch.n_labelled);
    d_rows_ = w.matrix<T>(R, C);
    d_outputs_ = w.matrix<T>(O, C);
    scratch_.lay_out(w, R, C);
  });
}

template <class X>
BlockContext Coconut<X>::context(const PackedBatch& batch, const Pass& pass) const {
  kernels::Dropout dropout;
  dropout.seed = pass.seed;
  dropout.epoch = static_cast<std::uint32_t>(pass.epoch);
  return {exec_, options_, batch, dropout, pass.train};
}

namespace {

/// Dropout of the embeddings.
kernels::Dropout embedding_dropout(const BlockContext& context) {
  return dropout_at(context.dropout, embedding_site,
                    context.train ? context.options.embd_pdrop : 0);
}

kernels::RowKeys keys_of(const PackedBatch& batch, Range range) {
  return {slice(batch.row_keys.problem, range), slice(batch.row_keys.position, range)};
}

}  // namespace

template <class X>
void Coconut<X>::forward_segment(const BlockContext& context, const Segment& segment) {
  const auto& batch = context.batch;
  const Range R = segment.rows, O = segment.outputs;
  kernels::embedding_forward<T>(exec_, parameters_.wte, parameters_.wpe, hidden_,
                                slice(batch.token, R), slice(batch.thought, R), keys_of(batch, R),
                                embedding_dropout(context), rows(x_, R));
  for (int layer = 0; layer < options_.n_layer; ++layer)
    block_forward<X>(context, layer, segment, parameters_.h[layer], weights_[layer], a_[layer]);
  kernels::layer_norm_forward<T>(exec_, rows(a_.back().x_out, O), parameters_.ln_f_weight,
                                 parameters_.ln_f_bias, options_.layer_norm_epsilon,
                                 rows(hidden_, O), slice(mean_f_, O), slice(rstd_f_, O));
}

template <class X>
void Coconut<X>::forward_segments(const PackedBatch& batch, const Pass& pass,
                                  const ThoughtEdit<T>& edit, std::size_t first) {
  const auto shared = context(batch, pass);
  for (std::size_t i = 0; i < batch.segments.size(); ++i) {
    if (i >= first) forward_segment(shared, batch.segments[i]);
    if (!edit) continue;
    exec_.fence();  // the edit may be the host's
    edit(batch.segments[i].outputs, hidden_);
  }
  kernels::logits_forward<T>(exec_, hidden_, parameters_.lm_head, logits_);
}

template <class X>
void Coconut<X>::forward(const PackedBatch& batch, const Pass& pass, const ThoughtEdit<T>& edit) {
  update_weights();
  lay_out(batch);
  forward_segments(batch, pass, edit, 0);
}

template <class X>
void Coconut<X>::forward_thoughts(const PackedBatch& batch, const ThoughtEdit<T>& edit) {
  SUPERPOSE_EXPECT(weights_are_current_ && static_cast<int>(hidden_.extent(0)) == batch.n_outputs);
  forward_segments(batch, Pass{}, edit, 1);
}

template <class X>
void Coconut<X>::attention_map(const PackedBatch& batch, int layer, const Matrix<T>& logits,
                               const Matrix<T>& weights) const {
  auto groups = is_last(layer) ? batch.output_groups : batch.row_groups;
  groups.longest = longest(batch);
  kernels::attention_map<X>(exec_, a_[layer].q, a_[layer].kv, groups, options_.n_head, logits,
                            weights);
}

template <class X>
void Coconut<X>::compute_losses(const PackedBatch& batch) {
  SUPERPOSE_EXPECT(static_cast<int>(logits_.extent(0)) == batch.n_outputs);
  kernels::cross_entropy<T>(exec_, logits_, batch.labels, losses_, d_logits_);
}

template <class X>
void Coconut<X>::backward_segment(const BlockContext& context, const Segment& segment,
                                  Parameters<T>& gradients, const GradientsFinal<T>& final_from) {
  const auto& batch = context.batch;
  const Range R = segment.rows, O = segment.outputs;
  const bool chain_complete = R.begin == 0;  // no segment is left to be walked back
  Kokkos::deep_copy(exec_, rows(d_outputs_, O), T(0));
  kernels::layer_norm_backward<T>(exec_, rows(d_hidden_, O), rows(a_.back().x_out, O),
                                  parameters_.ln_f_weight, slice(mean_f_, O), slice(rstd_f_, O),
                                  scratch_.weight, rows(d_outputs_, O), gradients.ln_f_weight,
                                  gradients.ln_f_bias);
  for (int layer = options_.n_layer - 1; layer >= 0; --layer) {
    block_backward<X>(context, layer, segment, parameters_.h[layer], weights_[layer], a_[layer],
                      d_[layer], is_last(layer) ? d_outputs_ : d_rows_, d_rows_, scratch_,
                      gradients.h[layer]);
    if (chain_complete)  // at once: what is final can travel while the layers below compute
      block_backward_weights<X>(exec_, weights_[layer], a_[layer], d_[layer], scratch_,
                                gradients.h[layer], final_from);
  }
  kernels::embedding_backward<T>(exec_, slice(batch.thought, R), keys_of(batch, R),
                                 embedding_dropout(context), rows(d_rows_, R), d_hidden_);
}

template <class X>
void Coconut<X>::backward(const PackedBatch& batch, const Pass& pass, Parameters<T>& gradients,
                          const GradientListener& listener) {
  const auto shared = context(batch, pass);
  const auto final_from = [&](const T* first) {
    listener(static_cast<std::size_t>(first - gradients.flat.data()));
  };
  kernels::logits_backward<T>(exec_, d_logits_, hidden_, parameters_.lm_head, d_hidden_,
                              gradients.lm_head);
  for (auto& d : d_) Kokkos::deep_copy(exec_, d.kv_sum, T(0));
  for (auto segment = batch.segments.rbegin(); segment != batch.segments.rend(); ++segment)
    backward_segment(shared, *segment, gradients, final_from);
  kernels::scatter_rows<T>(exec_, d_rows_, batch.token_rows, scratch_.weight, gradients.wte);
  kernels::scatter_rows<T>(exec_, d_rows_, batch.position_rows, scratch_.weight, gradients.wpe);
  final_from(gradients.flat.data());
}

template class Coconut<float>;
template class Coconut<double>;
template class Coconut<bfloat16>;

std::unique_ptr<Network<float>> make_network(const Gpt2Options& options) {
  if (options.precision == Precision::bf16) return std::make_unique<Coconut<bfloat16>>(options);
  return std::make_unique<Coconut<float>>(options);
}

}  // namespace superpose::model
