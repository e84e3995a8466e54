#pragma once
#include "core/types.hpp"

namespace superpose::kernels {

/// Constants of one AdamW step, as in torch.optim.AdamW.
struct AdamWStep {
  double learning_rate, beta1, beta2, epsilon, weight_decay;
  double bias_correction1, bias_correction2;  ///< 1 - beta^t
  double gradient_scale;                      ///< multiplies the gradient (1 / count, clipping)
};

/// p *= 1 - lr wd;  m, v <- moments of gradient_scale * g;
/// p -= lr (m / bias1) / (sqrt(v / bias2) + epsilon). All [n].
template <class T>
void adamw(const Exec& exec, AdamWStep step, Vector<const T> gradient, Vector<T> m, Vector<T> v,
           Vector<T> parameter);

}  // namespace superpose::kernels
