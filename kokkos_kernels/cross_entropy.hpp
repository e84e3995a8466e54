#pragma once
#include "core/types.hpp"

namespace superpose::kernels {

/// Positions with a loss: target n reads logits row output(n); its labels are
/// label[begin[n] .. begin[n+1]), at least one.
struct Labels {
  Indices output, begin, label;
};

/// loss_n = log sum_v exp(logits_v) - log sum_{v in labels} exp(logits_v): cross-entropy for one
/// label, -log of the candidates' summed probability for a set (EoS App. E.2).
/// dlogits = d(sum_n loss_n)/dlogits, zero in rows without a target. An output has at most one
/// target. logits, dlogits [O,V]; loss [N].
template <class T>
void cross_entropy(const Exec& exec, Matrix<const T> logits, Labels labels, Vector<T> loss,
                   Matrix<T> dlogits);

}  // namespace superpose::kernels
