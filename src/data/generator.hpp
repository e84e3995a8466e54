#pragma once
/// Problems with the distribution of the published data (RECORDS.md, Generator).

#include <cstdint>
#include <vector>

#include "data/options.hpp"
#include "data/problem.hpp"

namespace superpose::data {

struct GeneratedProblem {
  Problem problem;
  std::int64_t graphs_tried = 0;  ///< raw graphs drawn until one was accepted, that one included
};

struct GeneratedProblems {
  std::vector<Problem> problems;
  std::int64_t graphs_tried = 0;  ///< problems.size() / graphs_tried estimates the share kept
};

/// Problem `index` of the set, complete with names, sentences and derived members. It depends on
/// (options, seed, index) only: its number of nodes is drawn first, and rejected graphs are redrawn
/// from the problem's own random stream, so any split of the indices over ranks gives the same set.
/// Options are expected to be checked. Error (usage) if 100,000 raw graphs in a row are rejected.
GeneratedProblem generate_problem(const GeneratorOptions& options, std::uint64_t index);

/// Problems begin..end-1, in order.
GeneratedProblems generate_problems(const GeneratorOptions& options, std::uint64_t begin,
                                    std::uint64_t end);

}  // namespace superpose::data
