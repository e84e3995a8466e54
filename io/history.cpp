#include "io/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <set>
#include <utility>

#include "core/durable_file.hpp"
#include "core/error.hpp"
#include "core/frontier_rule.hpp"
#include "core/log.hpp"
#include "core/timer.hpp"
#include "io/history_layout.hpp"
#include "io/inspect.hpp"
#include "io/output_file.hpp"
#include "io/seal.hpp"

namespace superpose::io {
namespace {

/// One column as a dataset of `rows` rows, without values.
NamedTensor layout_of(const std::string& table, const Column& column, const std::string& index,
                      std::size_t rows) {
  NamedTensor tensor{table + "/" + column.name, {index}, {rows}, column.dtype, nullptr};
  for (const auto& dimension : column.by) {
    tensor.dims.push_back(dimension.name);
    tensor.shape.push_back(dimension.coordinates.size());
  }
  return tensor;
}

void write_labels(File& file, const std::string& dataset, const Column& column) {
  file.set_attribute(dataset, "units", column.unit);
  file.set_attribute(dataset, "long_name", column.description);
  for (const auto& [name, text] : column.attributes) file.set_attribute(dataset, name, text);
}

void write_coordinates(File& file, const std::string& name, const Column& labels,
                       const std::vector<std::int64_t>& coordinates) {
  file.write_coordinate({name, {}, {coordinates.size()}, DType::i64, coordinates.data()});
  write_labels(file, name, labels);
}

void write_values(File& file, const NamedTensor& layout, const std::vector<double>& values) {
  ConstNamedTensor tensor = layout;
  tensor.data = values.data();
  if (layout.dtype == DType::f64) return file.write(tensor);
  const std::vector<std::int64_t> integers(values.begin(), values.end());
  tensor.data = integers.data();
  file.write(tensor);
}

template <class T>
std::vector<T> read_all(const File& file, const NamedTensor& layout) {
  validate(layout.dtype == dtype_of<T>(), ExitCode::io,
           "cannot read {} in {} (its numbers are of another type)", layout.name, file.path());
  const auto bytes = read_values(file, layout);
  std::vector<T> values(layout.size());
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

std::vector<std::int64_t> read_coordinates(const File& file, const NamedTensor& layout) {
  validate(layout.shape.size() == 1, ExitCode::io, "cannot read {} in {} (it is not a list)",
           layout.name, file.path());
  return read_all<std::int64_t>(file, layout);
}

/// Coordinates of the rows, which append and truncate_after rely on to ascend.
std::vector<std::int64_t> read_index(const File& file, const NamedTensor& layout) {
  auto index = read_coordinates(file, layout);
  const auto disorder = std::adjacent_find(index.begin(), index.end(), std::greater_equal<>());
  validate(disorder == index.end(), ExitCode::io, "cannot read {} in {} (it does not ascend)",
           layout.name, file.path());
  return index;
}

/// Integers are kept as doubles, see Column.
std::vector<double> read_numbers(const File& file, const NamedTensor& layout) {
  if (layout.dtype == DType::f64) return read_all<double>(file, layout);
  constexpr std::int64_t largest = std::int64_t{1} << 53;
  const auto integers = read_all<std::int64_t>(file, layout);
  const bool exact = std::all_of(integers.begin(), integers.end(),
                                 [](auto i) { return -largest <= i && i <= largest; });
  validate(exact, ExitCode::io, "cannot read {} in {} (it holds integers beyond 2^53)", layout.name,
           file.path());
  return {integers.begin(), integers.end()};
}

Column read_column(const File& file, const NamedTensor& layout, const std::string& group,
                   const std::string& name) {
  Column column{name,
                file.attribute<std::string>(layout.name, "units"),
                file.attribute<std::string>(layout.name, "long_name"),
                layout.dtype,
                {}};
  if (file.has_attribute(layout.name, frontier_rule_attribute))
    column.attributes[frontier_rule_attribute] =
        file.attribute<std::string>(layout.name, frontier_rule_attribute);
  for (std::size_t d = 1; d < layout.dims.size(); ++d) {
    const auto coordinates = file.layout(group + "/" + layout.dims[d]);
    column.by.push_back({layout.dims[d], read_coordinates(file, coordinates)});
  }
  return column;
}

/// A dataset may name dimensions that have another extent than it.
void check_shape(const File& file, const NamedTensor& layout, const Column& column,
                 std::size_t rows) {
  const auto expected = layout_of("", column, "", rows).shape;
  validate(layout.shape == expected, ExitCode::io,
           "cannot read {} in {} (its shape is [{}], its dimensions have [{}])", layout.name,
           file.path(), fmt::join(layout.shape, ", "), fmt::join(expected, ", "));
}

bool same_dimension(const ColumnDimension& a, const ColumnDimension& b) {
  return a.name == b.name && a.coordinates == b.coordinates;
}

bool same_layout(const Column& a, const Column& b) {
  return a.name == b.name && a.dtype == b.dtype &&
         std::equal(a.by.begin(), a.by.end(), b.by.begin(), b.by.end(), same_dimension);
}

/// The bytes of a whole file.
std::vector<std::byte> file_of(const std::string& path, const FileKind& kind,
                               const RunMetadata& metadata, const std::deque<Table>& tables) {
  File file = File::in_memory(path);
  io::write(file, kind, metadata);
  for (const auto& table : tables) table.write(file);
  auto contents = file.image();
  append_seal(contents);
  return contents;
}

}  // namespace

Table::Table(std::string name, Column index, std::vector<Column> columns)
    : name_(std::move(name)), index_column_(std::move(index)), columns_(std::move(columns)) {
  index_column_.dtype = DType::i64;
  for (const auto& column : columns_) {
    SUPERPOSE_EXPECT(column.dtype == DType::f64 || column.dtype == DType::i64);
    values_[column.name];
  }
}

const std::vector<double>& Table::values(const std::string& column) const {
  return values_.at(column);
}

void Table::append(std::int64_t index, const Row& row) {
  SUPERPOSE_EXPECT(index_.empty() || index > index_.back());
  SUPERPOSE_EXPECT(row.size() == columns_.size());
  for (const auto& column : columns_)
    SUPERPOSE_EXPECT(row.at(column.name).size() == column.width());
  for (const auto& [name, numbers] : row) {
    auto& values = values_.at(name);
    values.insert(values.end(), numbers.begin(), numbers.end());
  }
  index_.push_back(index);
}

bool Table::continue_with(const std::vector<Column>& columns) {
  const auto stays = [&](const Column& present) {
    return std::any_of(columns.begin(), columns.end(),
                       [&](const Column& column) { return same_layout(present, column); });
  };
  if (!std::all_of(columns_.begin(), columns_.end(), stays)) return false;
  for (const auto& column : columns) {
    const auto [values, is_new] = values_.try_emplace(column.name);
    if (is_new)
      values->second.assign(index_.size() * column.width(),
                            column.dtype == DType::f64 ? std::nan("") : 0.0);
  }
  columns_ = columns;
  return true;
}

void Table::truncate_after(std::int64_t last) {
  const auto rows = static_cast<std::size_t>(std::upper_bound(index_.begin(), index_.end(), last) -
                                             index_.begin());
  index_.resize(rows);
  for (const auto& column : columns_) values_.at(column.name).resize(rows * column.width());
}

void Table::write(File& file) const {
  write_coordinates(file, name_ + "/" + index_column_.name, index_column_, index_);
  for (const auto& column : columns_) {
    for (const auto& [dimension, coordinates] : column.by) {
      const std::string place = name_ + "/" + dimension;
      if (!file.exists(place))
        write_coordinates(file, place, {dimension, "1", dimension, DType::i64, {}}, coordinates);
    }
    const auto& values = values_.at(column.name);
    const auto layout = layout_of(name_, column, index_column_.name, index_.size());
    write_values(file, layout, values);
    write_labels(file, layout.name, column);
  }
  file.set_attribute(name_, history_layout::index_attribute, index_column_.name);
}

Table Table::read(const File& file, const std::string& name) {
  const auto index_name = file.attribute<std::string>(name, history_layout::index_attribute);
  const auto index = file.layout(name + "/" + index_name);
  Table table(name, read_column(file, index, name, index_name), {});
  table.index_ = read_index(file, index);
  for (const auto& child : file.children(name)) {
    const auto layout = file.layout(name + "/" + child);
    if (layout.dims.empty() || layout.dims[0] != index_name || child == index_name) continue;
    const auto column = history_layout::name_of_today(name, child);
    table.columns_.push_back(read_column(file, layout, name, column));
    check_shape(file, layout, table.columns_.back(), table.index_.size());
    table.values_[column] = read_numbers(file, layout);
  }
  return table;
}

Table Table::read_like(const Table& pattern, const File& file) {
  Table table = pattern;
  return table.read_values_like(file) ? table : read(file, pattern.name());
}

/// False if the file has other columns, coordinates or shapes.
bool Table::read_values_like(const File& file) {
  try {
    std::set<std::string> compared;
    for (const auto& column : columns_)
      for (const auto& [name, coordinates] : column.by)
        if (compared.insert(name).second &&
            read_coordinates(file, file.layout(name_ + "/" + name)) != coordinates)
          return false;
    if (file.children(name_).size() != columns_.size() + compared.size() + 1) return false;
    const auto& index_name = index_column_.name;
    index_ = read_index(file, file.layout(name_ + "/" + index_name));
    for (const auto& column : columns_)
      values_[column.name] =
          read_numbers(file, layout_of(name_, column, index_name, index_.size()));
    return true;
  } catch (const Error&) {  // reading it as it is says what is wrong
    return false;
  }
}

History::History(std::string path, RunMetadata metadata)
    : path_(std::move(path)), metadata_(std::move(metadata)) {}

History History::load(const std::string& path, RunMetadata metadata) {
  const File file = open_checked(path, history_layout::kind, ExitCode::io);
  metadata.created = read_metadata(file).created;
  History history(path, std::move(metadata));
  for (const auto& child : file.children("/"))
    if (file.is_group(child)) history.tables_.push_back(Table::read(file, child));
  return history;
}

Table& History::table(const std::string& name, const Column& index,
                      const std::vector<Column>& columns) {
  const auto found = std::find_if(tables_.begin(), tables_.end(),
                                  [&](const Table& table) { return table.name() == name; });
  if (found == tables_.end()) return tables_.emplace_back(name, index, columns);
  const bool fits = found->index_column().name == index.name && found->continue_with(columns);
  validate(fits, ExitCode::usage,
           "cannot continue {} (its table {} has other columns than this configuration records) "
           "start in a new output.directory",
           path_, name);
  return *found;
}

void History::flush() const {
  const Stopwatch watch;
  const auto contents = file_of(path_, history_layout::kind, metadata_, tables_);
  replace_file(path_, contents);
  log::detail("wrote {}: {} bytes in {:.3f} s", path_, contents.size(), watch.seconds());
}

std::vector<Table> read_tables(const std::string& path, const std::vector<std::string>& names,
                               const std::vector<Table>& patterns) {
  const File file = open_checked(path, history_layout::kind, ExitCode::io);
  std::vector<Table> tables;
  for (std::size_t i = 0; i < names.size(); ++i) {
    validate(file.is_group(names[i]), ExitCode::io, "{} has no table {} (it is of another program)",
             path, names[i]);
    tables.push_back(patterns.empty() ? Table::read(file, names[i])
                                      : Table::read_like(patterns[i], file));
  }
  return tables;
}

RunMetadata read_run_metadata(const std::string& path) {
  return read_metadata(open_checked(path, history_layout::kind, ExitCode::io));
}

void write_theory_file(const std::string& path, const RunMetadata& metadata,
                       const std::deque<Table>& tables) {
  write_output(path, file_of(path, history_layout::theory_kind, metadata, tables));
}

}  // namespace superpose::io
