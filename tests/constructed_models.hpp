#pragma once
/// Models whose attention, thoughts and answers are known by construction, for probes and
/// interventions. Tokens are one-hot in the first V channels, positions in the T channels behind
/// them, so that LayerNorm, whose bias takes the mean out again, only scales them.

#include <cmath>
#include <functional>

#include "data/problem.hpp"
#include "data/vocabulary.hpp"
#include "model/thoughts.hpp"

namespace superpose::analysis {

constexpr int V = data::kPublishedVocabSize, T = 64, D = 64, C = 128, NH = 2;

inline model::Gpt2Options constructed_options() {
  model::Gpt2Options options;
  options.n_layer = 1;
  options.n_head = NH;
  options.n_embd = C;
  options.n_positions = T;
  options.vocab_size = V;
  return options;
}

template <class View, class Value>
void fill(const View& view, const Value& value) {
  const auto host = Kokkos::create_mirror(view);
  if constexpr (View::rank == 2) {
    for (std::size_t r = 0; r < host.extent(0); ++r)
      for (std::size_t c = 0; c < host.extent(1); ++c)
        host(r, c) = static_cast<float>(value(static_cast<int>(r), static_cast<int>(c)));
  } else {
    for (std::size_t c = 0; c < host.extent(0); ++c)
      host(c) = static_cast<float>(value(static_cast<int>(c)));
  }
  Kokkos::deep_copy(view, host);
}

/// Mean and standard deviation of a row with two ones.
inline double row_mean() {
  return 2.0 / C;
}
inline double row_deviation() {
  return std::sqrt(row_mean() * (1 - row_mean()) + 1e-5);
}

/// Everything zero but the embeddings and LayerNorms; head h attends to position p - shift(h). A
/// thought is the embedding of the token it is read from.
inline model::Coconut<float> copying_model(const std::function<int(int)>& shift) {
  model::Coconut<float> model(constructed_options());
  auto& p = model.parameters();
  auto& block = p.h[0];
  Kokkos::deep_copy(p.flat, 0.0F);
  fill(p.wte, [](int token, int c) { return c == token; });
  fill(p.wpe, [](int position, int c) { return c == V + position; });
  const auto one = [](int) { return 1.0; };
  const auto take_mean_out = [](int) { return row_mean() / row_deviation(); };
  for (const auto& weight : {block.ln_1_weight, block.ln_2_weight}) fill(weight, one);
  fill(block.ln_1_bias, take_mean_out);
  fill(p.ln_f_weight, [](int c) { return c < V ? row_deviation() : 0.0; });
  fill(p.ln_f_bias, [](int c) { return c < V ? row_mean() : 0.0; });
  // q.k/sqrt(D) = 50 at the position looked for and 0 elsewhere: the weight there is 1 in float.
  const double gain = 50 * std::sqrt(D) * row_deviation() * row_deviation();
  fill(block.c_attn_weight, [&](int from, int to) {
    const int position = from - V, head = to % C / D, channel = to % D;
    if (position < 0 || position >= T) return 0.0;
    if (to < C) return channel == position - shift(head) ? gain : 0.0;  // query
    return to < 2 * C && channel == position ? 1.0 : 0.0;               // key
  });
  return model;
}

/// 0 -> 1 (target), 0 -> 2 -> 3 -> 4; 5 -> 6. Bars stand at 3, 6, 9 and 12, the root at 19.
inline data::Problem long_tail() {
  data::Problem problem;
  problem.graph = {7, {{0, 1}, {0, 2}, {2, 3}, {3, 4}, {5, 6}}};
  problem.root = 0;
  problem.target = 1;
  problem.neg_target = 6;
  data::derive(problem);
  return problem;
}

/// 0 -> 1 and 2 -> 3; the question is whether the root, 0 or 2, reaches 1 or 3.
inline data::Problem two_edges(int root) {
  data::Problem problem;
  problem.graph = {4, {{0, 1}, {2, 3}}};
  problem.root = root;
  problem.target = root + 1;
  problem.neg_target = 4 - problem.target;
  data::derive(problem);
  return problem;
}

}  // namespace superpose::analysis
