#pragma once
/// The rows of a history as JSON, one to a line, in a file that grows while the run goes on. Names
/// of columns are those of `superpose_offline export --to jsonl` (FORMAT.md, Live log).

#include <cstdint>
#include <functional>
#include <string>

#include "core/descriptor.hpp"
#include "io/history.hpp"
#include "io/json_file.hpp"

namespace superpose::io {

/// The first line: the run's name, configuration and provenance. Its table is "run".
Json run_line(const std::string& name, const RunMetadata& metadata);

/// A row of a table, after `step` optimiser steps, at the present time. A column that has
/// dimensions beside the index is one for each of their values.
Json row_line(const Table& table, std::int64_t index, const Row& row, std::int64_t step);

/// A file of lines that readers may follow: every line is written at once and is there for them
/// when append returns. All errors are Error (io).
class JsonLines {
 public:
  /// An empty file in place of whatever has that name; no link is followed.
  explicit JsonLines(const std::string& path);

  /// Goes on in a file: cuts it, in place, before the first line that is not whole or that `keep`
  /// refuses. `keep` may throw Json::exception for a line of another form.
  JsonLines(const std::string& path, const std::function<bool(const Json&)>& keep);

  void append(const Json& line);
  void sync();  ///< what was written is on the disk afterwards

 private:
  std::string path_;
  Descriptor file_;
};

}  // namespace superpose::io
