#include "optim/optimizer.hpp"

#include <algorithm>
#include <cmath>

#include "kokkos_kernels/adamw.hpp"
#include "kokkos_kernels/reductions.hpp"

namespace superpose::optim {

template <class T>
Optimizer<T>::Optimizer(const OptimizerOptions& options, std::size_t n,
                        const std::vector<MatrixPlace>& matrices, Ranks ranks, const Exec& exec)
    : options_(options), exec_(exec), m_("exp_avg", n), v_("exp_avg_sq", n) {
  std::size_t begin = 0;
  if (options.name == Algorithm::muon) {
    muon_.emplace(matrices, ranks, exec);
    for (const auto& place : matrices) {
      if (place.offset > begin) spans_.push_back({begin, place.offset});
      begin = std::max(begin, place.end());
    }
  }
  if (n > begin) spans_.push_back({begin, n});
}

template <class T>
void Optimizer<T>::step(Vector<const T> gradient, double gradient_scale, double learning_rate,
                        Vector<T> parameters, const CompleteBlocks<T>& exchange) {
  ++steps_;
  adamw(gradient, gradient_scale, learning_rate, parameters);
  if (muon_)
    muon_->step(muon_step(gradient_scale, learning_rate), gradient, m_, parameters, exchange);
}

template <class T>
void Optimizer<T>::adamw(Vector<const T> gradient, double gradient_scale, double learning_rate,
                         Vector<T> parameters) {
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
  for (const auto& span : spans_) {
    const auto part = Kokkos::make_pair(span.begin, span.end);
    kernels::adamw<T>(exec_, constants, Kokkos::subview(gradient, part), Kokkos::subview(m_, part),
                      Kokkos::subview(v_, part), Kokkos::subview(parameters, part));
  }
}

template <class T>
kernels::MuonStep Optimizer<T>::muon_step(double gradient_scale, double learning_rate) const {
  kernels::MuonStep constants;
  constants.learning_rate = learning_rate * (options_.muon_learning_rate / options_.learning_rate);
  constants.momentum = options_.muon_momentum;
  constants.weight_decay = options_.weight_decay;
  constants.gradient_scale = gradient_scale;
  return constants;
}

template <class T>
void Optimizer<T>::reset() {
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

template class Optimizer<float>;
template class Optimizer<double>;
template double norm(Vector<const float>, const Exec&);
template double norm(Vector<const double>, const Exec&);

}  // namespace superpose::optim
