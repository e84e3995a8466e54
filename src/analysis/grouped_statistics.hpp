#pragma once
/// What is measured inside the model, by group. Sources: RbS, arXiv 2505.12514, Section 5.2, Tables
/// 1 and 5; EoS, arXiv 2509.23365, Section 5.

#include <algorithm>
#include <array>
#include <vector>

#include "analysis/probed_batch.hpp"
#include "analysis/statistic.hpp"
#include "core/enum_names.hpp"

namespace superpose::analysis {

/// Extents of the axes.
struct ProbeShape {
  int n_layer, n_head, n_thoughts;  ///< n_thoughts: most hops of any problem

  /// c = 1..n_growth thoughts of the growth measure: EoS's four, more for longer problems.
  int n_growth() const { return std::max(4, n_thoughts); }
};

/// What `[A]` attends to in the prediction stage (EoS Section 5.2, Theorem 3).
enum class AnswerKey { last_thought, root_mark, root, target, other };
constexpr std::array<const char*, 5> names_of(AnswerKey) {
  return {"last_thought", "root_mark", "root", "target", "other"};
}

/// The order in which a prompt names its edges.
enum class EdgeOrder {
  file,      ///< as in the problem file: what EoS's script measures the growth on
  shuffled,  ///< as drawn when the problem is evaluated and probed; training draws one like it
};
constexpr std::array<const char*, 2> names_of(EdgeOrder) {
  return {"file", "shuffled"};
}

/// The growth of the attention difference as EoS's script measures it, on growth_sequences: every
/// problem at every c, also beyond its hops, if it has both kinds of edges there.
struct Growth {
  Growth(const ProbeShape& shape, FrontierRule rule, EdgeOrder order);

  /// [layer, c] both mean logits of a problem, summed over heads, and their difference.
  Statistic frontier, other, difference;
};

/// Attention logits of the `|` of edges, frontier against others, by one rule for the frontier.
struct FrontierLogits {
  FrontierLogits(const ProbeShape& shape, FrontierRule rule);

  FrontierRule rule;
  /// [layer, thought] logit of a `|` while a thought is generated: of frontier edges and of all
  /// others.
  HeadStatistic frontier, other;
  /// [layer, thought] mean over a problem's frontier edges minus mean over its others, summed over
  /// heads; count = problems (the index-matching logit, EoS Section 5.1).
  Statistic difference;
  std::array<Growth, 2> growth;  ///< by EdgeOrder
};

/// All grouped statistics of a set of problems. Edges count if they have a `|` (EdgeTokens).
struct GroupedStatistics {
  explicit GroupedStatistics(const ProbeShape& shape);

  Statistic accuracy, candidate_accuracy;  ///< of the answers; count = problems
  /// [layer] attention of an edge's `|` to its own source, its own target and both (RbS Fig. 5).
  HeadStatistic copying_source, copying_target, copying;
  /// [layer] largest attention of an edge's `|` to source and target of one edge, whichever: its
  /// own or one before it. Of each head, and over heads the largest of the sums, all heads on the
  /// same edge.
  HeadStatistic copying_any_edge;
  /// [layer, thought] attention an edge's three tokens receive while a thought is generated, by
  /// the edge's group (RbS Table 1).
  std::vector<HeadStatistic> edge_attention;
  /// [layer, thought] the same by what each `|` b copied one layer below, whose edge need not be
  /// its own: sum over b of A_l[q,b] (A_{l-1}[b,source] + A_{l-1}[b,target]), q the position that
  /// generates the thought, A_l of a head, A_{l-1} the mean over heads. Nothing in the first layer.
  std::vector<HeadStatistic> edge_attention_routed;
  /// By FrontierRule.
  std::array<FrontierLogits, 2> edge_logits;
  /// [thought] inner product of a thought with a node's embedding, by the node's group (RbS Table
  /// 5).
  std::vector<Statistic> inner_product;
  /// [layer] attention weight and logit from `[A]`, by AnswerKey.
  std::vector<HeadStatistic> answer_attention, answer_logit;

  /// Measures every problem of the batch, all but the growth.
  void add(const ProbedBatch& batch);
  /// Measures the growth: a batch of growth_sequences with the edges in this order.
  void add_growth(const ProbedBatch& batch, EdgeOrder order);

  /// Every statistic, in a fixed order; those by head if asked for.
  std::vector<const Statistic*> all(bool by_head) const;

  /// The sums of all statistics, one after the other, and back.
  std::vector<Moments> moments() const;
  void add(const std::vector<Moments>& moments);
};

}  // namespace superpose::analysis
