#pragma once
#include "data/generator.hpp"
#include "distributed/communicator.hpp"

namespace superpose::data {

/// Problems 0 .. options.count - 1 on rank 0, in order; the other ranks keep none. Blocks go round
/// the ranks; since a problem depends on its index alone, any number of ranks gives the same set.
/// Collective.
GeneratedProblems generate_on_all_ranks(const GeneratorOptions& options,
                                        const distributed::Communicator& world);

}  // namespace superpose::data
