#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "io/json_lines.hpp"

namespace superpose::train {

/// run.jsonl of a run directory: what is logged while the run goes on, for programs that follow it
/// (io/FORMAT.md, Live log). Of rank 0.
class LiveLog {
 public:
  /// How a run goes on in the file: after this many steps and epochs.
  struct Done {
    std::int64_t steps = 0, epochs = 0;
  };

  /// A new file, or that of the directory without the lines of what is done again. Error (io).
  LiveLog(const std::string& directory, const io::RunMetadata& metadata,
          const std::optional<Done>& continued);

  /// Of an epoch: in which `step` is its last one.
  void write(const io::Table& table, std::int64_t index, const io::Row& row, std::int64_t step);
  void sync() { lines_->sync(); }

 private:
  std::optional<io::JsonLines> lines_;
};

}  // namespace superpose::train
