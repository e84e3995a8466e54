#pragma once
/// Attention by cuDNN, for the launches it has plans for: bfloat16, keys that are the queries' own
/// rows (AttentionGroups::n_own_rows), head sizes in steps of 8. Same formulas and the same dropout
/// as the kernels in attention.cpp, which do the rest.
#include "kokkos_kernels/attention.hpp"

namespace superpose::kernels {

/// Of other types, and in builds without cuDNN: none is.
template <class... Arguments>
bool attention_forward_cudnn(const Arguments&...) {
  return false;
}
template <class... Arguments>
bool attention_backward_cudnn(const Arguments&...) {
  return false;
}

#ifdef SUPERPOSE_CUDNN

/// attention_forward; false, and nothing done, if it is none of cuDNN's.
bool attention_forward_cudnn(const Exec& exec, const AttentionInput<bfloat16>& in,
                             Matrix<bfloat16> out, Matrix<float> lse);

/// attention_backward, likewise. Its dk and dv are rounded to bfloat16 before they are added.
bool attention_backward_cudnn(const Exec& exec, const AttentionInput<bfloat16>& in,
                              const AttentionGradients<bfloat16>& gradients);

#endif

}  // namespace superpose::kernels
