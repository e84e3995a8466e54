#include "analysis/raw_values.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/error.hpp"

namespace superpose::analysis {
namespace {

constexpr float not_there = std::numeric_limits<float>::quiet_NaN();

/// Order of the datasets.
enum RawDataset {
  thoughts,
  next_node_logits,
  inner_products,
  answer_logits,
  map_logits,
  map_weights
};

std::size_t extent(int n) {
  return static_cast<std::size_t>(n);
}

int length_of(const Sequence& sequence) {
  return static_cast<int>(sequence.tokens.size());
}

void keep_thoughts(const RawPlan& plan, const ProbedBatch& batch, int p,
                   std::vector<RawPart>& parts) {
  const auto& problem = batch.problems()[p];
  const auto place = extent(p);
  for (std::size_t k = 0; k < problem.positions.thoughts.size(); ++k) {
    const int position = problem.positions.thoughts[k];
    std::copy_n(batch.hidden(p, position), plan.n_embd, parts[thoughts].values.at({place, k}));
    std::copy_n(batch.logits(p, position), plan.vocab_size,
                parts[next_node_logits].values.at({place, k}));
    for (int node = 0; node < problem.problem->graph.n_nodes; ++node)
      *parts[inner_products].values.at({place, k, extent(node)}) =
          static_cast<float>(batch.inner_product(p, static_cast<int>(k) + 1, node));
  }
  std::copy_n(batch.logits(p, problem.positions.answer), plan.vocab_size,
              parts[answer_logits].values.at({place}));
}

void keep_attention(const RawPlan& plan, const ProbedBatch& batch, int p, std::size_t place,
                    std::vector<RawPart>& parts) {
  const auto queries = plan.queries_of(batch.problems()[p].index);
  for (std::size_t l = 0; l < plan.raw.layers.size(); ++l)
    for (int head = 0; head < plan.n_head; ++head)
      for (std::size_t q = 0; q < queries.size(); ++q) {
        if (queries[q] < 0) continue;
        const int layer = plan.raw.layers[l], n_keys = queries[q] + 1;
        std::copy_n(batch.attention_logits(layer, head, p, queries[q]), n_keys,
                    parts[map_logits].values.at({place, l, extent(head), q}));
        float* weights = parts[map_weights].values.at({place, l, extent(head), q});
        std::copy_n(batch.attention_weights(layer, head, p, queries[q]), n_keys, weights);
        std::fill(weights + n_keys, weights + plan.n_raw_positions, 0.0F);
      }
}

}  // namespace

RawOptions raw_options(int n_problems, const std::vector<int>& layers, RawQueries queries,
                       int n_layer) {
  RawOptions raw{std::vector<int>(extent(n_problems)), {}, queries};
  std::iota(raw.problems.begin(), raw.problems.end(), 0);
  for (int layer = 0; layer < n_layer; ++layer)
    if (layers.empty() || std::count(layers.begin(), layers.end(), layer + 1) > 0)
      raw.layers.push_back(layer);
  for (const int layer : layers)
    validate(layer <= n_layer, ExitCode::usage,
             "--raw-layers names layer {} (the model has {}); layers are counted from 1", layer,
             n_layer);
  return raw;
}

RawPlan::RawPlan(const std::vector<data::Problem>& all, const ProbeSettings& how,
                 const model::Gpt2Options& model, const RawOptions& options)
    : settings(how),
      raw(options),
      n_layer(model.n_layer),
      n_head(model.n_head),
      n_embd(model.n_embd),
      vocab_size(model.vocab_size),
      n_thoughts(most_hops(all)) {
  problems = probed_problems(all, {0, static_cast<int>(all.size())},
                             data::Vocabulary(model.vocab_size), settings, sequences);
  for (std::size_t p = 0; p < problems.size(); ++p) {
    n_nodes = std::max(n_nodes, problems[p].problem->graph.n_nodes);
    n_edges = std::max(n_edges, static_cast<int>(problems[p].positions.edges.size()));
    n_positions = std::max(n_positions, length_of(sequences[p]));
  }
  for (const int p : raw.problems)
    n_raw_positions = std::max(n_raw_positions, length_of(sequences[extent(p)]));
}

std::vector<int> RawPlan::queries_of(int problem) const {
  const auto& positions = problems[extent(problem)].positions;
  std::vector<int> queries(extent(n_queries()), -1);
  if (raw.queries == RawQueries::all) {
    std::iota(queries.begin(), queries.begin() + length_of(sequences[extent(problem)]), 0);
  } else {
    std::copy(positions.thoughts.begin(), positions.thoughts.end(), queries.begin());
    queries.back() = positions.answer;
  }
  return queries;
}

Chunk RawPlan::raw_range(int begin, int end) const {
  const auto place = [&](int index) {
    return static_cast<int>(std::lower_bound(raw.problems.begin(), raw.problems.end(), index) -
                            raw.problems.begin());
  };
  return {place(begin), place(end)};
}

std::uint64_t RawPlan::bytes() const {
  std::uint64_t bytes = sizeof(float) * extent(vocab_size) * extent(n_embd);  // wte
  for (const auto& layout : raw_layouts(*this, "", problems.size(), raw.problems.size()))
    bytes += layout.size() * sizeof(float);
  return bytes;
}

std::vector<DatasetLayout> raw_layouts(const RawPlan& plan, const std::string& group,
                                       std::size_t n_problems, std::size_t n_raw) {
  const auto named = [&](const char* name) { return group + "/" + name; };
  const std::vector<std::string> map_dims{"raw_problem", "raw_layer", "head", "query", "key"};
  const std::vector<std::size_t> map_shape{n_raw, plan.raw.layers.size(), extent(plan.n_head),
                                           extent(plan.n_queries()), extent(plan.n_raw_positions)};
  const std::size_t H = extent(plan.n_thoughts);
  return {{named("thoughts"),
           {"problem", "thought", "n_embd"},
           {n_problems, H, extent(plan.n_embd)},
           "thought: final hidden state after ln_f"},
          {named("next_node_logits"),
           {"problem", "thought", "token"},
           {n_problems, H, extent(plan.vocab_size)},
           "logits where the thought is generated"},
          {named("inner_products"),
           {"problem", "thought", "node"},
           {n_problems, H, extent(plan.n_nodes)},
           "inner product of the thought and the embedding of the node"},
          {named("answer_logits"),
           {"problem", "token"},
           {n_problems, extent(plan.vocab_size)},
           "logits at [A]"},
          {named("attention_logits"), map_dims, map_shape,
           "q.k/sqrt(head size); NaN where there is no key"},
          {named("attention_weights"), map_dims, map_shape,
           "softmax of the logits; 0 where there is no key"}};
}

std::vector<RawPart> raw_parts(const RawPlan& plan, const std::string& group,
                               const ProbedBatch* batch) {
  const int n = batch ? static_cast<int>(batch->problems().size()) : 0;
  const int begin = n > 0 ? batch->problems()[0].index : 0;
  const Chunk raw = plan.raw_range(begin, begin + n);
  std::vector<RawPart> parts;
  for (auto& layout : raw_layouts(plan, group, extent(n), extent(raw.end - raw.begin))) {
    const bool is_map = layout.dims[0] == "raw_problem";
    parts.push_back(
        {NamedArray<float>(std::move(layout), not_there), extent(is_map ? raw.begin : begin)});
  }
  for (int p = 0; p < n; ++p) keep_thoughts(plan, *batch, p, parts);
  for (int r = raw.begin; r < raw.end; ++r)
    keep_attention(plan, *batch, plan.raw.problems[extent(r)] - begin, extent(r - raw.begin),
                   parts);
  return parts;
}

}  // namespace superpose::analysis
