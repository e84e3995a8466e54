#include "sweep/collected_file.hpp"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <functional>

#include "core/error.hpp"
#include "io/hdf5_file.hpp"
#include "io/output_file.hpp"
#include "io/seal.hpp"
#include "io/sweep_layout.hpp"
#include "sweep/csv.hpp"

namespace superpose::sweep {
namespace {

/// Axes as dimensions of a dataset.
struct Shape {
  std::vector<std::string> dims;
  std::vector<std::size_t> extents;
};

Shape shape_of(const Sweep& sweep, bool with_seeds) {
  Shape shape;
  for (const auto& axis : sweep.axes) {
    if (!with_seeds && axis.name == seed_axis) continue;
    shape.dims.push_back(axis.name);
    shape.extents.push_back(axis.values.size());
  }
  return shape;
}

bool has_seeds(const Sweep& sweep) {
  return !sweep.axes.empty() && sweep.axes.back().name == seed_axis;
}

std::size_t n_seeds(const Sweep& sweep) {
  return has_seeds(sweep) ? sweep.axes.back().values.size() : 1;
}

void label(io::File& file, const std::string& dataset, const std::string& unit,
           const std::string& description) {
  file.set_attribute(dataset, "units", unit);
  file.set_attribute(dataset, "long_name", description);
}

void write_numbers(io::File& file, const std::string& name, const Shape& shape,
                   const std::vector<double>& values) {
  file.write({name, shape.dims, shape.extents, DType::f64, values.data()});
}

void write_integers(io::File& file, const std::string& name, const Shape& shape,
                    const std::vector<std::int64_t>& values) {
  file.write({name, shape.dims, shape.extents, DType::i64, values.data()});
}

void write_coordinate(io::File& file, const std::string& name,
                      const std::vector<std::int64_t>& values) {
  file.write_coordinate({name, {}, {values.size()}, DType::i64, values.data()});
}

// --- Axes ----------------------------------------------------------------------------------------

/// The values of an axis of one setting, if all are of type T.
template <class T>
std::vector<T> values_of(const Axis& axis) {
  std::vector<T> values;
  for (const auto& value : axis.values) {
    if (value.settings.size() != 1 || !value.base.empty()) return {};
    const auto* number = std::get_if<T>(&value.settings.front().value);
    if (number == nullptr) return {};
    values.push_back(*number);
  }
  return values;
}

/// Coordinates are the numbers of an axis that has such, its labels otherwise.
void write_axis(io::File& file, const std::string& group, const Axis& axis) {
  const auto name = group + "/" + axis.name;
  const auto integers = values_of<std::int64_t>(axis);
  const auto numbers = values_of<double>(axis);
  std::vector<std::string> labels;
  for (const auto& value : axis.values) labels.push_back(value.label);
  if (!integers.empty())
    write_coordinate(file, name, integers);
  else if (!numbers.empty())
    file.write_coordinate({name, {}, {numbers.size()}, DType::f64, numbers.data()});
  else
    file.write_labels(name, labels);
  const auto& settings = axis.values.front().settings;
  file.set_attribute<std::string>(
      name, "long_name", settings.size() == 1 ? settings.front().key : "axis of the sweep");
}

/// Every group has the axes: xarray opens a group at a time.
void write_axes(io::File& file, const std::string& group, const Sweep& sweep,
                bool with_seeds = true) {
  file.create_group(group);
  for (const auto& axis : sweep.axes)
    if (with_seeds || axis.name != seed_axis) write_axis(file, group, axis);
}

// --- Values --------------------------------------------------------------------------------------

void write_states(io::File& file, const Planned& planned) {
  std::vector<std::int64_t> states;
  for (const auto& point : planned.status) states.push_back(static_cast<std::int64_t>(point.state));
  write_integers(file, "final/state", shape_of(planned.sweep, true), states);
  label(file, "final/state", "1", "what became of the point");
  // As in the climate and forecast conventions of netCDF: 0 is the first.
  file.set_attribute("final/state", "flag_meanings",
                     fmt::format("{}", fmt::join(all_names<State>(), " ")));
}

void write_summary(io::File& file, const Sweep& sweep, const Measure& measure,
                   const std::vector<Summary>& summaries) {
  struct Part {
    const char *ending, *what;
    double Summary::*member;
  };
  const Shape shape = shape_of(sweep, false);
  const std::string name = "summary/" + measure.name;
  for (const auto& [ending, what, member] :
       {Part{"_mean", "mean over seeds: ", &Summary::mean},
        Part{"_std", "standard deviation over seeds: ", &Summary::deviation},
        Part{"_low", "lower end of the 95 % interval of the mean: ", &Summary::low},
        Part{"_high", "upper end of the 95 % interval of the mean: ", &Summary::high}}) {
    std::vector<double> values;
    for (const auto& summary : summaries) values.push_back(summary.*member);
    write_numbers(file, name + ending, shape, values);
    label(file, name + ending, measure.unit, what + measure.description);
  }
  std::vector<std::int64_t> counts;
  for (const auto& summary : summaries) counts.push_back(summary.n);
  write_integers(file, name + "_n", shape, counts);
  label(file, name + "_n", "1", "seeds with a value: " + measure.description);
}

void write_series(io::File& file, const Sweep& sweep, const JoinedTable& table,
                  const Series& series) {
  Shape shape = shape_of(sweep, true);
  shape.dims.push_back(table.index_column.name);
  shape.extents.push_back(table.index.size());
  const std::string group = table.name + "/";
  for (const auto& dimension : series.column.by) {
    if (!file.exists(group + dimension.name))
      write_coordinate(file, group + dimension.name, dimension.coordinates);
    shape.dims.push_back(dimension.name);
    shape.extents.push_back(dimension.coordinates.size());
  }
  write_numbers(file, group + series.column.name, shape, series.values);
  label(file, group + series.column.name, series.column.unit, series.column.description);
}

void write_table(io::File& file, const Sweep& sweep, const JoinedTable& table) {
  if (table.index.empty()) return;
  write_axes(file, table.name, sweep);
  const std::string index = table.name + "/" + table.index_column.name;
  write_coordinate(file, index, table.index);
  label(file, index, table.index_column.unit, table.index_column.description);
  for (const auto& series : table.series) write_series(file, sweep, table, series);
}

std::string csv_number(double value) {
  return std::isnan(value) ? "" : fmt::format("{}", value);
}

}  // namespace

Summaries over_seeds(const Sweep& sweep, const std::vector<Measure>& measures) {
  const auto n = static_cast<std::ptrdiff_t>(n_seeds(sweep));
  Summaries summaries;
  for (const auto& [name, unit, description, values] : measures) {
    summaries.emplace_back();
    for (auto begin = values.begin(); begin != values.end(); begin += n)
      summaries.back().push_back(summarise({begin, begin + n}));
  }
  return summaries;
}

void write_collected(const std::string& path, const io::RunMetadata& metadata,
                     const Planned& planned, const std::vector<Measure>& measures,
                     const Summaries& summaries, const std::vector<JoinedTable>& tables) {
  io::File file = io::File::in_memory(path);
  io::write(file, io::sweep_layout::kind, metadata);
  write_axes(file, "final", planned.sweep);
  write_axes(file, "summary", planned.sweep, false);
  write_states(file, planned);
  for (std::size_t i = 0; i < measures.size(); ++i) {
    const auto name = "final/" + measures[i].name;
    write_numbers(file, name, shape_of(planned.sweep, true), measures[i].values);
    label(file, name, measures[i].unit, measures[i].description);
    write_summary(file, planned.sweep, measures[i], summaries[i]);
  }
  for (const auto& table : tables) write_table(file, planned.sweep, table);
  auto contents = file.image();
  io::append_seal(contents);
  io::write_output(path, contents);
}

void write_points_csv(const std::string& path, const Planned& planned,
                      const std::vector<Measure>& measures) {
  std::string text = csv_axes(planned.sweep) + "identity,state";
  for (const auto& measure : measures) text += "," + measure.name;
  text += "\n";
  for (std::size_t i = 0; i < planned.points.size(); ++i) {
    text += csv_labels(planned.sweep, planned.points[i]) + planned.points[i].identity + "," +
            to_string(planned.status[i].state);
    for (const auto& measure : measures) text += "," + csv_number(measure.values[i]);
    text += "\n";
  }
  io::write_output(path, text);
}

void write_summary_csv(const std::string& path, const Planned& planned,
                       const std::vector<Measure>& measures, const Summaries& summaries) {
  const auto n = n_seeds(planned.sweep);
  std::string text = csv_axes(planned.sweep, false) + "measure,n,mean,std,low,high\n";
  for (std::size_t m = 0; m < measures.size(); ++m)
    for (std::size_t i = 0; i < summaries[m].size(); ++i) {
      const auto& s = summaries[m][i];
      text += csv_labels(planned.sweep, planned.points[i * n], false) +
              fmt::format("{},{},{},{},{},{}\n", measures[m].name, s.n, csv_number(s.mean),
                          csv_number(s.deviation), csv_number(s.low), csv_number(s.high));
    }
  io::write_output(path, text);
}

}  // namespace superpose::sweep
