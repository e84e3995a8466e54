#include "train/evaluation_summary.hpp"

#include <fmt/format.h>

#include <limits>

#include "core/or_dash.hpp"

namespace superpose::train {
namespace {

/// Adds outcomes up; finish() turns sums into means.
void add(AnswerSummary& sum, const ProblemOutcome& outcome) {
  ++sum.problems;
  sum.accuracy += outcome.correct;
  sum.candidate_accuracy += outcome.preferred;
  sum.loss += outcome.loss;
}

void finish(AnswerSummary& sum) {
  sum.accuracy /= sum.problems;  // NaN for an empty group: no number was measured
  sum.candidate_accuracy /= sum.problems;
  sum.loss /= sum.problems;
}

void add(HopSummary& sum, const HopOutcome& outcome) {
  sum.hop = outcome.hop;
  ++sum.problems;
  sum.optimal += outcome.optimal;
  sum.frontier += outcome.frontier;
  sum.loss += outcome.loss;
  sum.uniform_guess_loss += outcome.uniform_guess_loss;
}

void finish(HopSummary& sum) {
  sum.optimal /= sum.problems;
  sum.frontier /= sum.problems;
  sum.loss /= sum.problems;
  sum.uniform_guess_loss /= sum.problems;
}

void add(EvaluationValues& values, const AnswerMeasures& measures, const AnswerSummary& answers) {
  const double numbers[] = {static_cast<double>(answers.problems), answers.accuracy,
                            answers.candidate_accuracy, answers.loss};
  for (std::size_t i = 0; i < measures.size(); ++i) values[measures[i]].push_back(numbers[i]);
}

std::string answer_line(const std::string& name, const AnswerSummary& s) {
  return s.problems == 0
             ? fmt::format("  {:<24}{:>9}\n", name, 0)
             : fmt::format("  {:<24}{:>9}{:>12.2f} %{:>12.2f} %{:>12}\n", name, s.problems,
                           100 * s.accuracy, 100 * s.candidate_accuracy, or_dash("{:.4f}", s.loss));
}

}  // namespace

EvaluationSummary summarise(const Outcomes& outcomes) {
  EvaluationSummary summary;
  for (const auto& outcome : outcomes.problems) {
    add(summary.all, outcome);
    add(summary.by_hops[outcome.hops], outcome);
    if (outcome.equal_depth) add(summary.equal_depth, outcome);
  }
  finish(summary.all);
  finish(summary.equal_depth);
  for (auto& [hops, answers] : summary.by_hops) finish(answers);
  std::map<int, HopSummary> hops;
  for (const auto& outcome : outcomes.hops) add(hops[outcome.hop], outcome);
  for (auto& [k, sum] : hops) {
    finish(sum);
    summary.hops.push_back(sum);
  }
  return summary;
}

EvaluationValues values_of(const EvaluationSummary& summary) {
  using M = EvaluationMeasure;
  EvaluationValues values;
  add(values, measures_of_all, summary.all);
  add(values, measures_of_equal_depth, summary.equal_depth);
  for (const auto& [hops, answers] : summary.by_hops) {
    values.hops.push_back(hops);
    add(values, measures_by_hops, answers);
  }
  for (const auto& hop : summary.hops) {
    values.hop.push_back(hop.hop);
    values[M::next_node_n_problems].push_back(hop.problems);
    values[M::next_node_optimal].push_back(hop.optimal);
    values[M::next_node_frontier].push_back(hop.frontier);
    values[M::next_node_loss].push_back(hop.loss);
    values[M::uniform_guess_loss].push_back(hop.uniform_guess_loss);
  }
  return values;
}

double excess_loss(const Outcomes& outcomes, int stage) {
  double sum = 0;
  int count = 0;
  for (const auto& outcome : outcomes.hops) {
    if (outcome.hop != stage + 1) continue;
    sum += outcome.loss - outcome.uniform_guess_loss;
    ++count;
  }
  return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

std::string table(const EvaluationSummary& summary) {
  std::string text = fmt::format("  {:<24}{:>9}{:>14}{:>14}{:>12}\n", "answers", "problems",
                                 "accuracy", "candidates", "loss");
  text += answer_line("all", summary.all);
  text += answer_line("equally deep candidates", summary.equal_depth);
  for (const auto& [hops, answers] : summary.by_hops)
    text += answer_line(fmt::format("{} hops", hops), answers);
  if (summary.hops.empty()) return text;
  text += fmt::format("\n  {:<24}{:>9}{:>14}{:>14}{:>12}{:>14}\n", "next node", "problems",
                      "shortest path", "frontier", "loss", "uniform guess");
  for (const auto& s : summary.hops)
    text += fmt::format("  {:<24}{:>9}{:>12.2f} %{:>12.2f} %{:>12.4f}{:>14.4f}\n",
                        fmt::format("hop {} (stage {})", s.hop, s.hop - 1), s.problems,
                        100 * s.optimal, 100 * s.frontier, s.loss, s.uniform_guess_loss);
  return text;
}

}  // namespace superpose::train
