#pragma once
/// The flows of `superpose theory flow`: of each step of thought generation alone, of their mean,
/// and gradient descent on W beside them.

#include <vector>

#include "data/problem.hpp"
#include "distributed/communicator.hpp"
#include "theory/evenness_report.hpp"
#include "theory/flow_report.hpp"
#include "theory/options.hpp"
#include "theory/problem_set.hpp"
#include "theory/thought_step.hpp"

namespace superpose::theory {

/// The problems and their steps of thought generation, the same on every rank.
struct FlowSteps {
  std::vector<data::Problem> problems;
  std::vector<StepResult> where;  ///< [step] problem, c, K, d_p and d_max; no results yet
  std::vector<ThoughtStep> steps;
  int symbols = 0;  ///< V

  StepSet together() const;  ///< their mean
};

FlowSteps flow_steps(const FlowOptions& options, const ProblemSet& set);

/// Where the flow of each step ends. Collective.
std::vector<StepResult> solve_steps(const FlowSteps& all, const std::vector<double>& times,
                                    const distributed::Communicator& world);

/// The whole paths of the first steps. Collective.
std::vector<StepPaths> step_paths(const FlowSteps& all, const std::vector<double>& times,
                                  const distributed::Communicator& world);

/// Evenness of the weights over traces along the flow of each step, averaged. Collective.
EvennessPath evenness_along(const FlowSteps& all, const std::vector<double>& times,
                            const distributed::Communicator& world);

/// Both losses and both couplings. Collective.
AverageFlows average_flows(const StepSet& set, const std::vector<double>& times,
                           const distributed::Communicator& world);

/// Stochastic gradient descent on W beside the flows of the mean. Collective.
SgdComparison descend(const FlowOptions& options, Loss loss, const FlowSteps& all,
                      const distributed::Communicator& world);

}  // namespace superpose::theory
