#pragma once
/// What a checkpoint, a run.h5 or a probe file holds and whether it is intact. The file is walked
/// as it is, with no knowledge of the model, and what is damaged does not hide the rest: every
/// problem is found in one pass. Serial; not to be used with MPI started.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/tensor.hpp"
#include "io/hdf5_file.hpp"
#include "io/run_metadata.hpp"

namespace superpose::io {

struct DatasetReport {
  NamedTensor layout;   ///< without values; the name alone if the dataset cannot be opened
  std::string problem;  ///< empty: readable, and equal to its checksum if the file has checksums
};

/// A table of a run.h5.
struct TableReport {
  std::string name;
  std::string index;  ///< its first dimension
  std::size_t rows = 0;
};

struct FileReport {
  std::string path;
  FileKind kind;                                 ///< type and version as the file states them
  bool checkpoint = false;                       ///< the others have no checksum a dataset
  bool sealed = false;                           ///< and the seal matches; version 1 has none
  RunMetadata metadata;                          ///< empty if it cannot be read
  std::optional<std::int64_t> step;              ///< checkpoints
  std::map<std::string, std::int64_t> counters;  ///< checkpoints
  std::map<std::string, double> values;          ///< checkpoints
  std::vector<TableReport> tables;               ///< run.h5
  std::vector<DatasetReport> datasets;           ///< in the order of the file
  std::vector<std::string> problems;             ///< of the file as a whole
  std::vector<std::string> impossible;           ///< what no training leaves, though undamaged

  bool intact() const;
};

/// Reads the whole file, one dataset in memory at a time; if its seal does not match, first in a
/// child process (child_process.hpp). Error (io) if it cannot be opened, is none of these or makes
/// HDF5 crash; Error (checkpoint, or io for the others) if its format version is not one this
/// program reads. All else that is wrong is in the report.
FileReport inspect(const std::string& path);

/// Error (checkpoint, or io for the others) that names everything wrong in the report, if anything
/// is.
void require_intact(const FileReport& report);

/// Error (checkpoint) if the report holds counters or weights that no training leaves.
void require_possible(const FileReport& report);

/// All values of a dataset in row-major order, in the machine's byte order. Error (io) if they
/// cannot be read, or if the file is too short to hold them.
std::vector<std::byte> read_values(const File& file, const NamedTensor& layout);

}  // namespace superpose::io
