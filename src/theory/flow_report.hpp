#pragma once
/// What `superpose theory flow` writes and prints (io/FORMAT.md, superpose_theory).

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "io/history.hpp"
#include "theory/flow_bounds.hpp"
#include "theory/index_matching_flow.hpp"
#include "theory/sgd_full_matrix.hpp"

namespace superpose::theory {

/// The flows of one step of thought generation at their end. Trivially copyable.
struct StepResult {
  std::int64_t problem = 0, c = 0, K = 0, d_p = 0, d_max = 0;
  double mu_star = 0;     ///< fixed point by bisection; NaN where there is none
  double mu_end = 0;      ///< coconut loss, at the last time
  double F_end = 0;       ///< F(mu_end)
  bool monotone = false;  ///< mu rises from each recorded time to the next, coconut loss
  double mu_bfs_end = 0;
  Bounds end, bfs_end;  ///< of mu at the last time, coconut and BFS loss
  double excess = 0;    ///< by how much mu leaves its bounds at a recorded time, either loss
  LinearFit rate;       ///< BFS loss: mu against log t
  bool bounded() const { return d_p < d_max; }
  double predicted_rate() const;  ///< sqrt(K) / d_max
};

/// Most recorded times of a flow; those of a step's paths. Trivially copyable.
inline constexpr int most_times = 128;
struct StepPaths {
  std::array<double, most_times> mu_coconut{}, F_coconut{}, mu_bfs{};
  std::array<Bounds, most_times> bounds_coconut{}, bounds_bfs{};
};

/// One flow of the mean over all steps. Trivially copyable.
using AveragePath = std::array<IndexMatching, most_times>;

struct AverageFlows {
  std::vector<double> times;
  std::array<std::array<AveragePath, 2>, 2> paths;  ///< [Loss][Coupling]

  const AveragePath& path(Loss loss, Coupling coupling) const {
    return paths[index_of(loss)][index_of(coupling)];
  }
};

/// Gradient descent on W beside the flows at the same times, for one loss.
struct SgdComparison {
  std::vector<double> times, problems;      ///< [record]
  std::vector<IndexMatching> full, scalar;  ///< [record] the flows
  std::vector<IndexMatching> mean_descent;  ///< [record] `full` in steps of the rate
  std::vector<SgdHistory> replicas;
};

/// Mean and standard error of a quantity over replicas, [record].
struct OverReplicas {
  std::vector<double> mean, error;
};
OverReplicas over_replicas(const SgdComparison& sgd, double MatrixState::*quantity);

io::Table steps_table(const std::vector<StepResult>& steps);
io::Table paths_table(const std::vector<double>& times, const std::vector<StepPaths>& paths);
io::Table average_table(const AverageFlows& average);
io::Table sgd_table(const std::array<SgdComparison, 2>& by_loss);

std::string text(const std::vector<StepResult>& steps);
std::string text(const AverageFlows& average);
std::string text(const std::array<SgdComparison, 2>& by_loss);

}  // namespace superpose::theory
