#include "theory/discrete_chains.hpp"

#include <algorithm>
#include <numeric>

namespace superpose::theory {
namespace {

constexpr int nothing = -1;

/// A node with probability proportional to its squared weight.
int draw(const Content<double>& thought, RandomStream& random) {
  double left = 0;
  for (const auto& [node, weight] : thought) left += weight * weight;
  left *= random.uniform();
  for (const auto& [node, weight] : thought)
    if ((left -= weight * weight) < 0) return node;
  return thought.back().token;
}

/// The choices of one chain.
class Walk {
 public:
  Walk(const NodeThoughts& thoughts, Decoding decoding, int root, RandomStream& random)
      : thoughts_(thoughts), decoding_(decoding), random_(random), at_(root) {
    const std::size_t n = thoughts.next.size();
    order_.resize(n);
    std::iota(order_.begin(), order_.end(), 0);
    random.shuffle(order_);
    fed_.assign(n, false);
    fed_[root] = true;
  }

  int at() const { return at_; }

  /// Feeds the next token. False if there is none, or only a repetition of what was fed.
  bool step() {
    const int chosen = choose();
    if (chosen == nothing) return false;
    if (decoding_ == Decoding::greedy && fed_[chosen]) return false;
    at_ = chosen;
    fed_[chosen] = true;
    return true;
  }

 private:
  int choose() {
    const auto& thought = thoughts_.next[at_];
    if (decoding_ == Decoding::depth_first) return deeper_or_back(thought);
    if (thought.empty()) return nothing;
    return decoding_ == Decoding::sampled ? draw(thought, random_) : best(thought, false);
  }

  /// The largest weight, the first in order of equals; the node that was fed last is left out.
  int best(const Content<double>& thought, bool unfed_only) const {
    int chosen = nothing;
    double largest = 0;
    for (const auto& [node, weight] : thought) {
      if (node == at_ || (unfed_only && fed_[node])) continue;
      const bool first_of_equals =
          chosen != nothing && weight == largest && order_[node] < order_[chosen];
      if (weight <= largest && !first_of_equals) continue;
      chosen = node;
      largest = weight;
    }
    return chosen;
  }

  int deeper_or_back(const Content<double>& thought) {
    const int deeper = best(thought, true);
    if (deeper != nothing) {
      path_.push_back(at_);
      return deeper;
    }
    if (path_.empty()) return nothing;
    const int before = path_.back();
    path_.pop_back();
    return before;
  }

  const NodeThoughts& thoughts_;
  Decoding decoding_;
  RandomStream& random_;
  int at_;
  std::vector<int> order_;  ///< [node]
  std::vector<bool> fed_;   ///< [node]
  std::vector<int> path_;   ///< depth_first: from the root to the node before this one
};

/// [node] whether its chain can still come to the target. One that remembers its path always can.
std::vector<bool> with_hope(const data::Problem& problem, Decoding decoding) {
  std::vector<bool> hope;
  for (const int d : data::distances_to(problem.graph, problem.target))
    hope.push_back(d >= 0 || decoding == Decoding::depth_first);
  return hope;
}

}  // namespace

std::int32_t named_candidate(Construction<double>& construction,
                             const data::Vocabulary& vocabulary) {
  construction.append(vocabulary.answer());
  const auto logits = construction.output().thought;
  construction.remove_last();
  std::int32_t named = nothing;
  double largest = 0;
  for (const auto& [node, logit] : logits) {
    if (logit >= largest) named = logit > largest ? node : nothing;
    largest = std::max(largest, logit);
  }
  return named;
}

NodeThoughts node_thoughts(Construction<double>& construction, const data::Vocabulary& vocabulary,
                           const data::Problem& problem) {
  const auto children = data::children_of(problem.graph);
  NodeThoughts thoughts;
  for (int v = 0; v < problem.graph.n_nodes; ++v) {
    construction.append(v);
    thoughts.next.emplace_back();
    if (!children[v].empty()) thoughts.next.back() = construction.output().thought;
    thoughts.named.push_back(named_candidate(construction, vocabulary));
    construction.remove_last();
  }
  return thoughts;
}

std::int64_t step_limit(const data::Problem& problem) {
  return std::int64_t{problem.graph.n_nodes} * problem.graph.n_nodes;
}

Chain run_chain(const NodeThoughts& thoughts, const data::Problem& problem, Decoding decoding,
                RandomStream& random) {
  const auto limit = step_limit(problem);
  const auto hope = with_hope(problem, decoding);
  Walk walk(thoughts, decoding, problem.root, random);
  for (std::int64_t steps = 1; steps <= limit; ++steps) {
    if (!walk.step()) return {ChainEnd::trapped, limit};
    const auto named = thoughts.named[walk.at()];
    if (named == problem.target) return {ChainEnd::named, steps};
    if (named != nothing) return {ChainEnd::wrong, limit};
    if (!hope[walk.at()]) return {ChainEnd::trapped, limit};
  }
  return {ChainEnd::out_of_steps, limit};
}

}  // namespace superpose::theory
