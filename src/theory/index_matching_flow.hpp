#pragma once
/// Gradient flow of the index-matching logit under both losses (EoS, arXiv 2509.23365, Theorem 1),
/// time in units of V / alpha (thought_step.hpp).

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/enum_names.hpp"
#include "theory/linear_fit.hpp"
#include "theory/thought_step.hpp"

namespace superpose::theory {

/// Steps and how often each occurs; steps that look the same are kept once.
class StepSet {
 public:
  void add(const ThoughtStep& step);
  std::int64_t size() const { return size_; }
  std::size_t distinct() const { return steps_.size(); }
  /// Mean of theory::velocity over all steps added.
  IndexMatching velocity(Loss loss, const IndexMatching& w) const;

 private:
  std::map<std::vector<std::int64_t>, std::size_t> places_;  ///< by all that velocity reads
  std::vector<ThoughtStep> steps_;
  std::vector<double> times_;
  std::int64_t size_ = 0;
};

/// 0, then per_decade times a decade from 0.1 to 10^decades.
std::vector<double> flow_times(double decades);
inline constexpr int per_decade = 8;

/// Whether nu takes part, as it does for finite V, or stays 0, as in the theorems.
enum class Coupling { scalar, full };
constexpr std::array<const char*, 2> names_of(Coupling) {
  return {"scalar", "full"};
}

/// (mu, nu) at the given ascending times, from 0 at times[0] = 0. By stiff_flow.hpp: the flow is
/// stiff where it comes to rest.
std::vector<IndexMatching> flow(const StepSet& steps, Loss loss, Coupling coupling,
                                const std::vector<double>& times);

/// The same in Euler steps of `learning_rate`, after each of these ascending numbers of steps: what
/// gradient descent with fresh problems does on average. It is off the flow by O(learning_rate).
std::vector<IndexMatching> mean_descent(const StepSet& steps, Loss loss, double learning_rate,
                                        const std::vector<int>& after);

/// The mu* with F(mu*) = d_p, by bisection; nothing if d_p = d_max, where mu grows without bound.
std::optional<double> fixed_point(const ThoughtStep& step);

/// mu against log t over the last three decades: EoS Theorem 1 has mu grow at least like log t. For
/// one step with p_v ~ exp(mu d_v / sqrt(K)) the slope tends to sqrt(K) / d_max.
LinearFit logarithmic_rate(const std::vector<double>& times, const std::vector<IndexMatching>& w);

}  // namespace superpose::theory
