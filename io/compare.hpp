#pragma once
/// Whether two checkpoints, or two run.h5, hold the same: every dataset, counter and value, bit for
/// bit or within a tolerance. Serial, not to be used with MPI started; one pair of datasets in
/// memory at a time.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "io/stored_settings.hpp"

namespace superpose::io {

struct CompareOptions {
  /// None: bit for bit. Else numbers a and b are the same if |a - b| <= tolerance * max(|a|, |b|);
  /// 0 and -0 then are, and so are any two NaN. Units: relative, >= 0.
  std::optional<double> tolerance;
  /// Names to leave out: whole ("counters/epoch"), of a group ("optimizer") or the last part
  /// ("wte.weight").
  std::vector<std::string> ignore;
};

/// One dataset, counter or value that differs.
struct Difference {
  std::string name;    ///< "parameters/wte.weight", "counters/epoch", "step"
  std::string layout;  ///< what hinders a comparison ("only in a.h5"); then the rest is unset
  std::size_t n_numbers = 0;
  std::size_t n_different = 0;       ///< beyond the tolerance
  double largest_absolute = 0;       ///< over these; infinite where a NaN faces a number
  double largest_relative = 0;       ///< |a - b| / max(|a|, |b|)
  std::vector<std::size_t> first{};  ///< index of the first of these; empty for a scalar
};

struct Comparison {
  std::size_t n_compared = 0;           ///< datasets, counters and values in either file
  std::size_t n_ignored = 0;            ///< left out by name
  std::vector<Difference> differences;  ///< what counts
  std::vector<Difference> wall_times;   ///< "seconds" of run.h5: differ between any two runs
  std::vector<std::string> provenance;  ///< root attributes that differ, without a bearing on this
  std::vector<SettingChange> settings;  ///< of the configuration, likewise

  bool same() const { return differences.empty(); }
};

/// Error (checkpoint, or io for a run.h5) if one of them is not intact; Error (io) if it cannot be
/// opened or is neither; Error (usage) if they are of two kinds or a name to ignore is in neither.
Comparison compare(const std::string& path_a, const std::string& path_b,
                   const CompareOptions& options);

}  // namespace superpose::io
