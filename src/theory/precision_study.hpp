#pragma once
/// Where finite precision ends the construction: the attention choosers (RbS Lemma 3) over prompts
/// of growing length, without the rest of the transformer, whose logits stay small.

#include "theory/constants.hpp"
#include "theory/precision.hpp"

namespace superpose::theory {

struct ChooserCase {
  Encoding encoding = Encoding::sinusoidal;
  Precision precision = Precision::f64;
  int positions = 0;  ///< length T of the sequence
  int d_pe = 0;       ///< 0: by the rule
  ConstantsRule rule = ConstantsRule::ours;
};

/// Trivially copyable: travels between ranks. NaN where no constants do (choose_constants).
struct ChooserResult {
  double leak = 0;           ///< largest attention off the right position that was found
  double allowed = 0;        ///< what the constants promise; `safety` times as much is the end
  double largest_logit = 0;  ///< Constants::largest_logit
  double delta = 0, eta = 0, xi = 0;
};

/// Graphs of n = T / 6 nodes and 2 n edges, as sparse ones have. The choosers (x, 1) and (x, 2) are
/// asked at 8 positions spread over the last half of the sequence, as a position that holds x, one
/// that holds another token and a thought over all n nodes. Work: O(T d_PE) each.
ChooserResult measure_chooser(const ChooserCase& asked);

}  // namespace superpose::theory
