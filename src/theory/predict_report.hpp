#pragma once
/// What `superpose theory predict` writes and prints (io/FORMAT.md, superpose_theory).

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "io/history.hpp"
#include "theory/linear_fit.hpp"
#include "theory/prediction_stage.hpp"

namespace superpose::theory {

/// The flow of one set of problems. Trivially copyable.
inline constexpr int most_log_times = 96;
struct PredictionPath {
  std::int64_t problems = 0;
  std::int64_t largest_K = 0;
  Pair direction{};  ///< max-margin
  std::array<Pair, most_log_times> mu{};
  std::array<double, most_log_times> margin{};  ///< smallest margin of mu / |mu|
  std::array<double, most_log_times> off{};     ///< off_direction
  double off_end = 0;
  LinearFit rate;  ///< log(off) against log(s) over the last decade of s; predicted slope -1
};

/// The path over `s` and what is measured on it.
PredictionPath follow(const std::vector<Prediction>& set, const std::vector<double>& s);

/// What is followed besides single problems, in this order.
inline constexpr std::array<const char*, 3> set_names = {"uniform lambda, one problem",
                                                         "uniform lambda, all problems",
                                                         "lambda of the flow, all problems"};

/// Gradient descent on the first problems, tried on the others; [record].
struct Descent {
  std::vector<std::int64_t> steps;
  std::vector<Pair> mu;
  std::vector<double> loss, seen, unseen;
};

io::Table problems_table(const std::vector<PredictionPath>& uniform);
io::Table sets_table(const std::vector<PredictionPath>& sets);
io::Table paths_table(const std::vector<double>& s, const std::vector<PredictionPath>& sets);
/// `descents`: uniform lambda, lambda of the flow.
io::Table descent_table(const std::array<Descent, 2>& descents);

std::string text(const std::vector<PredictionPath>& uniform,
                 const std::vector<PredictionPath>& sets);
std::string text(const std::array<Descent, 2>& descents);

}  // namespace superpose::theory
