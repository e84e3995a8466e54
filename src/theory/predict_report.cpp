#include "theory/predict_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "theory/columns.hpp"

namespace superpose::theory {
namespace {

double root_of(std::int64_t K) {
  return std::sqrt(static_cast<double>(K));
}

double ratio(const Pair& mu) {
  return mu[0] / mu[1];
}

}  // namespace

PredictionPath follow(const std::vector<Prediction>& set, const std::vector<double>& s) {
  SUPERPOSE_EXPECT(s.size() <= most_log_times);
  const auto mu = prediction_flow(set, s);
  PredictionPath path;
  path.problems = static_cast<std::int64_t>(set.size());
  for (const auto& problem : set) path.largest_K = std::max(path.largest_K, problem.K);
  path.direction = max_margin_direction(set);
  std::vector<double> log_s, log_off;
  for (std::size_t i = 0; i < s.size(); ++i) {
    path.mu[i] = mu[i];
    if (i == 0) continue;
    path.margin[i] = smallest_margin(set, mu[i]) / std::hypot(mu[i][0], mu[i][1]);
    path.off[i] = off_direction(mu[i], path.direction);
    if (s[i] < s.back() / 10) continue;
    log_s.push_back(std::log(s[i]));
    log_off.push_back(std::log(path.off[i]));
  }
  path.off_end = path.off[s.size() - 1];
  path.rate = fit_line(log_s, log_off);
  return path;
}

io::Table problems_table(const std::vector<PredictionPath>& uniform) {
  io::Table table("problems", count("problem", "number of the problem"),
                  {count("K", "nodes of the last thought"), real("ratio_predicted", "sqrt(K)"),
                   real("ratio_max_margin", "mu_A / mu_R of the max-margin direction"),
                   real("off_direction", "distance of mu / |mu| from it at the last time"),
                   real("rate", "slope of log(off_direction) against log(s), last decade of s"),
                   real("rate_half_width", "half of its 95 % interval")});
  for (std::size_t i = 0; i < uniform.size(); ++i) {
    const auto& p = uniform[i];
    table.append(static_cast<std::int64_t>(i), {{"K", one(p.largest_K)},
                                                {"ratio_predicted", one(root_of(p.largest_K))},
                                                {"ratio_max_margin", one(ratio(p.direction))},
                                                {"off_direction", one(p.off_end)},
                                                {"rate", one(p.rate.slope)},
                                                {"rate_half_width", one(p.rate.half_width)}});
  }
  return table;
}

io::Table sets_table(const std::vector<PredictionPath>& sets) {
  io::Table table("sets",
                  count("set",
                        "0: uniform lambda, one problem; 1: uniform lambda, all "
                        "problems; 2: lambda of the flow, all problems"),
                  {count("problems", "problems of the set"), count("largest_K", "largest K"),
                   real("ratio_max_margin", "mu_A / mu_R of the max-margin direction"),
                   real("off_direction", "distance of mu / |mu| from it at the last time"),
                   real("rate", "slope of log(off_direction) against log(s), last decade of s"),
                   real("rate_half_width", "half of its 95 % interval")});
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const auto& p = sets[i];
    table.append(static_cast<std::int64_t>(i), {{"problems", one(p.problems)},
                                                {"largest_K", one(p.largest_K)},
                                                {"ratio_max_margin", one(ratio(p.direction))},
                                                {"off_direction", one(p.off_end)},
                                                {"rate", one(p.rate.slope)},
                                                {"rate_half_width", one(p.rate.half_width)}});
  }
  return table;
}

io::Table paths_table(const std::vector<double>& s, const std::vector<PredictionPath>& sets) {
  const std::vector<io::ColumnDimension> by{{"set", {0, 1, 2}}};
  io::Table table("paths", count("record", "recorded time"),
                  {real("s", "log(1 + t), t the flow time"),
                   {"mu_A", "1", "residual carryover", DType::f64, by},
                   {"mu_R", "1", "candidate lift", DType::f64, by},
                   {"margin", "1", "smallest margin of mu / |mu|", DType::f64, by},
                   {"off_direction", "1", "distance of mu / |mu| from the max-margin direction",
                    DType::f64, by}});
  for (std::size_t i = 1; i < s.size(); ++i) {
    io::Row row{{"s", one(s[i])}};
    for (const auto& path : sets) {
      row["mu_A"].push_back(path.mu[i][0]);
      row["mu_R"].push_back(path.mu[i][1]);
      row["margin"].push_back(path.margin[i]);
      row["off_direction"].push_back(path.off[i]);
    }
    table.append(static_cast<std::int64_t>(i) - 1, row);
  }
  return table;
}

io::Table descent_table(const std::array<Descent, 2>& descents) {
  const std::vector<io::ColumnDimension> by{{"thought", {0, 1}}};
  const auto column = [&](const char* name, const char* unit, const char* description) {
    return io::Column{name, unit, description, DType::f64, by};
  };
  io::Table table(
      "descent", count("step", "step of gradient descent"),
      {column("mu_A", "1", "residual carryover; thought 0: uniform lambda, 1: of the flow"),
       column("mu_R", "1", "candidate lift"),
       column("loss", "nat", "mean loss of the problems descended on"),
       column("accuracy_seen", "1", "share of their answers right"),
       column("accuracy_unseen", "1", "share of the other problems' answers right")});
  for (std::size_t i = 0; i < descents[0].steps.size(); ++i) {
    io::Row row;
    for (const auto& d : descents) {
      row["mu_A"].push_back(d.mu[i][0]);
      row["mu_R"].push_back(d.mu[i][1]);
      row["loss"].push_back(d.loss[i]);
      row["accuracy_seen"].push_back(d.seen[i]);
      row["accuracy_unseen"].push_back(d.unseen[i]);
    }
    table.append(descents[0].steps[i], row);
  }
  return table;
}

std::string text(const std::vector<PredictionPath>& uniform,
                 const std::vector<PredictionPath>& sets) {
  double off = 0, from_root = 0, slowest = -10;
  for (const auto& p : uniform) {
    off = std::max(off, p.off_end);
    slowest = std::max(slowest, p.rate.slope);
    from_root = std::max(from_root, std::abs(ratio(p.direction) / root_of(p.largest_K) - 1));
  }
  std::string lines = fmt::format(
      "{} problems, each on its own, uniform lambda\n  max-margin direction off sqrt(K) by {:.2g}; "
      "at "
      "the end off it by {:.4f}; power of log t {:.3f} at most\n",
      uniform.size(), from_root, off, slowest);
  lines += fmt::format("{:<34}{:>9}{:>7}{:>12}{:>12}{:>18}", "set", "problems", "K", "mu_A/mu_R",
                       "off at end", "power of log t");
  for (std::size_t i = 0; i < sets.size(); ++i)
    lines += fmt::format("\n{:<34}{:>9}{:>7}{:>12.4f}{:>12.5f}{:>9.3f} +- {:.3f}", set_names[i],
                         sets[i].problems, sets[i].largest_K, ratio(sets[i].direction),
                         sets[i].off_end, sets[i].rate.slope, sets[i].rate.half_width);
  return lines;
}

std::string text(const std::array<Descent, 2>& descents) {
  std::string lines = "answers of unseen problems right, by step of gradient descent";
  for (std::size_t i = 0; i < descents[0].steps.size(); ++i) {
    if (i % 4 != 0 && i + 1 != descents[0].steps.size()) continue;
    lines +=
        fmt::format("\n  step {:>7}   uniform lambda {:>7.2f} %   lambda of the flow {:>7.2f} %",
                    descents[0].steps[i], 100 * descents[0].unseen[i], 100 * descents[1].unseen[i]);
  }
  return lines;
}

}  // namespace superpose::theory
