#pragma once
/// A sweep: runs that differ from a configuration by the values of some axes (one TOML file).

#include <array>
#include <string>
#include <vector>

#include "config/option_table.hpp"

namespace superpose::sweep {

/// What a point of a sweep runs.
enum class SweepJob { train, bench };
constexpr std::array<const char*, 2> names_of(SweepJob) {
  return {"train", "bench"};
}

/// `[sweep]`; `seeds` beside them makes the last axis.
struct SweepOptions {
  std::string base;       ///< configuration (TOML) the points start from, as seen from the file
  std::string directory;  ///< everything is written in here; empty: runs/sweeps/NAME_OF_THE_FILE
  SweepJob job = SweepJob::train;
};

/// One step along an axis: settings that change together.
struct AxisValue {
  std::string label;
  std::string base;  ///< its own base; empty: the sweep's
  std::vector<config::Setting> settings;
};

struct Axis {
  std::string name;
  std::vector<AxisValue> values;
};

/// Name of the axis that sweep.seeds make.
inline constexpr const char* seed_axis = "seed";

struct Sweep {
  std::string source;  ///< path of the file
  std::string name;    ///< of the file, without folder and ending
  std::string text;    ///< the file's
  SweepOptions options;
  std::vector<config::Setting> settings;  ///< of all points, beyond their base
  std::vector<Axis> axes;                 ///< that of the seeds is the last
};

/// Refers to `options`, which must outlive it.
config::OptionTable option_table(SweepOptions& options);

/// Error (usage) if the file cannot be read, is not TOML, or its [sweep] or an [[axis]] is wrong.
/// The settings themselves are checked where the points are made (sweep_points.hpp).
Sweep read_sweep(const std::string& path);

/// The same from text; `path` names it in messages, and bases are looked for beside it.
Sweep parse_sweep(const std::string& text, const std::string& path);

/// What a sweep file may hold, for --help.
std::string sweep_file_help();

}  // namespace superpose::sweep
