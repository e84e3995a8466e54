#include "theory/flow_bounds.hpp"

#include <algorithm>
#include <cmath>

#include "theory/index_matching_flow.hpp"

namespace superpose::theory {
namespace {

double root(const ThoughtStep& step) {
  return std::sqrt(static_cast<double>(step.K));
}

/// Symbols of a class times exp of their logit at mu.
double mass(const ThoughtStep& step, const SymbolClass& s, double mu) {
  return s.count * std::exp(((s.inside ? 1 : 0) + mu * s.d) / root(step));
}

/// Sum over symbols of mass(mu) factor(class).
template <class Factor>
double sum(const ThoughtStep& step, double mu, Factor&& factor) {
  double total = 0;
  for (const auto& s : step.classes) total += mass(step, s, mu) * factor(s);
  return total;
}

double partition(const ThoughtStep& step, double mu) {
  return sum(step, mu, [](const SymbolClass&) { return 1.0; });
}

/// B.
double at_largest(const ThoughtStep& step) {
  return sum(step, 0, [&](const SymbolClass& s) { return s.d == step.d_max ? 1.0 : 0.0; });
}

}  // namespace

FlowBounds::FlowBounds(const ThoughtStep& step, Loss loss) {
  const auto star = fixed_point(step);
  if (loss == Loss::coconut_bfs)
    bound_bfs(step);
  else if (star)
    bound_approach(step, *star);
  else
    bound_growth(step);
}

void FlowBounds::bound_bfs(const ThoughtStep& step) {
  double outside = 0;
  for (const auto& s : step.classes) outside += s.next ? 0 : s.count;
  const double next = sum(step, 0, [](const SymbolClass& s) { return s.next ? 1.0 : 0.0; });
  const double least_degree = sum(step, 0, [](const SymbolClass& s) { return 1.0 * s.d; }) / next;
  rate_ = static_cast<double>(step.d_max) / root(step);
  slow_ = rate_ * least_degree * outside / (root(step) * partition(step, 0));
  fast_ = rate_ * rate_ * outside / at_largest(step);
}

/// Where every symbol has d_max edges, mu stays 0.
void FlowBounds::bound_growth(const ThoughtStep& step) {
  std::int64_t second = -1;
  for (const auto& s : step.classes)
    if (s.d < step.d_max) second = std::max<std::int64_t>(second, s.d);
  const auto missing = [&](const SymbolClass& s) { return static_cast<double>(step.d_max - s.d); };
  const double all = sum(step, 0, missing);
  const double nearest =
      sum(step, 0, [&](const SymbolClass& s) { return s.d == second ? missing(s) : 0.0; });
  rate_ = static_cast<double>(step.d_max - second) / root(step);
  slow_ = rate_ * nearest / (root(step) * partition(step, 0));
  fast_ = rate_ * all / (root(step) * at_largest(step));
}

void FlowBounds::bound_approach(const ThoughtStep& step, double star) {
  rests_ = true;
  star_ = star;
  const double largest = partition(step, std::max(0.0, star)), least = std::min(0.0, star);
  const auto moment = [&](int power) {
    return sum(step, least, [&](const SymbolClass& s) { return std::pow(s.d, power); }) / largest;
  };
  const double K = static_cast<double>(step.K), d_max = static_cast<double>(step.d_max);
  slow_ = std::max(0.0, moment(0) * moment(2) - moment(1) * moment(1)) / K;
  fast_ = d_max * d_max / (4 * K);
}

Bounds FlowBounds::at(double t) const {
  if (rests_) {
    const double slow = -star_ * std::expm1(-slow_ * t), fast = -star_ * std::expm1(-fast_ * t);
    return {std::min(slow, fast), std::max(slow, fast)};
  }
  return {std::log1p(slow_ * t) / rate_, std::log1p(fast_ * t) / rate_};
}

}  // namespace superpose::theory
