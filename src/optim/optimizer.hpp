#pragma once
#include <cstdint>

#include "core/types.hpp"
#include "optim/options.hpp"

namespace superpose::optim {

/// AdamW (Loshchilov and Hutter 2019) over a flat parameter buffer, as torch.optim.AdamW.
template <class T>
class AdamW {
 public:
  AdamW(const OptimizerOptions& options, std::size_t n, const Exec& exec = Exec());

  /// One step. The gradient is multiplied by `gradient_scale` first (1 / number of losses, and the
  /// clipping factor). gradient, parameters [n].
  void step(Vector<const T> gradient, double gradient_scale, double learning_rate,
            Vector<T> parameters);

  /// Forgets the moments, as a new optimiser would.
  void reset();

  Vector<T> m() const { return m_; }             ///< [n] first moment
  Vector<T> v() const { return v_; }             ///< [n] second moment
  std::int64_t steps() const { return steps_; }  ///< since construction or reset
  void set_steps(std::int64_t steps) { steps_ = steps; }

 private:
  OptimizerOptions options_;
  Exec exec_;
  Vector<T> m_, v_;
  std::int64_t steps_ = 0;
};

/// Euclidean norm of a flat gradient [n], added in one fixed order; not finite if an element is
/// not.
template <class T>
double norm(Vector<const T> gradient, const Exec& exec = Exec());

/// Factor that brings a gradient of this norm to at most clip_norm; 1 when clipping is off.
double clip_factor(double norm, double clip_norm);

}  // namespace superpose::optim
