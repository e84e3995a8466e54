#pragma once
/// Checkpoints: named tensors, counters and values that together continue a run to the same bits.
/// One HDF5 file a checkpoint, `<directory>/checkpoint_<step, 9 digits>.h5`, written in parallel
/// under a temporary name, read back, sealed and renamed; layout in FORMAT.md. This file knows
/// nothing of the model: the lists come from and go to src/train.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor.hpp"
#include "distributed/communicator.hpp"
#include "io/run_metadata.hpp"

namespace superpose::io {

/// Everything in a checkpoint but the tensors.
struct CheckpointHeader {
  std::int64_t step = 0;                         ///< optimiser steps done
  std::map<std::string, std::int64_t> counters;  ///< e.g. "epoch", "stage"
  std::map<std::string, double> values;          ///< e.g. "epoch_loss"
  std::optional<double> score;  ///< what the best checkpoint has most of; not read back
  RunMetadata metadata;
};

struct CheckpointFile {
  std::string path;
  std::int64_t step = 0;
};

/// Writes a checkpoint and then removes those up to header.step but the newest `keep` and the one
/// with the highest score (the later of equals), to which the link `best.h5` then points.
/// Collective. Every rank holds the same tensors, whole, and writes a part of their rows. Names may
/// hold groups ("optimizer/exp_avg/wte.weight"); a dimension has one extent in all tensors.
/// Errors, the same on every rank: Error (io) for space, directory or writing, and then the
/// checkpoints already there are untouched; Error (mpi) if a tensor differs between ranks.
void write_checkpoint(const distributed::Communicator& communicator, const std::string& directory,
                      const CheckpointHeader& header, const std::vector<NamedTensor>& tensors,
                      int keep);

/// Writes one checkpoint of this name, an output that a user named: what has the name stays until
/// the new file is whole. Collective. Errors as above.
void write_checkpoint_file(const distributed::Communicator& communicator, const std::string& path,
                           const CheckpointHeader& header, const std::vector<NamedTensor>& tensors);

/// Writes a small checkpoint by the same calls and removes it: what file system, MPI-IO or the path
/// do not allow is found before the work, not after it. Collective. Errors as write_checkpoint.
void try_checkpoint(const distributed::Communicator& communicator, const std::string& directory);

/// Checkpoints in a directory, newest first by the step that the file itself tells (by the one in
/// its name if it cannot be read: to be reported when it is tried). Empty if there is no such
/// directory; Error (io) if it cannot be listed.
std::vector<CheckpointFile> find_checkpoints(const std::string& directory);

/// The highest score of the checkpoints of a directory up to `step`; none if none has one.
std::optional<double> best_score(const std::string& directory, std::int64_t step);

/// What a path that stands for checkpoints names: the file itself, or all checkpoints of a run
/// directory, newest first. Error (io) as find_checkpoints.
std::vector<std::string> checkpoint_files(const std::string& path);

/// The first of them. Error (checkpoint) if a directory has none.
std::string checkpoint_file(const std::string& path);

/// The same, found by rank 0 for all ranks: a run that goes on removes old checkpoints while they
/// are listed. Collective.
std::vector<std::string> checkpoint_files(const distributed::Communicator& communicator,
                                          const std::string& path);
std::string checkpoint_file(const distributed::Communicator& communicator, const std::string& path);

/// Header of a checkpoint, read by this rank alone. Error (checkpoint) if it is none, is of another
/// version, incomplete or damaged.
CheckpointHeader read_header(const std::string& path);

/// The same on all ranks: rank 0 checks the whole file before the others open it. Collective.
CheckpointHeader read_header(const distributed::Communicator& communicator,
                             const std::string& path);

/// Fills the tensors of these names, read by this rank alone; shapes, types and checksums are
/// checked. Error (checkpoint) naming file and dataset. Others in the file are left out.
void read_tensors(const std::string& path, const std::vector<NamedTensor>& tensors);

/// The same on all ranks: rank 0 reads, the others receive. Collective; any number of ranks may
/// read what any other number wrote.
void read_tensors(const distributed::Communicator& communicator, const std::string& path,
                  const std::vector<NamedTensor>& tensors);

/// read_header and read_tensors on all ranks. Collective.
CheckpointHeader read_checkpoint(const distributed::Communicator& communicator,
                                 const std::string& path, const std::vector<NamedTensor>& tensors);

/// The newest checkpoint that can be used, with a warning for each newer one that cannot; nothing
/// if the directory has none. Collective. Error (checkpoint) if there are some and all are
/// unusable.
std::optional<CheckpointHeader> read_newest(const distributed::Communicator& communicator,
                                            const std::string& directory,
                                            const std::vector<NamedTensor>& tensors);

}  // namespace superpose::io
