#pragma once
/// What is measured inside the model, by group. Sources: RbS, arXiv 2505.12514, Section 5.2, Tables
/// 1 and 5; EoS, arXiv 2509.23365, Section 5.

#include <array>
#include <vector>

#include "analysis/probed_batch.hpp"
#include "analysis/statistic.hpp"

namespace superpose::analysis {

/// Extents of the axes.
struct ProbeShape {
  int n_layer, n_head, n_thoughts;  ///< n_thoughts: most hops of any problem
};

/// What `[A]` attends to in the prediction stage (EoS Section 5.2, Theorem 3).
enum class AnswerKey { last_thought, root_mark, root, target, other };
inline constexpr std::array<AnswerKey, 5> all_answer_keys{AnswerKey::last_thought,
                                                          AnswerKey::root_mark, AnswerKey::root,
                                                          AnswerKey::target, AnswerKey::other};
inline constexpr const char* answer_key_names[] = {"last_thought", "root_mark", "root", "target",
                                                   "other"};

/// All grouped statistics of a set of problems. Edges count if they have a `|` (EdgeTokens).
struct GroupedStatistics {
  explicit GroupedStatistics(const ProbeShape& shape);

  Statistic accuracy, candidate_accuracy;  ///< of the answers; count = problems
  /// [layer] attention of an edge's `|` to its own source, its own target and both (RbS Fig. 5).
  HeadStatistic copying_source, copying_target, copying;
  /// [layer, thought] attention an edge's three tokens receive while a thought is generated, by
  /// the edge's group (RbS Table 1).
  std::vector<HeadStatistic> edge_attention;
  /// [layer, thought] attention logit of a `|` while a thought is generated: of frontier edges and
  /// of all others (EoS Section 5.1).
  HeadStatistic edge_logit_frontier, edge_logit_other;
  /// [layer, thought] mean over a problem's frontier edges minus mean over its others, summed over
  /// heads; count = problems (the index-matching logit, EoS Section 5.1).
  Statistic index_matching_difference;
  /// [thought] inner product of a thought with a node's embedding, by the node's group (RbS Table
  /// 5).
  std::vector<Statistic> inner_product;
  /// [layer] attention weight and logit from `[A]`, by AnswerKey.
  std::vector<HeadStatistic> answer_attention, answer_logit;

  /// Measures every problem of the batch.
  void add(const ProbedBatch& batch);

  /// Every statistic, in a fixed order; those by head if asked for.
  std::vector<const Statistic*> all(bool by_head) const;

  /// The sums of all statistics, one after the other, and back.
  std::vector<Moments> moments() const;
  void add(const std::vector<Moments>& moments);
};

}  // namespace superpose::analysis
