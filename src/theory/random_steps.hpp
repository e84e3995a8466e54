#pragma once
#include <cstdint>

namespace superpose::theory {

/// The `step` of every random stream of Purpose::theory, by what is drawn; `id` is the problem, or
/// the replica of gradient descent. They key the draws of every file: never renumber.
namespace random_step {
constexpr std::uint64_t graph = 0;
constexpr std::uint64_t order_of_candidates = 1;
/// The chains of one kind of decoding (of 3) on a graph.
constexpr std::uint64_t chains(std::size_t decoding) {
  return 8 + decoding;
}
/// The embedding of a trial.
constexpr std::uint64_t embedding = 11;
constexpr std::uint64_t dense_graph = 12;
/// The label of the step of thought generation after c < 1008 thoughts.
constexpr std::uint64_t label(int c) {
  return 16 + static_cast<std::uint64_t>(c);
}
/// The problems of a step of gradient descent, counted from 1.
constexpr std::uint64_t descent(int step) {
  return 1024 + static_cast<std::uint64_t>(step);
}
}  // namespace random_step

}  // namespace superpose::theory
