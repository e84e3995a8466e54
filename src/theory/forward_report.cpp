#include "theory/forward_report.hpp"

#include <fmt/format.h>

#include <cmath>

#include "theory/columns.hpp"
#include "theory/extremes.hpp"

namespace superpose::theory {
namespace {

void add(const ForwardMeasure& m, ForwardMeasure& to) {
  to.thoughts += m.thoughts;
  to.exact += m.exact;
  to.thought_error = larger(to.thought_error, m.thought_error);
  to.answer_error = larger(to.answer_error, m.answer_error);
  to.smallest_weight = smaller(to.smallest_weight, m.smallest_weight);
  to.right += m.right;
}

ForwardMeasure over_problems(const std::vector<ForwardResult>& problems, int place) {
  ForwardMeasure total;
  for (const auto& problem : problems) add(problem.by_mu[place], total);
  return total;
}

ForwardMeasure over_mu(const ForwardResult& problem, int decades) {
  ForwardMeasure total;
  for (int place = 0; place <= 2 * decades; ++place) add(problem.by_mu[place], total);
  return total;
}

std::vector<io::Column> measure_columns(std::vector<io::Column> columns) {
  for (const auto& column :
       {count("thoughts", "thoughts run: after the one before, and after one uniform over N_c"),
        count("exact", "those that hold all nodes of N_(c+1) and nothing else"),
        count("right", "answers whose largest logit is the target's alone, mu_A = mu_R = 1"),
        real("thought_error", "largest relative difference of a thought's logit from the formula"),
        real("answer_error", "largest relative difference of an answer's logit from the formula"),
        real("smallest_weight", "smallest weight of a node of N_(c+1) in a normalised thought")})
    columns.push_back(column);
  return columns;
}

void add_values(io::Row& row, const ForwardMeasure& m) {
  row["thoughts"] = one(static_cast<double>(m.thoughts));
  row["exact"] = one(static_cast<double>(m.exact));
  row["right"] = one(static_cast<double>(m.right));
  row["thought_error"] = one(m.thought_error);
  row["answer_error"] = one(m.answer_error);
  row["smallest_weight"] = one(m.smallest_weight);
}

}  // namespace

io::Table expansion_table(const std::vector<ForwardResult>& problems, int decades) {
  io::Table table("expansion", count("exponent", "of mu, to base 10"),
                  measure_columns({real("mu", "index-matching logit")}));
  for (int e = -decades; e <= decades; ++e) {
    io::Row row{{"mu", one(std::pow(10.0, e))}};
    add_values(row, over_problems(problems, e + decades));
    table.append(e, row);
  }
  return table;
}

io::Table forward_table(const std::vector<ForwardResult>& problems, int decades) {
  io::Table table("problems", count("problem", "number of the problem, over all mu"),
                  measure_columns({count("n_nodes", "nodes"), count("n_edges", "edges"),
                                   count("hops", "from root to target")}));
  for (std::size_t i = 0; i < problems.size(); ++i) {
    io::Row row{{"n_nodes", one(static_cast<double>(problems[i].n_nodes))},
                {"n_edges", one(static_cast<double>(problems[i].n_edges))},
                {"hops", one(static_cast<double>(problems[i].hops))}};
    add_values(row, over_mu(problems[i], decades));
    table.append(static_cast<std::int64_t>(i), row);
  }
  return table;
}

std::string text(const std::vector<ForwardResult>& problems, int decades) {
  ForwardMeasure total;
  for (const auto& problem : problems) add(over_mu(problem, decades), total);
  const auto answers = static_cast<std::int64_t>(problems.size()) * (2 * decades + 1);
  std::string lines =
      fmt::format("the simplified transformer run forward, mu = 1e-{} to 1e{}\n", decades, decades);
  lines += fmt::format("  thoughts that hold N_(c+1), nothing else    {} of {}\n", total.exact,
                       total.thoughts);
  lines +=
      fmt::format("  smallest weight of one of its nodes         {:.3g}\n", total.smallest_weight);
  lines += fmt::format("  largest relative error, thought | answer    {:.2g} | {:.2g}\n",
                       total.thought_error, total.answer_error);
  lines +=
      fmt::format("  answers right, mu_A = mu_R = 1              {} of {}", total.right, answers);
  return lines;
}

}  // namespace superpose::theory
