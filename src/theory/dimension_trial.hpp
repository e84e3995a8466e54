#pragma once
/// Which parts of the construction hold with embeddings that are only almost orthogonal.

#include <array>
#include <cstdint>

#include "core/enum_names.hpp"
#include "data/problem.hpp"
#include "theory/embedded_construction.hpp"

namespace superpose::theory {

/// Each is judged on right inputs, so that each has its own answer; the construction holds from the
/// prompt to the answer if and only if all do.
enum class Stage {
  copy,    ///< layer 1 on the prompt: sources, targets and candidates in the buffers
  hold,    ///< layer 1 on a superposition: the nodes of V_c and no other token
  expand,  ///< layer 2: the next thought, V_(c+1)
  answer,  ///< [A] after the last thought: the target's logit alone is the largest
};
constexpr std::array<const char*, 4> names_of(Stage) {
  return {"copy", "hold", "expand", "answer"};
}
inline constexpr int n_stages = static_cast<int>(names_of(Stage{}).size());

/// [Stage] 1 if it is right throughout. Trivially copyable.
using StagesRight = std::array<std::uint8_t, n_stages>;

/// One problem with one embedding of d dimensions, which `random` draws. Thoughts run from the
/// root's to that of the furthest node.
StagesRight run_trial(const data::Problem& problem, const data::Vocabulary& vocabulary,
                      Protection protection, std::int64_t d, RandomStream random);

}  // namespace superpose::theory
