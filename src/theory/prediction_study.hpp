#pragma once
/// What `superpose theory predict` computes before its report.

#include <cstdint>
#include <vector>

#include "data/problem.hpp"
#include "distributed/communicator.hpp"
#include "theory/options.hpp"
#include "theory/predict_report.hpp"
#include "theory/prediction_stage.hpp"

namespace superpose::theory {

/// mu of the mean flow over all steps of the problems, coconut loss, nu = 0 (EoS Theorem 1).
double mu_of_flow(const std::vector<data::Problem>& problems, std::uint64_t seed, int symbols);

/// The last thought of each problem, uniform over its nodes and as the flow's mu makes it.
struct Predictions {
  std::vector<Prediction> uniform, flow;
};

Predictions predictions_of(const std::vector<data::Problem>& problems, double mu, int symbols);

/// The flows of each problem alone (uniform) and of the sets named set_names, over times `s`.
/// Collective.
struct FollowedPaths {
  std::vector<PredictionPath> uniform, sets;
};
FollowedPaths follow_all(const Predictions& all, const std::vector<double>& s,
                         const distributed::Communicator& world);

/// Gradient descent on the first two thirds, tried on the rest; recorded 8 times a decade of steps.
Descent descend(const std::vector<Prediction>& all, const PredictOptions& options);

}  // namespace superpose::theory
