#pragma once
/// The points of a sweep: every combination of the values of its axes, with all their settings.

#include <cstddef>
#include <string>
#include <vector>

#include "data/options.hpp"
#include "sweep/sweep_file.hpp"
#include "train/options.hpp"

namespace superpose::sweep {

/// `[resources]`: what a point is given to run on.
struct Resources {
  int nodes = 1;
  int ranks_per_node = 1;
  std::string time = "1-00:00:00";  ///< limit of the SLURM job
  std::string sbatch;               ///< further options for sbatch: "--partition=gpu --exclusive"

  int ranks() const { return nodes * ranks_per_node; }
};

/// `[generate]`: problems made for the sweep. Nothing is made unless a setting of it is given.
struct GeneratedProblems {
  data::GeneratorOptions options;  ///< of the training problems
  int valid_count = 500;           ///< held-out problems
  std::uint64_t valid_seed = 2;
  bool wanted = false;

  data::GeneratorOptions valid_options() const;
};

/// Everything that can differ between points.
struct PointOptions {
  train::RunOptions run;
  GeneratedProblems problems;
  Resources resources;
};

struct Point {
  std::vector<std::size_t> at;  ///< index of the value on each axis
  std::string identity;         ///< 16 hexadecimal digits: hash of all that its results depend on
  PointOptions options;
};

/// Every key of a point. Refers to `options`, which must outlive it.
config::OptionTable option_table(PointOptions& options);

/// In the order of the axes, the last (of the seeds) fastest. Error (usage) for a setting that is
/// unknown, wrong or does not fit the others, and for two points that are the same.
std::vector<Point> points_of(const Sweep& sweep);

/// "beta2 = 0.95, seed = 1"
std::string describe(const Sweep& sweep, const Point& point);

}  // namespace superpose::sweep
