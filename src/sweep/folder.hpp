#pragma once
/// What a sweep keeps on disk, the same with any batch system and without:
///
///   DIRECTORY/sweep.toml             the sweep file as last planned
///             points.csv             a line a point: its values on the axes, its identity
///             points/IDENTITY/       a run directory, named by the hash of what it runs:
///                 config.toml        every setting of the run
///                 job.sh             its commands, for slurm/point.sh
///                 state, log         what became of it, written by slurm/point.sh
///             problems/HASH.json     problem files made for the sweep
///             submissions/NNNN.*     .points: a line a task of a job; .job: its id, and of which
///                                    system if it is not SLURM's
///             logs/                  of the array tasks

#include <cstddef>
#include <string>
#include <vector>

#include "sweep/batch_system.hpp"
#include "sweep/sweep_points.hpp"

namespace superpose::sweep {

/// An array job, or a part of one that the batch system takes at once.
struct Submission {
  std::string list;  ///< path of the .points file
  std::string job;   ///< its id; empty if it was never recorded
  Scheduler scheduler = Scheduler::slurm;
  std::vector<std::string> points;  ///< identity by array task
};

class SweepFolder {
 public:
  explicit SweepFolder(const std::string& directory);

  const std::string& root() const { return root_; }  ///< absolute
  std::string point(const std::string& identity) const;

  /// Makes what is missing, and leaves points that are there as they are. Returns how many are new.
  /// Error (usage) if a point that is there has other commands or settings, or a folder another
  /// owner; Error (io).
  std::size_t prepare(const Sweep& sweep, const std::vector<Point>& points) const;

  std::vector<Submission> submissions() const;
  /// Writes the list of the next submission; returns its path. Error (io).
  std::string new_submission(const std::vector<std::string>& identities) const;
  /// Remembers the job of a list. Error (io).
  static void record_job(const std::string& list, const std::string& job, Scheduler scheduler);

 private:
  std::string root_;
};

/// The commands of a point as its job.sh has them.
std::string job_script(const SweepFolder& folder, const Sweep& sweep, const Point& point);

}  // namespace superpose::sweep
