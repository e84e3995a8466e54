#include "sweep/results.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.hpp"
#include "core/files.hpp"
#include "core/log.hpp"
#include "core/progress_bar.hpp"
#include "io/evaluation_json.hpp"

namespace superpose::sweep {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A measure and its value in one point.
struct Named {
  std::string name, unit, description;
  double value;
};

double number_in(const io::Json& json, const char* key) {
  const auto& value = json.at(key);
  return value.is_null() ? nan : value.get<double>();
}

/// What `superpose evaluate --json` found with the training's own number of latent tokens: a
/// measure with coordinates becomes one for each of them.
std::vector<Named> of_evaluation(const io::Json& json) {
  const auto values = io::read_evaluation(json);
  std::vector<Named> found;
  for (const auto& info : evaluation_measures) {
    const auto& numbers = values[info.measure];
    if (info.by == MeasuredBy::evaluation)
      found.push_back({info.name, info.unit(), info.description, numbers.front()});
    const auto& coordinates = values.coordinates(info.by);
    for (std::size_t i = 0; i < coordinates.size(); ++i)
      found.push_back({fmt::format("{}_{}", info.name, coordinates[i]), info.unit(),
                       fmt::format("{}, {} = {}", info.description,
                                   info.by == MeasuredBy::hops ? "H" : "k", coordinates[i]),
                       numbers[i]});
  }
  return found;
}

/// What `superpose bench --json` found; times of a step, at each number of latent tokens.
std::vector<Named> of_bench(const io::Json& json) {
  const auto scaling = json.at("scaling").get<std::string>();
  std::vector<Named> found{{scaling + "_ranks", "1", "MPI ranks", number_in(json, "ranks")}};
  for (const auto& step : json.at("steps")) {
    const auto name = [&, latents = step.at("latents").dump()](const char* what) {
      return fmt::format("{}_{}_{}", scaling, what, latents);
    };
    const auto of =
        fmt::format(", {} scaling, {} latent tokens", scaling, step.at("latents").dump());
    found.push_back({name("step"), "s", "median step" + of, number_in(step, "median_seconds")});
    found.push_back({name("tokens_per_second"), "1/s", "tokens a second" + of,
                     number_in(step, "tokens_per_second")});
    const bool parallel = step.contains("communication");
    const auto& communication = parallel ? step.at("communication") : io::Json();
    found.push_back({name("exposed"), "s", "communication after backward" + of,
                     parallel ? number_in(communication, "exposed_seconds") : 0});
    found.push_back({name("blocking"), "s", "communication if none of it were hidden" + of,
                     parallel ? number_in(communication, "blocking_seconds") : 0});
    found.push_back({name("one_rank_step"), "s", "median step of rank 0 alone" + of,
                     number_in(step, parallel ? "one_rank_median_seconds" : "median_seconds")});
    found.push_back({name("efficiency"), "1", "efficiency beside one rank" + of,
                     parallel ? number_in(step, "efficiency") : 1});
  }
  return found;
}

std::vector<Named> read_json(const std::string& path,
                             std::vector<Named> (*measures_of)(const io::Json&)) {
  require_regular_file(path, ExitCode::io);
  std::ifstream file(path);
  validate(file.is_open(), ExitCode::io,
           "cannot read {} (its point is done, but the file is gone); remove the file state beside "
           "it and submit again",
           path);
  try {
    return measures_of(io::Json::parse(file));
  } catch (const io::Json::exception& error) {
    fail(ExitCode::io,
         "{} is not what superpose wrote ({}); remove it and the file state beside "
         "it, and submit again",
         path, error.what());
  }
}

/// What `read` gives; nothing, with a warning, if it cannot be read: one bad file leaves the other
/// points as they are.
template <class Item, class Read>
std::vector<Item> usable(Read&& read) {
  try {
    return read();
  } catch (const Error& error) {
    log::warning("left out: {}", error.what());
    return {};
  }
}

std::vector<Named> measures_of_point(const std::string& path, SweepJob job) {
  if (job == SweepJob::train) {
    if (!std::filesystem::exists(path + "/evaluation.json")) return {};  // no held-out problems
    return read_json(path + "/evaluation.json", of_evaluation);
  }
  auto measures = read_json(path + "/bench_strong.json", of_bench);
  for (auto& measure : read_json(path + "/bench_weak.json", of_bench))
    measures.push_back(std::move(measure));
  return measures;
}

/// The tables of each point; none if it is not done.
using Tables = std::vector<std::vector<io::Table>>;

Tables read_tables(const Planned& planned, const std::vector<std::string>& names) {
  Tables tables(planned.points.size());
  std::vector<io::Table> last;
  ProgressBar bar("histories", static_cast<std::int64_t>(tables.size()));
  for (std::size_t i = 0; i < tables.size(); ++i, bar.advance()) {
    if (planned.status[i].state != State::done) continue;
    const auto path = planned.folder.point(planned.points[i].identity) + "/run.h5";
    tables[i] = usable<io::Table>([&] { return io::read_tables(path, names, last); });
    if (last.empty()) last = tables[i];
  }
  return tables;
}

/// `more` taken into `coordinates`, which ascend.
void unite(std::vector<std::int64_t>& coordinates, const std::vector<std::int64_t>& more) {
  if (coordinates == more) return;
  std::vector<std::int64_t> united;
  std::set_union(coordinates.begin(), coordinates.end(), more.begin(), more.end(),
                 std::back_inserter(united));
  coordinates = std::move(united);
}

void unite(io::Column& column, const io::Column& more) {
  for (std::size_t d = 0; d < std::min(column.by.size(), more.by.size()); ++d)
    unite(column.by[d].coordinates, more.by[d].coordinates);
}

/// Index, columns and their coordinates of all tables together.
void unite(JoinedTable& joined, const io::Table& table) {
  joined.index_column = table.index_column();
  unite(joined.index, table.index());
  for (const auto& column : table.columns()) {
    const auto known =
        std::find_if(joined.series.begin(), joined.series.end(),
                     [&](const Series& series) { return series.column.name == column.name; });
    if (known == joined.series.end())
      joined.series.push_back({column, {}});
    else
      unite(known->column, column);
  }
}

/// Place of each coordinate among all of them.
std::vector<std::size_t> places(const std::vector<std::int64_t>& coordinates,
                                const std::vector<std::int64_t>& all) {
  std::vector<std::size_t> found;
  for (const auto c : coordinates)
    found.push_back(
        static_cast<std::size_t>(std::lower_bound(all.begin(), all.end(), c) - all.begin()));
  return found;
}

/// Flat place in `all` of each element of a row of `part`, whose dimensions are shorter.
std::vector<std::size_t> element_places(const io::Column& part, const io::Column& all) {
  std::vector<std::size_t> flat{0};
  for (std::size_t d = 0; d < part.by.size(); ++d) {
    const auto along = places(part.by[d].coordinates, all.by[d].coordinates);
    std::vector<std::size_t> next;
    for (const auto before : flat)
      for (const auto place : along) next.push_back(before * all.by[d].coordinates.size() + place);
    flat = std::move(next);
  }
  return flat;
}

void fill(Series& series, const JoinedTable& joined, const io::Table& table, std::size_t point) {
  const auto& columns = table.columns();
  const auto column = std::find_if(columns.begin(), columns.end(), [&](const io::Column& c) {
    return c.name == series.column.name;
  });
  if (column == columns.end()) return;
  const auto& values = table.values(column->name);
  const auto rows = places(table.index(), joined.index);
  const auto elements = element_places(*column, series.column);
  const auto width = series.column.width();
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (std::size_t e = 0; e < elements.size(); ++e)
      series.values[(point * joined.index.size() + rows[r]) * width + elements[e]] =
          values[r * elements.size() + e];
}

}  // namespace

std::vector<Measure> read_measures(const Planned& planned) {
  std::vector<Measure> measures;
  std::map<std::string, std::size_t> place;
  ProgressBar bar("results", static_cast<std::int64_t>(planned.points.size()));
  for (std::size_t i = 0; i < planned.points.size(); ++i, bar.advance()) {
    if (planned.status[i].state != State::done) continue;
    const auto path = planned.folder.point(planned.points[i].identity);
    for (auto& [name, unit, description, value] :
         usable<Named>([&] { return measures_of_point(path, planned.sweep.options.job); })) {
      const auto [known, is_new] = place.emplace(name, measures.size());
      if (is_new)
        measures.push_back(
            {name, unit, description, std::vector<double>(planned.points.size(), nan)});
      measures[known->second].values[i] = value;
    }
  }
  return measures;
}

std::vector<JoinedTable> join_tables(const Planned& planned,
                                     const std::vector<std::string>& names) {
  const auto tables = read_tables(planned, names);
  std::vector<JoinedTable> all;
  for (std::size_t t = 0; t < names.size(); ++t) {
    all.push_back({names[t], {}, {}, {}});
    for (const auto& point : tables)
      if (!point.empty()) unite(all.back(), point[t]);
    for (auto& series : all.back().series) {
      series.values.assign(tables.size() * all.back().index.size() * series.column.width(), nan);
      for (std::size_t i = 0; i < tables.size(); ++i)
        if (!tables[i].empty()) fill(series, all.back(), tables[i][t], i);
    }
  }
  return all;
}

}  // namespace superpose::sweep
