#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "core/matrix_place.hpp"
#include "core/types.hpp"
#include "optim/muon.hpp"
#include "optim/options.hpp"

namespace superpose::optim {

/// AdamW (Loshchilov and Hutter 2019) over a flat parameter buffer, as torch.optim.AdamW; or Muon
/// on the matrices among it and AdamW on the rest.
template <class T>
class Optimizer {
 public:
  /// `matrices`: what Muon updates, in the order of the buffer; adamw ignores them. `ranks` share
  /// Muon's work.
  Optimizer(const OptimizerOptions& options, std::size_t n,
            const std::vector<MatrixPlace>& matrices, Ranks ranks = {}, const Exec& exec = Exec());

  /// One step. The gradient is multiplied by `gradient_scale` first (1 / number of losses, and the
  /// clipping factor). `learning_rate` is AdamW's; Muon's moves in proportion to it. gradient,
  /// parameters [n]. With several ranks all of them call it, and Muon calls `exchange`.
  void step(Vector<const T> gradient, double gradient_scale, double learning_rate,
            Vector<T> parameters, const CompleteBlocks<T>& exchange = {});

  /// Forgets the moments, as a new optimiser would.
  void reset();

  Vector<T> m() const { return m_; }             ///< [n] first moment, or Muon's momentum
  Vector<T> v() const { return v_; }             ///< [n] second moment; 0 where Muon updates
  std::int64_t steps() const { return steps_; }  ///< since construction or reset
  void set_steps(std::int64_t steps) { steps_ = steps; }

 private:
  struct Span {
    std::size_t begin, end;
  };
  void adamw(Vector<const T> gradient, double gradient_scale, double learning_rate,
             Vector<T> parameters);
  kernels::MuonStep muon_step(double gradient_scale, double learning_rate) const;

  OptimizerOptions options_;
  Exec exec_;
  Vector<T> m_, v_;
  std::optional<Muon<T>> muon_;
  std::vector<Span> spans_;  ///< of AdamW: what lies between Muon's matrices
  std::int64_t steps_ = 0;
};

/// Euclidean norm of a flat gradient [n], added in one fixed order; not finite if an element is
/// not.
template <class T>
double norm(Vector<const T> gradient, const Exec& exec = Exec());

/// Factor that brings a gradient of this norm to at most clip_norm; 1 when clipping is off.
double clip_factor(double norm, double clip_norm);

}  // namespace superpose::optim
