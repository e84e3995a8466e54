#include "theory/flow_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/enum_names.hpp"
#include "core/moments.hpp"
#include "core/or_dash.hpp"
#include "theory/columns.hpp"
#include "theory/extremes.hpp"

namespace superpose::theory {
namespace {

/// Numbers of columns whose second dimension is a list of steps 0 .. n - 1.
std::vector<io::ColumnDimension> by_step(std::size_t n) {
  std::vector<io::ColumnDimension> by{{"step", std::vector<std::int64_t>(n)}};
  std::iota(by[0].coordinates.begin(), by[0].coordinates.end(), 0);
  return by;
}

io::Column time_column() {
  return {"t", "V / alpha", "flow time", DType::f64, {}};
}

struct Totals {
  int bounded = 0, unbounded = 0, monotone = 0;
  double residual = 0, distance = 0, r_squared = 1, rate_error = 0, excess = 0;
};

Totals totals_of(const std::vector<StepResult>& steps) {
  Totals t;
  for (const auto& s : steps) {
    if (s.bounded()) {
      ++t.bounded;
      t.residual = larger(t.residual, std::abs(s.F_end - static_cast<double>(s.d_p)));
      t.distance = larger(t.distance, std::abs(s.mu_end - s.mu_star));
    } else {
      ++t.unbounded;
      t.monotone += s.monotone;
    }
    t.excess = larger(t.excess, s.excess);
    t.r_squared = smaller(t.r_squared, s.rate.r_squared);
    t.rate_error = larger(t.rate_error, std::abs(s.rate.slope / s.predicted_rate() - 1));
  }
  return t;
}

/// Adds a column of one number a record.
void add(std::vector<io::Column>& columns, std::vector<io::Row>& rows, const std::string& name,
         const std::string& description, const std::vector<double>& values) {
  columns.push_back(real(name, description));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i][name] = one(values[i]);
}

std::vector<double> values_of(const std::vector<IndexMatching>& w, double IndexMatching::*part) {
  std::vector<double> values;
  for (const auto& x : w) values.push_back(x.*part);
  return values;
}

/// Largest |mean - flow| over the records, in standard errors (NaN if there are none: of one
/// replica), and the same as a number. Before the first step neither differs.
std::array<double, 2> largest_deviation(const OverReplicas& sgd,
                                        const std::vector<IndexMatching>& flow) {
  std::array<double, 2> largest{std::nan(""), 0};
  for (std::size_t i = 0; i < flow.size(); ++i) {
    const double off = std::abs(sgd.mean[i] - flow[i].mu);
    if (sgd.error[i] > 0) largest[0] = std::fmax(largest[0], off / sgd.error[i]);
    largest[1] = larger(largest[1], off);
  }
  return largest;
}

io::Row row_of(const StepResult& s) {
  return {{"problem", one(s.problem)},
          {"c", one(s.c)},
          {"K", one(s.K)},
          {"d_p", one(s.d_p)},
          {"d_max", one(s.d_max)},
          {"mu_star", one(s.mu_star)},
          {"mu_end", one(s.mu_end)},
          {"F_end", one(s.F_end)},
          {"monotone", one(s.monotone)},
          {"mu_bfs_end", one(s.mu_bfs_end)},
          {"mu_low_end", one(s.end.low)},
          {"mu_high_end", one(s.end.high)},
          {"mu_bfs_low_end", one(s.bfs_end.low)},
          {"mu_bfs_high_end", one(s.bfs_end.high)},
          {"bounds_excess", one(s.excess)},
          {"rate", one(s.rate.slope)},
          {"rate_half_width", one(s.rate.half_width)},
          {"rate_r_squared", one(s.rate.r_squared)},
          {"rate_predicted", one(s.predicted_rate())}};
}

}  // namespace

double StepResult::predicted_rate() const {
  return std::sqrt(static_cast<double>(K)) / static_cast<double>(d_max);
}

OverReplicas over_replicas(const SgdComparison& sgd, double MatrixState::*quantity) {
  OverReplicas result;
  for (std::size_t record = 0; record < sgd.times.size(); ++record) {
    Moments moments;
    for (const auto& replica : sgd.replicas) moments.add(replica[record].*quantity);
    result.mean.push_back(moments.mean());
    result.error.push_back(moments.standard_error());
  }
  return result;
}

io::Table steps_table(const std::vector<StepResult>& steps) {
  io::Table table(
      "steps", count("step", "step of thought generation"),
      {count("problem", "number of the problem"), count("c", "thoughts before the step"),
       count("K", "nodes within c steps of the root"), count("d_p", "edges from them to the label"),
       count("d_max", "largest number of edges from them to a node"),
       real("mu_star", "fixed point, F(mu_star) = d_p; NaN where d_p = d_max"),
       real("mu_end", "mu at the last time, coconut loss"), real("F_end", "F(mu_end)"),
       count("monotone", "1: mu rises between all recorded times, coconut loss"),
       real("mu_bfs_end", "mu at the last time, BFS loss"),
       real("mu_low_end", "lower bound of mu_end"), real("mu_high_end", "upper bound of mu_end"),
       real("mu_bfs_low_end", "lower bound of mu_bfs_end"),
       real("mu_bfs_high_end", "upper bound of mu_bfs_end"),
       real("bounds_excess", "by how much mu leaves its bounds, all times, both losses"),
       real("rate", "slope of mu against log t over the last three decades, BFS loss"),
       real("rate_half_width", "half of the 95 % interval of the slope"),
       real("rate_r_squared", "share of the variance that the line explains"),
       real("rate_predicted", "sqrt(K) / d_max")});
  for (std::size_t i = 0; i < steps.size(); ++i)
    table.append(static_cast<std::int64_t>(i), row_of(steps[i]));
  return table;
}

io::Table paths_table(const std::vector<double>& times, const std::vector<StepPaths>& paths) {
  const auto by = by_step(paths.size());
  io::Table table("paths", count("record", "recorded time"),
                  {time_column(),
                   {"mu_coconut", "1", "index-matching logit, coconut loss", DType::f64, by},
                   {"F_coconut", "1", "F(mu), coconut loss", DType::f64, by},
                   {"mu_bfs", "1", "index-matching logit, BFS loss", DType::f64, by},
                   {"mu_coconut_low", "1", "lower bound of mu_coconut", DType::f64, by},
                   {"mu_coconut_high", "1", "upper bound of mu_coconut", DType::f64, by},
                   {"mu_bfs_low", "1", "lower bound of mu_bfs", DType::f64, by},
                   {"mu_bfs_high", "1", "upper bound of mu_bfs", DType::f64, by}});
  for (std::size_t i = 0; i < times.size(); ++i) {
    io::Row row{{"t", one(times[i])}};
    for (const auto& path : paths) {
      row["mu_coconut"].push_back(path.mu_coconut[i]);
      row["F_coconut"].push_back(path.F_coconut[i]);
      row["mu_bfs"].push_back(path.mu_bfs[i]);
      row["mu_coconut_low"].push_back(path.bounds_coconut[i].low);
      row["mu_coconut_high"].push_back(path.bounds_coconut[i].high);
      row["mu_bfs_low"].push_back(path.bounds_bfs[i].low);
      row["mu_bfs_high"].push_back(path.bounds_bfs[i].high);
    }
    table.append(static_cast<std::int64_t>(i), row);
  }
  return table;
}

io::Table average_table(const AverageFlows& average) {
  std::vector<io::Column> columns{time_column()};
  std::vector<io::Row> rows(average.times.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i]["t"] = one(average.times[i]);
  for (const auto loss : all_values<Loss>())
    for (const auto coupling : all_values<Coupling>()) {
      const auto& path = average.path(loss, coupling);
      const std::vector<IndexMatching> w(path.begin(), path.begin() + rows.size());
      const auto suffix = fmt::format("_{}_{}", to_string(loss), to_string(coupling));
      add(columns, rows, "mu" + suffix, "diagonal of W", values_of(w, &IndexMatching::mu));
      if (coupling == Coupling::full)
        add(columns, rows, "nu" + suffix, "W off the diagonal", values_of(w, &IndexMatching::nu));
    }
  io::Table table("average", count("record", "recorded time"), columns);
  for (std::size_t i = 0; i < rows.size(); ++i) table.append(static_cast<std::int64_t>(i), rows[i]);
  return table;
}

io::Table sgd_table(const std::array<SgdComparison, 2>& by_loss) {
  std::vector<io::Column> columns{time_column()};
  std::vector<io::Row> rows(by_loss[0].times.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i]["t"] = one(by_loss[0].times[i]);
  add(columns, rows, "problems", "problems drawn by each replica", by_loss[0].problems);
  for (const auto loss : all_values<Loss>()) {
    const auto& sgd = by_loss[index_of(loss)];
    const auto suffix = std::string("_") + to_string(loss);
    const auto diagonal = over_replicas(sgd, &MatrixState::diagonal);
    const auto rest = over_replicas(sgd, &MatrixState::rest);
    const auto mean = [&](double MatrixState::*q) { return over_replicas(sgd, q).mean; };
    add(columns, rows, "diagonal" + suffix, "mean diagonal of W", diagonal.mean);
    add(columns, rows, "diagonal_error" + suffix, "its standard error over replicas",
        diagonal.error);
    add(columns, rows, "diagonal_spread" + suffix, "standard deviation over symbols",
        mean(&MatrixState::diagonal_spread));
    add(columns, rows, "rest" + suffix, "mean of W off the diagonal", rest.mean);
    add(columns, rows, "rest_error" + suffix, "its standard error over replicas", rest.error);
    add(columns, rows, "rest_rms" + suffix, "root mean square of W off the diagonal",
        mean(&MatrixState::rest_rms));
    add(columns, rows, "rest_largest" + suffix, "largest |W| off the diagonal",
        mean(&MatrixState::rest_largest));
    add(columns, rows, "mu_full" + suffix, "flow of (mu, nu): mu",
        values_of(sgd.full, &IndexMatching::mu));
    add(columns, rows, "nu_full" + suffix, "flow of (mu, nu): nu",
        values_of(sgd.full, &IndexMatching::nu));
    add(columns, rows, "mu_steps" + suffix, "mu of that flow in steps of the learning rate",
        values_of(sgd.mean_descent, &IndexMatching::mu));
    add(columns, rows, "mu_scalar" + suffix, "flow of mu with nu = 0",
        values_of(sgd.scalar, &IndexMatching::mu));
  }
  io::Table table("sgd", count("record", "recorded moment"), columns);
  for (std::size_t i = 0; i < rows.size(); ++i) table.append(static_cast<std::int64_t>(i), rows[i]);
  return table;
}

std::string text(const std::vector<StepResult>& steps) {
  const auto t = totals_of(steps);
  std::string lines =
      fmt::format("{} steps of thought generation, each on its own\n", steps.size());
  lines += fmt::format(
      "  coconut, d_p < d_max: {} steps   largest |F(mu) - d_p| {:.2g}, |mu - mu*| {:.2g}\n",
      t.bounded, t.residual, t.distance);
  lines += fmt::format("  coconut, d_p = d_max: {} steps   mu rises throughout in {}\n",
                       t.unbounded, t.monotone);
  lines += fmt::format(
      "  BFS loss: mu against log t, three decades   smallest R^2 {:.6f}, slope off sqrt(K)/d_max "
      "by "
      "{:.2g} at most\n",
      t.r_squared, t.rate_error);
  lines +=
      fmt::format("  bounds of mu from both sides, both losses: left by {:.2g} at most", t.excess);
  return lines;
}

std::string text(const AverageFlows& average) {
  const std::size_t last = average.times.size() - 1;
  std::string lines = fmt::format("mean over all steps, at t = {:.3g}", average.times[last]);
  for (const auto loss : all_values<Loss>()) {
    const auto& scalar = average.path(loss, Coupling::scalar);
    const auto& full = average.path(loss, Coupling::full);
    const std::vector<IndexMatching> w(scalar.begin(), scalar.begin() + last + 1);
    const auto rate = logarithmic_rate(average.times, w);
    lines += fmt::format("\n  {:<8} mu {:.4f} (nu = 0)   mu {:.4f}, nu {:.4f} (both free)",
                         to_string(loss), scalar[last].mu, full[last].mu, full[last].nu);
    if (loss == Loss::coconut_bfs)
      lines += fmt::format("   d mu / d log t = {:.4f} +- {:.4f}, R^2 {:.5f}", rate.slope,
                           rate.half_width, rate.r_squared);
  }
  return lines;
}

std::string text(const std::array<SgdComparison, 2>& by_loss) {
  std::string lines = fmt::format("gradient descent on W, {} replicas of {:.0f} problems",
                                  by_loss[0].replicas.size(), by_loss[0].problems.back());
  for (const auto loss : all_values<Loss>()) {
    const auto& sgd = by_loss[index_of(loss)];
    const auto diagonal = over_replicas(sgd, &MatrixState::diagonal);
    const auto rest = over_replicas(sgd, &MatrixState::rest);
    const auto full = largest_deviation(diagonal, sgd.full);
    const auto scalar = largest_deviation(diagonal, sgd.scalar);
    const auto steps = largest_deviation(diagonal, sgd.mean_descent);
    lines += fmt::format(
        "\n  {:<8} diagonal {:.4f} +- {}, flow {:.4f}   off the diagonal {:.4f} +- {}, "
        "flow "
        "{:.4f}",
        to_string(loss), diagonal.mean.back(), or_dash("{:.4f}", diagonal.error.back()),
        sgd.full.back().mu, rest.mean.back(), or_dash("{:.4f}", rest.error.back()),
        sgd.full.back().nu);
    lines += fmt::format(
        "\n           farthest of {} moments from the flow of (mu, nu): {:.4f}, {} standard "
        "errors; taken in steps of the learning rate: {:.4f}, {}; with nu = 0: {:.4f}",
        sgd.times.size(), full[1], or_dash("{:.1f}", full[0]), steps[1],
        or_dash("{:.1f}", steps[0]), scalar[1]);
  }
  return lines;
}

}  // namespace superpose::theory
