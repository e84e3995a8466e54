#include "theory/problem_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "core/error.hpp"
#include "data/generator.hpp"
#include "data/problem_file.hpp"
#include "theory/dense_graphs.hpp"
#include "theory/random_graphs.hpp"

namespace superpose::theory {
namespace {

ProblemSet from_file(const std::string& path, std::uint64_t at_most) {
  const auto file = std::make_shared<data::ProblemFile>(data::read_problems(path));
  const std::uint64_t count = std::min<std::uint64_t>(file->problems.size(), at_most);
  const std::uint64_t all = file->problems.size();
  return {count < all ? fmt::format("of the {} problems of {}", all, path) : "problems of " + path,
          file->hash, count, [file](std::uint64_t i) { return file->problems[i]; }};
}

ProblemSet generated(std::uint64_t count, std::uint64_t seed, int n_nodes) {
  data::GeneratorOptions options;
  options.seed = seed;
  options.n_nodes = n_nodes;
  return {fmt::format("generated problems of {} nodes", n_nodes), "", count,
          [options](std::uint64_t i) { return data::generate_problem(options, i).problem; }};
}

/// A setting that would do nothing is refused: whoever gives it expects something of it.
void check_used(const ConstructOptions& options) {
  const ConstructOptions defaults;
  const bool sizes =
      options.min_nodes != defaults.min_nodes || options.max_nodes != defaults.max_nodes;
  validate(
      options.data.empty() || (options.graphs == defaults.graphs && !sizes), ExitCode::usage,
      "graphs, min_nodes and max_nodes do nothing (data names a problem file); leave them out, "
      "or data");
  validate(
      options.graphs != Graphs::prosqa || !sizes, ExitCode::usage,
      "min_nodes and max_nodes do nothing (graphs of prosqa are drawn of {} nodes); leave them "
      "out, or give data a file of `superpose generate` with graphs as you want them",
      ProblemOptions{}.n_nodes);
}

}  // namespace

ProblemSet problem_set(const ConstructOptions& options) {
  check_used(options);
  if (!options.data.empty()) return from_file(options.data, options.count);
  if (options.graphs == Graphs::prosqa)
    return generated(options.count, options.seed, ProblemOptions{}.n_nodes);
  const auto draw = options.graphs == Graphs::dense ? dense_problem : random_problem;
  return {fmt::format("{} graphs of {} to {} nodes", to_string(options.graphs), options.min_nodes,
                      options.max_nodes),
          "", static_cast<std::uint64_t>(options.count), [options, draw](std::uint64_t i) {
            return draw(options.seed, i, options.min_nodes, options.max_nodes);
          }};
}

ProblemSet problem_set(const ProblemOptions& options) {
  validate(options.data.empty() || options.n_nodes == ProblemOptions{}.n_nodes, ExitCode::usage,
           "n_nodes does nothing (data names a problem file); leave out one of the two");
  if (!options.data.empty()) return from_file(options.data, options.count);
  return generated(options.count, options.seed, options.n_nodes);
}

int symbols_for(const std::vector<data::Problem>& problems, int asked) {
  int largest = 2;  // W off the diagonal takes two symbols
  for (const auto& problem : problems) largest = std::max(largest, problem.graph.n_nodes);
  validate(asked == 0 || asked >= largest, ExitCode::usage,
           "vocabulary = {} is too small (a graph has {} nodes); give at least {}, or 0", asked,
           largest, largest);
  return asked == 0 ? largest : asked;
}

}  // namespace superpose::theory
