#pragma once
/// Histories of a run: tables whose columns grow by step, by epoch or by evaluation. Rank 0 holds
/// them in memory and writes the whole file, `run.h5`, at every flush: under a temporary name, then
/// renamed. Why not an open file that grows: FORMAT.md.

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/tensor.hpp"
#include "io/hdf5_file.hpp"
#include "io/run_metadata.hpp"

namespace superpose::io {

/// A further dimension of a column, with its coordinates: accuracy by "hops" 1, 2, 3, 4.
struct ColumnDimension {
  std::string name;
  std::vector<std::int64_t> coordinates;
};

/// What a column holds. Values travel as double; an i64 column holds integers up to 2^53 exactly.
struct Column {
  std::string name;
  std::string unit;                 ///< "nat", "s", "1"; netCDF's attribute `units`
  std::string description;          ///< netCDF's attribute `long_name`
  DType dtype = DType::f64;         ///< f64 or i64
  std::vector<ColumnDimension> by;  ///< after the index, row-major; none: one number a row
  std::map<std::string, std::string> attributes{};  ///< further ones of the dataset

  std::size_t width() const {
    std::size_t n = 1;
    for (const auto& dimension : by) n *= dimension.coordinates.size();
    return n;
  }
};

/// Values of one row by column; a column of further dimensions takes width() numbers.
using Row = std::map<std::string, std::vector<double>>;

/// Rows in ascending order of an index (step, epoch); one row an index value.
class Table {
 public:
  Table(std::string name, Column index, std::vector<Column> columns);

  const std::string& name() const { return name_; }
  const Column& index_column() const { return index_column_; }
  const std::vector<Column>& columns() const { return columns_; }
  const std::vector<std::int64_t>& index() const { return index_; }
  /// Values of a column, row after row (rows x width).
  const std::vector<double>& values(const std::string& column) const;

  /// `index` is greater than the last one; `row` names every column.
  void append(std::int64_t index, const Row& row);
  /// Goes on with these columns. Rows so far have NaN (integers: 0) where a column is new. False,
  /// and nothing changes, if a present column is not among them or is laid out otherwise.
  bool continue_with(const std::vector<Column>& columns);
  /// Drops the rows beyond `last`: what a resumed run is about to do again.
  void truncate_after(std::int64_t last);

  void write(File& file) const;
  static Table read(const File& file, const std::string& name);
  /// The same for a table that probably has the columns of `pattern`: several times as fast then.
  static Table read_like(const Table& pattern, const File& file);

 private:
  bool read_values_like(const File& file);

  std::string name_;
  Column index_column_;
  std::vector<Column> columns_;
  std::vector<std::int64_t> index_;
  std::map<std::string, std::vector<double>> values_;
};

class History {
 public:
  History(std::string path, RunMetadata metadata);
  /// The tables of an existing file, to be continued and written by the run that `metadata`
  /// describes; the date the run was created stays. Error (io) if the file cannot be read.
  static History load(const std::string& path, RunMetadata metadata);

  /// The table of this name, with these columns; made if it is not there. Error (usage) if it was
  /// loaded with a column that is not one of them (Table::continue_with). The reference stays
  /// valid.
  Table& table(const std::string& name, const Column& index, const std::vector<Column>& columns);
  const std::deque<Table>& tables() const { return tables_; }

  /// Writes all tables; the previous file stays until the new one is on the disk. Error (io).
  void flush() const;

 private:
  std::string path_;
  RunMetadata metadata_;
  std::deque<Table> tables_;  ///< a deque: references to tables outlive new ones
};

/// Tables of these names of a run.h5. Error (io) if the file or a table cannot be read. `patterns`:
/// tables of the same names that these are probably like, or none.
std::vector<Table> read_tables(const std::string& path, const std::vector<std::string>& names,
                               const std::vector<Table>& patterns = {});

/// Where a run.h5 comes from. Error (io) if the file cannot be read.
RunMetadata read_run_metadata(const std::string& path);

/// The tables of `superpose theory` as a file of their own (superpose_theory, FORMAT.md); what is
/// under the name stays until the new file is on the disk. Error (io).
void write_theory_file(const std::string& path, const RunMetadata& metadata,
                       const std::deque<Table>& tables);

}  // namespace superpose::io
