#include "optim/optimizer.hpp"

#include <algorithm>
#include <cmath>

#include "kokkos_kernels/adamw.hpp"
#include "kokkos_kernels/reductions.hpp"

namespace superpose::optim {
namespace {

/// A matrix of a flat buffer; `row_length` wide in memory.
template <class T>
Matrix<T> view_of(const Vector<T>& flat, const MatrixPlace& place) {
  const Matrix<T> whole_rows(flat.data() + place.offset, place.n_rows, place.row_length);
  return columns(whole_rows, {0, place.n_columns});
}

template <class T>
kernels::MuonSpace<T> space_for(const std::vector<MatrixPlace>& matrices) {
  int rows = 0, columns = 0;  // of matrices that lie down, the longer side is the second
  for (const auto& place : matrices) {
    rows = std::max(rows, std::min(place.n_rows, place.n_columns));
    columns = std::max(columns, std::max(place.n_rows, place.n_columns));
  }
  return kernels::MuonSpace<T>(rows, columns);
}

}  // namespace

template <class T>
Optimizer<T>::Optimizer(const OptimizerOptions& options, std::size_t n,
                        const std::vector<MatrixPlace>& matrices, const Exec& exec)
    : options_(options), exec_(exec), m_("exp_avg", n), v_("exp_avg_sq", n) {
  std::size_t begin = 0;
  if (options.name == Algorithm::muon) {
    matrices_ = matrices;
    space_ = space_for<T>(matrices_);
    for (const auto& place : matrices_) {
      if (place.offset > begin) spans_.push_back({begin, place.offset});
      begin = std::max(begin, place.end());
    }
  }
  if (n > begin) spans_.push_back({begin, n});
}

template <class T>
void Optimizer<T>::step(Vector<const T> gradient, double gradient_scale, double learning_rate,
                        Vector<T> parameters) {
  ++steps_;
  adamw(gradient, gradient_scale, learning_rate, parameters);
  muon(gradient, gradient_scale, learning_rate, parameters);
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
void Optimizer<T>::muon(Vector<const T> gradient, double gradient_scale, double learning_rate,
                        Vector<T> parameters) {
  kernels::MuonStep constants;
  constants.learning_rate = learning_rate * (options_.muon_learning_rate / options_.learning_rate);
  constants.momentum = options_.muon_momentum;
  constants.weight_decay = options_.weight_decay;
  constants.gradient_scale = gradient_scale;
  for (const auto& place : matrices_)
    kernels::muon<T>(exec_, constants, view_of(gradient, place), space_, view_of(m_, place),
                     view_of(parameters, place));
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
