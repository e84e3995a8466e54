#pragma once
/// The claims of RbS Theorem 1, held against breadth-first search on one problem.

#include <array>
#include <cstdint>
#include <vector>

#include "data/problem.hpp"
#include "theory/construction.hpp"

namespace superpose::theory {

/// Answers are tallied by C - H (C thoughts, H hops from root to target) from -furthest_offset to
/// furthest_offset; what lies beyond counts at the ends.
inline constexpr int furthest_offset = 4;
using Tally = std::array<std::int64_t, 2 * furthest_offset + 1>;

/// Trivially copyable: travels between ranks.
struct GraphResult {
  std::int64_t n_nodes = 0, n_edges = 0, n_positions = 0;
  std::int64_t diameter = 0;      ///< of the graph
  std::int64_t eccentricity = 0;  ///< of the root: its furthest reachable node
  std::int64_t hops = 0;          ///< H
  std::int64_t thoughts = 0;      ///< C ran from 0 to this, the diameter + `beyond`
  double thought_error = 0;       ///< max over thoughts of ||thought - exact superposition||_2
  double smallest_reachable = 0;  ///< min over thoughts and V_c of the weight before eps_2, / eps_2
  double largest_other = 0;       ///< max over thoughts and nodes outside V_c of the same
  std::int64_t beyond_found = 0;  ///< nodes at exactly c + 1 hops that thought c holds, over all c
  std::int64_t beyond_nodes = 0;  ///< nodes at exactly c + 1 hops, over all c
  Tally asked{}, right{};         ///< numbers of thoughts C; those with the target's logit larger
};

/// Runs the construction on `problem`: thoughts 1 .. diameter + beyond, and an answer after each
/// number of them from 0. Order of the candidates is drawn from (seed, index).
template <class X>
GraphResult verify_construction(Construction<X>& construction, const data::Vocabulary& vocabulary,
                                const data::Problem& problem, std::uint64_t seed,
                                std::uint64_t index, int beyond);

/// The prompt in the papers' text: `|` after every edge, the last one included. Order of the
/// candidates is drawn from (seed, index).
std::vector<std::int32_t> prompt_of(const data::Problem& problem,
                                    const data::Vocabulary& vocabulary, std::uint64_t seed,
                                    std::uint64_t index);

/// Positions that takes: the prompt of n_edges edges, the thoughts and [A].
int positions_needed(const data::Problem& problem, int beyond);
int positions_needed(int n_edges, int diameter, int beyond);

/// The sizes that serve all of these problems.
Sizes sizes_of(const std::vector<data::Problem>& problems, int beyond);

extern template GraphResult verify_construction(Construction<double>&, const data::Vocabulary&,
                                                const data::Problem&, std::uint64_t, std::uint64_t,
                                                int);
extern template GraphResult verify_construction(Construction<float>&, const data::Vocabulary&,
                                                const data::Problem&, std::uint64_t, std::uint64_t,
                                                int);
extern template GraphResult verify_construction(Construction<bfloat16>&, const data::Vocabulary&,
                                                const data::Problem&, std::uint64_t, std::uint64_t,
                                                int);

}  // namespace superpose::theory
