#include "optim/optimizer.hpp"

#include <cmath>

#include "kokkos_kernels/adamw.hpp"
#include "kokkos_kernels/reductions.hpp"

namespace superpose::optim {

template <class T>
AdamW<T>::AdamW(const OptimizerOptions& options, std::size_t n, const Exec& exec)
    : options_(options), exec_(exec), m_("adamw_m", n), v_("adamw_v", n) {}

template <class T>
void AdamW<T>::step(Vector<const T> gradient, double gradient_scale, double learning_rate,
                    Vector<T> parameters) {
  ++steps_;
  const double t = static_cast<double>(steps_);
  kernels::AdamWStep constants;
  constants.learning_rate = learning_rate;
  constants.beta1 = options_.beta1;
  constants.beta2 = options_.beta2;
  constants.epsilon = options_.epsilon;
  constants.weight_decay = options_.weight_decay;
  constants.bias_correction1 = 1 - std::pow(options_.beta1, t);
  constants.bias_correction2 = 1 - std::pow(options_.beta2, t);
  constants.gradient_scale = gradient_scale;
  kernels::adamw<T>(exec_, constants, gradient, m_, v_, parameters);
}

template <class T>
void AdamW<T>::reset() {
  Kokkos::deep_copy(exec_, m_, T(0));
  Kokkos::deep_copy(exec_, v_, T(0));
  steps_ = 0;
}

template <class T>
double norm(Vector<const T> gradient, const Exec& exec) {
  return std::sqrt(kernels::sum_of_squares<T>(exec, gradient));
}

double clip_factor(double norm, double clip_norm) {
  if (clip_norm <= 0 || norm <= clip_norm) return 1;
  return clip_norm / norm;
}

template class AdamW<float>;
template class AdamW<double>;
template double norm(Vector<const float>, const Exec&);
template double norm(Vector<const double>, const Exec&);

}  // namespace superpose::optim
