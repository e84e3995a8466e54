#include "analysis/grouped_statistics.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "core/error.hpp"
#include "core/evaluation_measures.hpp"

namespace superpose::analysis {
namespace {

const std::vector<Axis> no_axes;

std::vector<Axis> layers(const ProbeShape& shape) {
  return {{"layer", shape.n_layer}};
}

std::vector<Axis> layers_and_thoughts(const ProbeShape& shape) {
  return {{"layer", shape.n_layer}, {"thought", shape.n_thoughts}};
}

std::string words(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::vector<HeadStatistic> attention_by_group(const std::string& name,
                                              const std::string& description,
                                              const ProbeShape& shape) {
  std::vector<HeadStatistic> statistics;
  for (const Group group : all_values<Group>()) {
    const std::string of_group = to_string(group);
    statistics.emplace_back(fmt::format("{}_{}", name, of_group), "1",
                            fmt::format("{} ({})", description, words(of_group)),
                            layers_and_thoughts(shape), shape.n_head, frontier_rule_of(group));
  }
  return statistics;
}

std::vector<Statistic> inner_product_by_group(const ProbeShape& shape) {
  std::vector<Statistic> statistics;
  for (const Group group : all_values<Group>()) {
    const std::string name = to_string(group);
    statistics.emplace_back(
        "inner_product_" + name, "1",
        fmt::format("inner product of a thought and the embedding of a node ({})", words(name)),
        std::vector<Axis>{{"thought", shape.n_thoughts}}, frontier_rule_of(group));
  }
  return statistics;
}

std::vector<HeadStatistic> by_answer_key(const std::string& name, const std::string& description,
                                         const ProbeShape& shape) {
  std::vector<HeadStatistic> statistics;
  for (const auto& key : all_names<AnswerKey>())
    statistics.emplace_back(fmt::format("{}_{}", name, key), "1",
                            fmt::format("{} from [A] to {}", description, words(key)),
                            layers(shape), shape.n_head);
  return statistics;
}

// --- the measures of one problem, p of the batch -------------------------------------------------

void add_answer(const ProbedBatch& batch, int p, GroupedStatistics& s) {
  const auto& problem = *batch.problems()[p].problem;
  const float* logits = batch.logits(p, batch.problems()[p].positions.answer);
  const auto best = std::max_element(logits, logits + batch.vocab_size()) - logits;
  s.accuracy.at({}).add(best == problem.target ? 1 : 0);
  s.candidate_accuracy.at({}).add(logits[problem.target] > logits[problem.neg_target] ? 1 : 0);
}

void add_copying(const ProbedBatch& batch, int p, int layer, GroupedStatistics& s) {
  for (const auto& edge : batch.problems()[p].positions.edge_tokens) {
    if (edge.bar < 0) continue;
    const auto weight = [&](int head, int key) {
      return static_cast<double>(batch.attention_weights(layer, head, p, edge.bar)[key]);
    };
    s.copying_source.add({layer}, [&](int head) { return weight(head, edge.source); });
    s.copying_target.add({layer}, [&](int head) { return weight(head, edge.target); });
    s.copying.add({layer},
                  [&](int head) { return weight(head, edge.source) + weight(head, edge.target); });
  }
}

/// A head's attention weight from a position to source and target of an edge before it.
double weight_on_ends(const ProbedBatch& batch, int p, int layer, int head, int from,
                      const EdgeTokens& edge) {
  const float* weights = batch.attention_weights(layer, head, p, from);
  return static_cast<double>(weights[edge.source]) + weights[edge.target];
}

void add_copying_any_edge(const ProbedBatch& batch, int p, int layer, GroupedStatistics& s) {
  const auto& edges = batch.problems()[p].positions.edge_tokens;
  for (std::size_t own = 0; own < edges.size(); ++own) {
    if (edges[own].bar < 0) continue;
    std::vector<double> largest(batch.n_head(), 0);
    double largest_sum = 0;
    for (std::size_t e = 0; e <= own; ++e) {
      double sum = 0;
      for (int head = 0; head < batch.n_head(); ++head) {
        const double weight = weight_on_ends(batch, p, layer, head, edges[own].bar, edges[e]);
        largest[head] = std::max(largest[head], weight);
        sum += weight;
      }
      largest_sum = std::max(largest_sum, sum);
    }
    s.copying_any_edge.add({layer}, largest_sum, [&](int head) { return largest[head]; });
  }
}

/// [edge with a `|`][edge up to it] what the `|` copies of that edge in a layer: attention weight
/// on source and target, mean over heads. Empty for an edge without a `|`.
std::vector<std::vector<double>> copied_by_bars(const ProbedBatch& batch, int p, int layer) {
  const auto& edges = batch.problems()[p].positions.edge_tokens;
  std::vector<std::vector<double>> copied(edges.size());
  for (std::size_t b = 0; b < edges.size(); ++b)
    for (std::size_t e = 0; e <= b && edges[b].bar >= 0; ++e) {
      double sum = 0;
      for (int head = 0; head < batch.n_head(); ++head)
        sum += weight_on_ends(batch, p, layer, head, edges[b].bar, edges[e]);
      copied[b].push_back(sum / batch.n_head());
    }
  return copied;
}

/// Adds to the statistics, by group, of every edge with a `|` while a thought is generated;
/// received(e, head) is that of edge number e.
template <class Received>
void add_by_group(const ProbedProblem& of, int layer, int thought, const Received& received,
                  std::vector<HeadStatistic>& statistics) {
  for (std::size_t e = 0; e < of.positions.edges.size(); ++e) {
    if (of.positions.edge_tokens[e].bar < 0) continue;
    for (const Group group : all_values<Group>())
      if (of.search.edge_in(group, thought, of.positions.edges[e]))
        statistics[index_of(group)].add({layer, thought - 1},
                                        [&](int head) { return received(e, head); });
  }
}

void add_edge_attention(const ProbedBatch& batch, int p, int layer, int thought,
                        GroupedStatistics& s) {
  const auto& of = batch.problems()[p];
  const int query = of.positions.thoughts[thought - 1];
  const auto received = [&](std::size_t e, int head) {
    const auto& edge = of.positions.edge_tokens[e];
    const float* weights = batch.attention_weights(layer, head, p, query);
    return std::accumulate(weights + edge.source, weights + edge.bar + 1, 0.0);
  };
  add_by_group(of, layer, thought, received, s.edge_attention);
}

/// `copied`: copied_by_bars of the layer below.
void add_routed_attention(const ProbedBatch& batch, int p, int layer, int thought,
                          const std::vector<std::vector<double>>& copied, GroupedStatistics& s) {
  const auto& of = batch.problems()[p];
  const int query = of.positions.thoughts[thought - 1];
  const auto received = [&](std::size_t e, int head) {
    const float* weights = batch.attention_weights(layer, head, p, query);
    double sum = 0;
    for (std::size_t b = e; b < copied.size(); ++b)
      if (!copied[b].empty()) sum += weights[of.positions.edge_tokens[b].bar] * copied[b][e];
    return sum;
  };
  add_by_group(of, layer, thought, received, s.edge_attention_routed);
}

/// Calls take(is_frontier, logit) for every edge with a `|`, where logit(head) is that of its `|`
/// while the thought is generated.
template <class Take>
void visit_edge_logits(const ProbedBatch& batch, int p, int layer, int thought, FrontierRule rule,
                       const Take& take) {
  const auto& [index, problem, positions, search] = batch.problems()[p];
  const int query = positions.thoughts[thought - 1];
  for (std::size_t e = 0; e < positions.edges.size(); ++e) {
    const int bar = positions.edge_tokens[e].bar;
    if (bar < 0) continue;
    take(search.edge_in(frontier_of(rule), thought, positions.edges[e]),
         [&, query = query](int head) {
           return static_cast<double>(batch.attention_logits(layer, head, p, query)[bar]);
         });
  }
}

/// Of a problem's edges, summed over heads.
struct EdgeMeans {
  Moments frontier, other;

  template <class Logit>
  void add(bool is_frontier, int n_head, const Logit& logit) {
    double sum = 0;
    for (int head = 0; head < n_head; ++head) sum += logit(head);
    (is_frontier ? frontier : other).add(sum);
  }
  bool comparable() const { return frontier.count() > 0 && other.count() > 0; }
  double difference() const { return frontier.mean() - other.mean(); }
};

void add_index_matching(const ProbedBatch& batch, int p, int layer, int thought,
                        FrontierLogits& s) {
  EdgeMeans means;
  visit_edge_logits(batch, p, layer, thought, s.rule, [&](bool is_frontier, const auto& logit) {
    means.add(is_frontier, batch.n_head(), logit);
    (is_frontier ? s.frontier : s.other).add({layer, thought - 1}, logit);
  });
  if (means.comparable()) s.difference.at({layer, thought - 1}).add(means.difference());
}

void add_growth_of(const ProbedBatch& batch, int p, int layer, int c, FrontierRule rule,
                   Growth& growth) {
  EdgeMeans means;
  visit_edge_logits(batch, p, layer, c, rule, [&](bool is_frontier, const auto& logit) {
    means.add(is_frontier, batch.n_head(), logit);
  });
  if (!means.comparable()) return;
  growth.frontier.at({layer, c - 1}).add(means.frontier.mean());
  growth.other.at({layer, c - 1}).add(means.other.mean());
  growth.difference.at({layer, c - 1}).add(means.difference());
}

void add_inner_products(const ProbedBatch& batch, int p, int thought, GroupedStatistics& s) {
  const auto& [index, problem, positions, search] = batch.problems()[p];
  for (int node = 0; node < problem->graph.n_nodes; ++node) {
    const double product = batch.inner_product(p, thought, node);
    for (const Group group : all_values<Group>())
      if (search.node_in(group, thought, node))
        s.inner_product[index_of(group)].at({thought - 1}).add(product);
  }
}

int position_of(const Positions& positions, AnswerKey key) {
  switch (key) {
    case AnswerKey::last_thought:
      return positions.last_latent;
    case AnswerKey::root_mark:
      return positions.root_mark;
    case AnswerKey::root:
      return positions.root;
    case AnswerKey::target:
      return positions.target_candidate;
    case AnswerKey::other:
      return positions.other_candidate;
  }
  throw std::logic_error("an AnswerKey without a position");
}

void add_answer_attention(const ProbedBatch& batch, int p, int layer, GroupedStatistics& s) {
  const auto& positions = batch.problems()[p].positions;
  for (const AnswerKey answer_key : all_values<AnswerKey>()) {
    const int key = position_of(positions, answer_key);
    s.answer_attention[index_of(answer_key)].add({layer}, [&](int head) {
      return static_cast<double>(batch.attention_weights(layer, head, p, positions.answer)[key]);
    });
    s.answer_logit[index_of(answer_key)].add({layer}, [&](int head) {
      return static_cast<double>(batch.attention_logits(layer, head, p, positions.answer)[key]);
    });
  }
}

/// Calls take(statistic) for every statistic of s, which may be const, in the order of the files;
/// for those by head if asked to.
template <class Statistics, class Take>
void visit(Statistics& s, const Take& take, bool by_head = true) {
  const auto take_heads = [&](auto& statistic) {
    take(statistic.summed);
    if (by_head) take(statistic.by_head);
  };
  take(s.accuracy);
  take(s.candidate_accuracy);
  for (auto* statistic : {&s.copying_source, &s.copying_target, &s.copying, &s.copying_any_edge})
    take_heads(*statistic);
  for (auto& statistic : s.edge_attention) take_heads(statistic);
  for (auto& statistic : s.edge_attention_routed) take_heads(statistic);
  for (auto& logits : s.edge_logits) {
    take_heads(logits.frontier);
    take_heads(logits.other);
    take(logits.difference);
  }
  for (auto& statistic : s.inner_product) take(statistic);
  for (auto& statistic : s.answer_attention) take_heads(statistic);
  for (auto& statistic : s.answer_logit) take_heads(statistic);
  for (const EdgeOrder order : all_values<EdgeOrder>())
    for (auto& logits : s.edge_logits) {
      auto& growth = logits.growth[index_of(order)];
      for (auto* statistic : {&growth.frontier, &growth.other, &growth.difference})
        take(*statistic);
    }
}

/// "edge_logit_frontier" by distance, "edge_logit_walk_frontier" by walk.
std::string edge_logit_name(FrontierRule rule, const std::string& edges) {
  return fmt::format("edge_logit_{}{}", rule == FrontierRule::walk ? "walk_" : "", edges);
}

HeadStatistic edge_logit(const ProbeShape& shape, FrontierRule rule, const std::string& edges,
                         const std::string& description) {
  return {edge_logit_name(rule, edges),
          "1",
          fmt::format("attention logit of the | of {}", description),
          layers_and_thoughts(shape),
          shape.n_head,
          to_string(rule)};
}

std::vector<Axis> layers_and_growth(const ProbeShape& shape) {
  return {{"layer", shape.n_layer}, {"c", shape.n_growth()}};
}

/// "_walk" by walks.
const char* ending_of(FrontierRule rule) {
  return rule == FrontierRule::walk ? "_walk" : "";
}

/// "growth_difference", "growth_difference_walk_shuffled".
Statistic growth_statistic(const ProbeShape& shape, FrontierRule rule, EdgeOrder order,
                           const std::string& what, const std::string& description) {
  const bool shuffled = order == EdgeOrder::shuffled;
  return {fmt::format("growth_{}{}{}", what, ending_of(rule), shuffled ? "_shuffled" : ""), "1",
          description + (shuffled ? ", edges shuffled as when the model is evaluated" : ""),
          layers_and_growth(shape), to_string(rule)};
}

}  // namespace

Growth::Growth(const ProbeShape& shape, FrontierRule rule, EdgeOrder order)
    : frontier(growth_statistic(shape, rule, order, "frontier",
                                "attention logit of frontier edges after c - 1 thoughts, summed "
                                "over heads, as EoS's script measures it")),
      other(growth_statistic(shape, rule, order, "other", "the same of all other edges")),
      difference(
          growth_statistic(shape, rule, order, "difference", "growth_frontier - growth_other")) {}

FrontierLogits::FrontierLogits(const ProbeShape& shape, FrontierRule which)
    : rule(which),
      frontier(edge_logit(shape, rule, "frontier", "a frontier edge")),
      other(edge_logit(shape, rule, "other", "any other edge")),
      difference(fmt::format("index_matching_difference{}", ending_of(rule)), "1",
                 "attention logit of frontier edges minus that of others, summed over heads",
                 layers_and_thoughts(shape), to_string(rule)),
      growth{Growth(shape, rule, EdgeOrder::file), Growth(shape, rule, EdgeOrder::shuffled)} {}

GroupedStatistics::GroupedStatistics(const ProbeShape& shape)
    : accuracy(to_string(EvaluationMeasure::accuracy), "1",
               "answers right, argmax over the vocabulary", no_axes),
      candidate_accuracy(to_string(EvaluationMeasure::candidate_accuracy), "1",
                         "answers right among the two candidates", no_axes),
      copying_source("copying_source", "1", "attention weight of an edge's | on its source",
                     layers(shape), shape.n_head),
      copying_target("copying_target", "1", "attention weight of an edge's | on its target",
                     layers(shape), shape.n_head),
      copying("copying", "1", "attention weight of an edge's | on its source and target",
              layers(shape), shape.n_head),
      copying_any_edge("copying_any_edge", "1",
                       "largest attention weight of an edge's | on source and target of one edge",
                       layers(shape), shape.n_head),
      edge_attention(attention_by_group("edge_attention",
                                        "attention weight on the three tokens of an edge", shape)),
      edge_attention_routed(attention_by_group(
          "edge_attention_routed",
          "attention weight on each |, times what it copied of an edge one layer below", shape)),
      edge_logits{FrontierLogits(shape, FrontierRule::distance),
                  FrontierLogits(shape, FrontierRule::walk)},
      inner_product(inner_product_by_group(shape)),
      answer_attention(by_answer_key("answer_attention", "attention weight", shape)),
      answer_logit(by_answer_key("answer_logit", "attention logit", shape)) {}

void GroupedStatistics::add(const ProbedBatch& batch) {
  for (int p = 0; p < static_cast<int>(batch.problems().size()); ++p) {
    const int n_thoughts = static_cast<int>(batch.problems()[p].positions.thoughts.size());
    add_answer(batch, p, *this);
    for (int thought = 1; thought <= n_thoughts; ++thought)
      add_inner_products(batch, p, thought, *this);
    for (int layer = 0; layer < batch.n_layer(); ++layer) {
      add_copying(batch, p, layer, *this);
      add_copying_any_edge(batch, p, layer, *this);
      add_answer_attention(batch, p, layer, *this);
      for (int thought = 1; thought <= n_thoughts; ++thought) {
        add_edge_attention(batch, p, layer, thought, *this);
        for (auto& logits : edge_logits) add_index_matching(batch, p, layer, thought, logits);
      }
    }
    for (int layer = 1; layer < batch.n_layer(); ++layer) {
      const auto copied = copied_by_bars(batch, p, layer - 1);
      for (int thought = 1; thought <= n_thoughts; ++thought)
        add_routed_attention(batch, p, layer, thought, copied, *this);
    }
  }
}

void GroupedStatistics::add_growth(const ProbedBatch& batch, EdgeOrder order) {
  for (int p = 0; p < static_cast<int>(batch.problems().size()); ++p) {
    const int n = static_cast<int>(batch.problems()[p].positions.thoughts.size());
    for (int layer = 0; layer < batch.n_layer(); ++layer)
      for (int c = 1; c <= n; ++c)
        for (auto& logits : edge_logits)
          add_growth_of(batch, p, layer, c, logits.rule, logits.growth[index_of(order)]);
  }
}

std::vector<const Statistic*> GroupedStatistics::all(bool by_head) const {
  std::vector<const Statistic*> list;
  visit(
      *this, [&](const Statistic& s) { list.push_back(&s); }, by_head);
  return list;
}

std::vector<Moments> GroupedStatistics::moments() const {
  std::vector<Moments> result;
  for (const Statistic* s : all(true))
    result.insert(result.end(), s->values().begin(), s->values().end());
  return result;
}

void GroupedStatistics::add(const std::vector<Moments>& moments) {
  auto from = moments.begin();
  visit(*this, [&](Statistic& s) {
    for (Moments& to : s.values()) to.add(*from++);
  });
  SUPERPOSE_EXPECT(from == moments.end());
}

}  // namespace superpose::analysis
