#include "theory/evenness.hpp"

#include <algorithm>
#include <cmath>

namespace superpose::theory {
namespace {

/// [class of N_(c+1)] logarithm of the weight of one node, up to a constant; -inf for weight 0.
double log_weight(const ThoughtStep& step, const SymbolClass& s, TraceWeights weights, double mu) {
  const double xi = (s.inside ? 1 : 0) + mu * s.d;
  if (weights == TraceWeights::thought) return 2 * std::log(std::abs(xi));
  return xi / std::sqrt(static_cast<double>(step.K));
}

}  // namespace

Evenness evenness(const ThoughtStep& step, TraceWeights weights, double mu) {
  double largest = -INFINITY, nodes = 0, sum = 0, mean_log = 0;
  for (const auto& s : step.classes)
    if (s.next) largest = std::max(largest, log_weight(step, s, weights, mu));
  for (const auto& s : step.classes) {
    if (!s.next) continue;
    nodes += s.count;
    const double x = log_weight(step, s, weights, mu) - largest;
    const double weight = std::exp(x);
    sum += s.count * weight;
    if (weight > 0) mean_log += s.count * weight * x;
  }
  Evenness result;
  result.entropy = std::log(sum) - mean_log / sum;
  result.effective = std::exp(result.entropy);
  result.share = nodes > 1 ? result.entropy / std::log(nodes) : std::nan("");
  return result;
}

void EvennessMoments::add(FlowGroup group, const ThoughtStep& step, double mu) {
  for (const auto weights : all_values<TraceWeights>()) {
    const auto e = evenness(step, weights, mu);
    if (std::isnan(e.share)) continue;
    share[index_of(group)][index_of(weights)].add(e.share);
    effective[index_of(group)][index_of(weights)].add(e.effective);
  }
}

void EvennessMoments::add(const EvennessMoments& other) {
  for (std::size_t group = 0; group < share.size(); ++group)
    for (std::size_t weights = 0; weights < share[group].size(); ++weights) {
      share[group][weights].add(other.share[group][weights]);
      effective[group][weights].add(other.effective[group][weights]);
    }
}

}  // namespace superpose::theory
