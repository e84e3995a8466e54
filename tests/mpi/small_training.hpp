#pragma once
/// A model and problems small enough to train and evaluate on every rank of a test.

#include "data/generator.hpp"
#include "model/thoughts.hpp"
#include "train/options.hpp"

namespace superpose::train {

/// Weights large enough that the model's answers differ from problem to problem.
inline RunOptions small_run(data::Method method = data::Method::coconut) {
  RunOptions options;
  options.model.n_layer = 2;
  options.model.n_head = 2;
  options.model.n_embd = 16;
  options.model.n_positions = 96;
  options.model.initializer_range = 0.3;
  options.method.name = method;
  options.train.seed = 11;
  options.train.leaves = 5;
  return options;
}

/// Problems of 2 and 3 hops on graphs of at most 12 nodes.
inline std::vector<data::Problem> small_problems(int n) {
  data::GeneratorOptions options;
  options.n_nodes = 12;
  options.min_hops = 2;
  options.max_hops = 3;
  return data::generate_problems(options, 0, n).problems;
}

inline model::Coconut<float> small_model(const RunOptions& options) {
  model::Coconut<float> model(options.model);
  model::initialise(model.parameters(), options.train.seed);
  return model;
}

}  // namespace superpose::train
