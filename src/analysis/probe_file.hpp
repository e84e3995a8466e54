#pragma once
/// The output of `superpose probe`: statistics, thoughts, logits, attention, and what it takes to
/// read them, in one HDF5 file (io/FORMAT.md).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/intervention_grid.hpp"
#include "analysis/raw_values.hpp"
#include "distributed/communicator.hpp"
#include "io/hdf5_file.hpp"
#include "io/output_file.hpp"
#include "io/run_metadata.hpp"

namespace superpose::analysis {

/// Where in its run a checkpoint stands.
struct CheckpointInfo {
  std::int64_t step = 0, epoch = 0, stage = 0;
};

/// What was found at one checkpoint.
struct CheckpointFindings {
  CheckpointInfo info;
  GroupedStatistics statistics;
  std::vector<std::vector<InterventionOutcome>> interventions;  ///< [grid][intervention]
};

/// Bytes of a probe file, some too many.
std::uint64_t file_bytes(const RawPlan& plan, std::size_t n_checkpoints);

/// A probe file being written, under a temporary name that finish() renames. Members are collective
/// and throw the same Error (io) on every rank; without finish() nothing is left.
class ProbeFile {
 public:
  /// Writes the problems of the plan, which outlives the file. Error (io) also if there is no
  /// space for n_checkpoints; Error (usage) if what is there may not be replaced.
  ProbeFile(const io::Output& output, const distributed::Communicator& communicator,
            const io::RunMetadata& metadata, const RawPlan& plan, std::size_t n_checkpoints);
  ProbeFile(const ProbeFile&) = delete;
  ProbeFile& operator=(const ProbeFile&) = delete;
  ~ProbeFile();

  /// Raw values of a checkpoint: its embeddings, then round after round (RoundListener).
  void begin_checkpoint(std::int64_t step, const model::Parameters<float>& parameters);
  void write_round(const ProbedBatch* batch);
  void end_checkpoint();

  /// The grouped statistics and interventions of all checkpoints; then renames the file. `skipped`
  /// says which checkpoints are missing and why, a line each, and is kept as an attribute.
  void finish(const std::vector<CheckpointFindings>& findings,
              const std::vector<InterventionGrid>& grids, const std::string& skipped);

 private:
  void begin(const io::RunMetadata& metadata, std::size_t n_checkpoints);  ///< on rank 0
  void remove_unfinished() const;

  std::string path_, temporary_, group_;
  distributed::Communicator communicator_;
  const RawPlan& plan_;
  std::optional<io::File> raw_;  ///< open to be filled, between begin_ and end_checkpoint
  bool finished_ = false;
};

}  // namespace superpose::analysis
