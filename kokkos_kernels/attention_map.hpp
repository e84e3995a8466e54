#pragma once
/// What attention looks at, written out for analysis: attention itself never holds these matrices.
#include "kokkos_kernels/attention.hpp"

namespace superpose::kernels {

/// logits[q, h*longest + j] = q . k_j / sqrt(D) and weights = softmax_j of them, without dropout,
/// for the keys j <= position of query q; for later keys NaN and 0. logits, weights [Q,NH*longest],
/// longest = in.groups.longest.
template <class X>
void attention_map(const Exec& exec, const AttentionInput<X>& in, Matrix<Real<X>> logits,
                   Matrix<Real<X>> weights);

}  // namespace superpose::kernels
