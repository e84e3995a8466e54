#pragma once
/// Faults at an exact place of a run, for tests: SUPERPOSE_FAULT="ACTION:PHASE:RANK:STEP", e.g.
/// "kill:backward:1:12". PHASE is "step" (a step is about to begin) or a region that ScopedTimer
/// measures, RANK may be "all", STEP is Activity::step().

#include <array>
#include <cstdint>
#include <string>

#include "core/enum_names.hpp"

namespace superpose::train {

class FaultInjection {
 public:
  /// What becomes NaN, each in the phase that makes it.
  enum class Poison { loss, gradient, weight };

  /// `specification` is null where nothing shall happen. Error (usage) if it is malformed or names
  /// a rank that is not there. Warns on the ranks it will strike.
  FaultInjection(const char* specification, int rank, int n_ranks);

  /// Whether something is still to happen on this rank.
  bool armed() const { return armed_; }

  /// Strikes if a process fault is armed for this phase and step. To be called as the phase begins.
  void begin(const char* phase, std::int64_t step);

  /// True once: this rank has to make its own `value` NaN in this step.
  bool poisons(Poison value, std::int64_t step);

 private:
  bool armed_ = false;
  std::string action_, phase_;
  std::int64_t step_ = 0;
};

/// As ACTION names them.
constexpr std::array<const char*, 3> names_of(FaultInjection::Poison) {
  return {"nan_loss", "nan_gradient", "nan_weight"};
}

}  // namespace superpose::train
