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
    : options_(options), exec_(exec), parameters_(options, "parameters") {
  for (int layer = 0; layer < options.n_layer; ++layer) blocks_.emplace_back(options, layer);
}

template <class X>
void Coconut<X>::update_weights() {
  if (weights_are_current_) return;
  for (int layer = 0; layer < options_.n_layer; ++layer)
    blocks_[layer].update(exec_, parameters_.h[layer]);
  norm_f_.weight = parameters_.ln_f_weight, norm_f_.bias = parameters_.ln_f_bias;
  norm_f_.epsilon = options_.layer_norm_epsilon;
  weights_are_current_ = true;
}

template <class X>
void Coconut<X>::lay_out(const PackedBatch& batch) {
  const int R = batch.n_rows, O = batch.n_outputs, C = options_.n_embd, V = options_.vocab_size;
  for (const auto& segment : batch.segments)
    SUPERPOSE_EXPECT(segment.longest <= options_.n_positions);
  workspace_.arrange([&](Workspace& w) {
    x_ = w.matrix<T>(R, C);
    auto x = x_;
    for (auto& block : blocks_) {
      block.lay_out(w, x, O);
      x = block.output();
    }
    norm_f_.mean = w.vector<T>(O);
    norm_f_.rstd = w.vector<T>(O);
    hidden_ = w.matrix<T>(O, C);
    dhidden_ = w.matrix<T>(O, C);
    logits_ = w.matrix<T>(O, V);
    dlogits_ = w.matrix<T>(O, V);
    losses_ = w.vector<T>(batch.n_labelled);
    memory_.lay_out(w, R, O, C);
  });
}

template <class X>
BlockContext Coconut<X>::context(const PackedBatch& batch, const Pass& pass) const {
  kernels::Dropout dropout;
  dropout.seed = pass.seed;
  dropout.epoch = static_cast<std::uint32_t>(pass.epoch);
  return {exec_, batch, dropout, pass.train};
}

template <class X>
kernels::RowDropout Coconut<X>::embedding_dropout(const BlockContext& context, Range rows) const {
  const auto& keys = context.batch.row_keys;
  return {{slice(keys.problem, rows), slice(keys.position, rows)},
          dropout_at(context, embedding_site, options_.embd_pdrop)};
}

template <class X>
void Coconut<X>::forward_segment(const BlockContext& context, const Segment& segment) {
  const auto& batch = context.batch;
  const Range R = segment.rows, O = segment.outputs;
  kernels::embedding_forward<T>(exec_, {parameters_.wte, parameters_.wpe, hidden_},
                                slice(batch.token, R), slice(batch.thought, R),
                                embedding_dropout(context, R), rows(x_, R));
  for (auto& block : blocks_) block.forward(context, segment);
  kernels::layer_norm_forward<T>(exec_, rows(blocks_.back().output(), O), norm_f_.rows(O),
                                 rows(hidden_, O));
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
  const bool last = layer == options_.n_layer - 1;
  auto groups = last ? batch.output_groups : batch.row_groups;
  groups.longest = longest(batch);
  kernels::attention_map<X>(exec_, blocks_[layer].attention_input(groups), logits, weights);
}

template <class X>
void Coconut<X>::compute_losses(const PackedBatch& batch) {
  SUPERPOSE_EXPECT(static_cast<int>(logits_.extent(0)) == batch.n_outputs);
  kernels::cross_entropy<T>(exec_, logits_, batch.labels, losses_, dlogits_);
}

template <class X>
void Coconut<X>::backward_segment(const BlockContext& context, const Segment& segment,
                                  Parameters<T>& gradients, const GradientsFinal<T>& final_from) {
  const auto& batch = context.batch;
  const Range R = segment.rows, O = segment.outputs;
  const bool chain_complete = R.begin == 0;  // no segment is left to be walked back
  Kokkos::deep_copy(exec_, rows(memory_.doutputs, O), T(0));
  kernels::layer_norm_backward<T>(exec_, rows(dhidden_, O), rows(blocks_.back().output(), O),
                                  norm_f_.rows(O), rows(memory_.doutputs, O),
                                  memory_.of_norm(gradients.ln_f_weight, gradients.ln_f_bias));
  for (int layer = options_.n_layer - 1; layer >= 0; --layer) {
    auto& block = blocks_[layer];
    block.backward(context, segment, memory_, gradients.h[layer]);
    if (chain_complete)  // at once: what is final can travel while the layers below compute
      block.backward_weights(exec_, memory_, gradients.h[layer], final_from);
  }
  kernels::embedding_backward<T>(exec_, slice(batch.thought, R), embedding_dropout(context, R),
                                 rows(memory_.drows, R), dhidden_);
}

template <class X>
void Coconut<X>::backward(const PackedBatch& batch, const Pass& pass, Parameters<T>& gradients,
                          const GradientListener& listener) {
  const auto shared = context(batch, pass);
  const auto final_from = [&](const T* first) {
    listener(static_cast<std::size_t>(first - gradients.flat.data()));
  };
  kernels::logits_backward<T>(exec_, dlogits_, hidden_, parameters_.lm_head, dhidden_,
                              gradients.lm_head);
  for (const auto& block : blocks_) block.clear_gradients(exec_);
  for (auto segment = batch.segments.rbegin(); segment != batch.segments.rend(); ++segment)
    backward_segment(shared, *segment, gradients, final_from);
  kernels::scatter_rows<T>(exec_, memory_.drows, batch.token_rows, memory_.sums, gradients.wte);
  kernels::scatter_rows<T>(exec_, memory_.drows, batch.position_rows, memory_.sums, gradients.wpe);
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
