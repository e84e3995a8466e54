#pragma once
/// Which problems an epoch visits, and in which order (jobs/README.md, Methods and schedules).

#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/options.hpp"

namespace superpose::data {

/// Consecutive problems of one file, and how many of them an epoch visits.
struct FileVisits {
  std::size_t n_problems, n_visited;
};

/// The visits of an epoch to files of these sizes. `shares`: part of each file, at least one
/// problem; empty for all of all files.
std::vector<FileVisits> visits_of(const std::vector<std::size_t>& sizes,
                                  const std::vector<double>& shares);

/// The order in which an epoch visits the problems: indices of all files' problems, shuffled. Which
/// problems of a file are visited is drawn anew in every epoch.
std::vector<std::uint32_t> epoch_order(const std::vector<FileVisits>& files, std::uint64_t seed,
                                       std::uint64_t epoch);

/// The visits of a run's epochs. Epochs are 0-based.
class Visits {
 public:
  Visits(const std::vector<std::size_t>& sizes, const SharePlan& plan);

  /// Of an epoch, to each file.
  const std::vector<FileVisits>& of_epoch(std::int64_t epoch) const;
  std::int64_t n_problems(std::int64_t epoch) const;
  /// Batches of epochs [first, last). The last batch of an epoch may be smaller.
  std::int64_t n_steps(std::int64_t first, std::int64_t last, std::int64_t batch_size) const;

 private:
  std::vector<FileVisits> first_, later_;
  std::int64_t later_from_;
};

}  // namespace superpose::data
