#pragma once
/// The problems a theory job runs over: a file, or drawn ones. Each rank makes those it is dealt.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/problem.hpp"
#include "theory/options.hpp"

namespace superpose::theory {

struct ProblemSet {
  std::string name;  ///< for messages
  std::string hash;  ///< of the file; empty for drawn problems
  std::uint64_t count = 0;
  std::function<data::Problem(std::uint64_t)> at;  ///< problem i < count; the same on every rank
};

/// Error (data) as data::read_problems; Error (usage) as data::generate_problem.
ProblemSet problem_set(const ConstructOptions& options);
ProblemSet problem_set(const ProblemOptions& options);

/// Symbols V for these problems: `asked`, or as many as the largest graph has nodes if that is 0.
/// Error (usage) if they are fewer than that.
int symbols_for(const std::vector<data::Problem>& problems, int asked);

}  // namespace superpose::theory
