#pragma once
/// Random graphs from which problems are chosen (RECORDS.md, Generator).

#include <optional>
#include <vector>

#include "core/random.hpp"
#include "data/options.hpp"
#include "data/problem.hpp"

namespace superpose::data {

/// Index drawn with probability proportional to its weight; weights are positive, at least one.
std::size_t draw_weighted(const std::vector<double>& weights, RandomStream& random);

/// A graph grown node by node from the two main sources 0 and 1, ids in order of creation and
/// without isolated nodes. Nothing if a main source stayed isolated. `n_nodes` is their number
/// before isolated ones are dropped: options.n_nodes is not read.
std::optional<Graph> draw_raw_graph(const GeneratorOptions& options, int n_nodes,
                                    RandomStream& random);

}  // namespace superpose::data
