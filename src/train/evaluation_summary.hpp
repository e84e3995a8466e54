#pragma once
/// Outcomes summed into the numbers that are printed and stored.

#include <map>
#include <string>
#include <vector>

#include "core/evaluation_measures.hpp"
#include "train/evaluation.hpp"

namespace superpose::train {

/// Answers of a group of problems.
struct AnswerSummary {
  int problems = 0;
  double accuracy = 0;            ///< argmax over the vocabulary is the target
  double candidate_accuracy = 0;  ///< the target is preferred to the other candidate
  double loss = 0;                ///< [nats] mean
};

/// Predictions of the nodes k hops away.
struct HopSummary {
  int hop = 0;  ///< k
  int problems = 0;
  double optimal = 0;             ///< share whose argmax is k hops away on a shortest path
  double frontier = 0;            ///< share whose argmax is k hops away
  double loss = 0;                ///< [nats] mean next-node loss
  double uniform_guess_loss = 0;  ///< [nats] the same for a uniform guess over the frontier
};

struct EvaluationSummary {
  AnswerSummary all;
  AnswerSummary equal_depth;  ///< problems whose candidates are equally deep
  std::map<int, AnswerSummary> by_hops;
  std::vector<HopSummary> hops;  ///< by ascending k
};

EvaluationSummary summarise(const Outcomes& outcomes);

/// The same numbers under the names of the measures.
EvaluationValues values_of(const EvaluationSummary& summary);

/// Mean of loss - uniform_guess_loss over hop min(stage, H) + 1 of the problems that still have
/// one: what data::end_epoch calls the excess loss of a stage. NaN if every problem is past its
/// last hop.
double excess_loss(const Outcomes& outcomes, int stage);

/// A table for people.
std::string table(const EvaluationSummary& summary);

}  // namespace superpose::train
