#include "theory/index_matching_flow.hpp"

#include <cmath>

#include "theory/stiff_flow.hpp"

namespace superpose::theory {
namespace {

std::vector<std::int64_t> key_of(const ThoughtStep& step) {
  std::vector<std::int64_t> key{step.symbols, step.K};
  for (const auto& s : step.classes)
    key.insert(key.end(), {s.inside, s.next, s.d, s.degree, s.count, s.labelled});
  return key;
}

}  // namespace

void StepSet::add(const ThoughtStep& step) {
  ++size_;
  const auto [place, is_new] = places_.emplace(key_of(step), steps_.size());
  if (!is_new) {
    ++times_[place->second];
    return;
  }
  steps_.push_back(step);
  times_.push_back(1);
}

IndexMatching StepSet::velocity(Loss loss, const IndexMatching& w) const {
  IndexMatching sum;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const auto v = theory::velocity(steps_[i], loss, w);
    sum.mu += times_[i] * v.mu;
    sum.nu += times_[i] * v.nu;
  }
  return {sum.mu / static_cast<double>(size_), sum.nu / static_cast<double>(size_)};
}

std::vector<double> flow_times(double decades) {
  std::vector<double> times{0};
  const int last = static_cast<int>(std::lround((decades + 1) * per_decade));
  for (int i = 0; i <= last; ++i)
    times.push_back(std::pow(10.0, -1 + static_cast<double>(i) / per_decade));
  return times;
}

std::vector<IndexMatching> flow(const StepSet& steps, Loss loss, Coupling coupling,
                                const std::vector<double>& times) {
  const double with_nu = coupling == Coupling::full ? 1 : 0;
  const auto path = integrate_stiff(
      [&](const Pair& x, double) {
        const auto v = steps.velocity(loss, {x[0], x[1]});
        return Pair{v.mu, with_nu * v.nu};
      },
      {0, 0}, times, 1e-8);
  std::vector<IndexMatching> w;
  for (const auto& [mu, nu] : path) w.push_back({mu, nu});
  return w;
}

std::vector<IndexMatching> mean_descent(const StepSet& steps, Loss loss, double learning_rate,
                                        const std::vector<int>& after) {
  std::vector<IndexMatching> path;
  IndexMatching w;
  int done = 0;
  for (const int stop : after) {
    for (; done < stop; ++done) {
      const auto v = steps.velocity(loss, w);
      w.mu += learning_rate * v.mu;
      w.nu += learning_rate * v.nu;
    }
    path.push_back(w);
  }
  return path;
}

std::optional<double> fixed_point(const ThoughtStep& step) {
  if (step.d_p >= step.d_max) return std::nullopt;
  const double d_p = static_cast<double>(step.d_p);
  double low = -1, high = 1;
  while (expected_degree(step, low) > d_p) low *= 2;
  while (expected_degree(step, high) < d_p) high *= 2;
  for (int i = 0; i < 200 && high - low > 1e-15 * std::abs(high); ++i) {
    const double middle = 0.5 * (low + high);
    (expected_degree(step, middle) < d_p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

LinearFit logarithmic_rate(const std::vector<double>& times, const std::vector<IndexMatching>& w) {
  std::vector<double> x, y;
  for (std::size_t i = times.size() - 3 * per_decade - 1; i < times.size(); ++i) {
    x.push_back(std::log(times[i]));
    y.push_back(w[i].mu);
  }
  return fit_line(x, y);
}

}  // namespace superpose::theory
