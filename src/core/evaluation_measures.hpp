#pragma once
/// What an evaluation measures, under the one name that each measure has in C++, JSON, HDF5, CSV
/// and Python (io/FORMAT.md, Evaluations).

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/enum_names.hpp"

namespace superpose {

/// Of answers: all, those of problems whose candidates are equally deep, those of problems by their
/// number of hops. Of predictions of the next node: by hop.
enum class EvaluationMeasure {
  n_problems,
  accuracy,
  candidate_accuracy,
  loss,
  n_problems_equal_depth,
  accuracy_equal_depth,
  candidate_accuracy_equal_depth,
  loss_equal_depth,
  n_problems_by_hops,
  accuracy_by_hops,
  candidate_accuracy_by_hops,
  loss_by_hops,
  next_node_n_problems,
  next_node_optimal,
  next_node_frontier,
  next_node_loss,
  uniform_guess_loss,
};

/// What a measure has one value for.
enum class MeasuredBy {
  evaluation,  ///< one value in all
  hops,        ///< H, the hops of a problem
  hop,         ///< k, the distance from the root that is asked of a prediction
};
constexpr std::array<const char*, 3> names_of(MeasuredBy) {
  return {"evaluation", "hops", "hop"};
}

enum class MeasureKind { count, share, loss };

struct EvaluationMeasureInfo {
  EvaluationMeasure measure;
  const char* name;
  MeasureKind kind;
  MeasuredBy by;
  const char* description;
  bool of_frontier =
      false;  ///< depends on the rule for the frontier: evaluations count by distance

  constexpr const char* unit() const { return kind == MeasureKind::loss ? "nat" : "1"; }
};

namespace detail {

using M = EvaluationMeasure;
using Kind = MeasureKind;
using By = MeasuredBy;

inline constexpr std::array<EvaluationMeasureInfo, 17> measure_table{{
    {M::n_problems, "n_problems", Kind::count, By::evaluation, "problems"},
    {M::accuracy, "accuracy", Kind::share, By::evaluation,
     "answers right, argmax over the vocabulary"},
    {M::candidate_accuracy, "candidate_accuracy", Kind::share, By::evaluation,
     "answers right among the two candidates"},
    {M::loss, "loss", Kind::loss, By::evaluation, "mean cross-entropy of the answers"},
    {M::n_problems_equal_depth, "n_problems_equal_depth", Kind::count, By::evaluation,
     "problems whose candidates are equally deep"},
    {M::accuracy_equal_depth, "accuracy_equal_depth", Kind::share, By::evaluation,
     "accuracy where both candidates are equally deep"},
    {M::candidate_accuracy_equal_depth, "candidate_accuracy_equal_depth", Kind::share,
     By::evaluation, "candidate_accuracy where both candidates are equally deep"},
    {M::loss_equal_depth, "loss_equal_depth", Kind::loss, By::evaluation,
     "loss where both candidates are equally deep"},
    {M::n_problems_by_hops, "n_problems_by_hops", Kind::count, By::hops,
     "problems by their number of hops"},
    {M::accuracy_by_hops, "accuracy_by_hops", Kind::share, By::hops,
     "accuracy by the problem's number of hops"},
    {M::candidate_accuracy_by_hops, "candidate_accuracy_by_hops", Kind::share, By::hops,
     "candidate_accuracy by the problem's number of hops"},
    {M::loss_by_hops, "loss_by_hops", Kind::loss, By::hops, "loss by the problem's number of hops"},
    {M::next_node_n_problems, "next_node_n_problems", Kind::count, By::hop,
     "problems with a prediction of hop k"},
    {M::next_node_optimal, "next_node_optimal", Kind::share, By::hop,
     "predictions of hop k that lie on a shortest path"},
    {M::next_node_frontier, "next_node_frontier", Kind::share, By::hop,
     "predictions of hop k that are k hops away", true},
    {M::next_node_loss, "next_node_loss", Kind::loss, By::hop,
     "expected loss of hop k's training label"},
    {M::uniform_guess_loss, "uniform_guess_loss", Kind::loss, By::hop,
     "the same for a uniform guess over the frontier", true},
}};

/// Row i is that of enumerator i.
constexpr bool is_in_order() {
  for (std::size_t i = 0; i < measure_table.size(); ++i)
    if (static_cast<std::size_t>(measure_table[i].measure) != i) return false;
  return true;
}
static_assert(is_in_order());

}  // namespace detail

/// All measures, in the order of the enumerators and of the files.
inline constexpr const auto& evaluation_measures = detail::measure_table;

constexpr auto names_of(EvaluationMeasure) {
  std::array<const char*, evaluation_measures.size()> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = evaluation_measures[i].name;
  return names;
}

/// How many problems, accuracy, candidate_accuracy and loss of a group of answers.
using AnswerMeasures = std::array<EvaluationMeasure, 4>;
inline constexpr AnswerMeasures measures_of_all{
    EvaluationMeasure::n_problems, EvaluationMeasure::accuracy,
    EvaluationMeasure::candidate_accuracy, EvaluationMeasure::loss};
inline constexpr AnswerMeasures measures_of_equal_depth{
    EvaluationMeasure::n_problems_equal_depth, EvaluationMeasure::accuracy_equal_depth,
    EvaluationMeasure::candidate_accuracy_equal_depth, EvaluationMeasure::loss_equal_depth};
inline constexpr AnswerMeasures measures_by_hops{
    EvaluationMeasure::n_problems_by_hops, EvaluationMeasure::accuracy_by_hops,
    EvaluationMeasure::candidate_accuracy_by_hops, EvaluationMeasure::loss_by_hops};

/// The values of one evaluation.
class EvaluationValues {
 public:
  std::vector<std::int64_t> hops;  ///< numbers of hops that problems have, ascending
  std::vector<std::int64_t> hop;   ///< hops that were predicted, ascending

  /// One value for each coordinate, or the only one; NaN where nothing was measured.
  std::vector<double>& operator[](EvaluationMeasure measure) { return values_[index_of(measure)]; }
  const std::vector<double>& operator[](EvaluationMeasure measure) const {
    return values_[index_of(measure)];
  }

  /// What the values of a measure stand at; none for a single value.
  const std::vector<std::int64_t>& coordinates(MeasuredBy by) const {
    static const std::vector<std::int64_t> none;
    return by == MeasuredBy::hops ? hops : by == MeasuredBy::hop ? hop : none;
  }

 private:
  std::array<std::vector<double>, evaluation_measures.size()> values_;
};

}  // namespace superpose
