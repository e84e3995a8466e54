#include "sweep/sweep_points.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "config/duration.hpp"
#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/text_hash.hpp"

namespace superpose::sweep {
namespace {

constexpr std::size_t max_points = 1000000;

void set_all(PointOptions& options, const std::vector<config::Setting>& settings) {
  config::OptionTable table = option_table(options);
  for (const auto& setting : settings) {
    if (setting.key.rfind("generate.", 0) == 0) options.problems.wanted = true;
    table.set(setting);
  }
}

/// The settings of a base with those of all points: read once, however many points start there.
class Bases {
 public:
  explicit Bases(const Sweep& sweep) : sweep_(sweep) {}

  const PointOptions& at(const std::string& path) {
    const auto found = read_.find(path);
    if (found != read_.end()) return found->second;
    PointOptions options;
    set_all(options, config::read_toml(config::read_text(path), path));
    set_all(options, sweep_.settings);
    return read_.emplace(path, options).first->second;
  }

 private:
  const Sweep& sweep_;
  std::map<std::string, PointOptions> read_;
};

/// Whether the line only says that a setting younger than version 0.1.0 is not used.
bool is_neutral(const std::string& section, const std::string& line) {
  const auto& added = train::added_settings;
  return std::any_of(added.begin(), added.end(), [&](const train::AddedSetting& setting) {
    return section + "." + line == fmt::format("{} = {}", setting.key, setting.neutral);
  });
}

/// The configuration as version 0.1.0 wrote it if it could run it: points of that version keep
/// their identity, and need not be run again.
std::string without_neutral_settings(const std::string& configuration) {
  std::istringstream lines(configuration);
  std::string line, section, kept;
  while (std::getline(lines, line)) {
    if (!line.empty() && line.front() == '[') section = line.substr(1, line.find(']') - 1);
    if (!is_neutral(section, line)) kept += line + "\n";
  }
  return kept;
}

/// All that the results of a point depend on: the ranks too if times are the result.
std::string identity_of(PointOptions options, SweepJob job) {
  options.run.output.directory = ".";
  if (options.problems.wanted) {  // where they lie does not matter
    options.run.data.train.clear();
    options.run.data.valid.clear();
  }
  std::string text = without_neutral_settings(config::effective_config(options.run));
  if (options.problems.wanted)
    text += config::effective_config(options.problems.options) +
            config::effective_config(options.problems.valid_options());
  // Where a method's sequences have changed, earlier points are other points.
  if (const int version = data::sequence_version(options.run.method.name); version > 1)
    text += fmt::format("sequences {}\n", version);
  if (job == SweepJob::bench)
    text += fmt::format("bench on {} x {} ranks", options.resources.nodes,
                        options.resources.ranks_per_node);
  return text_hash(text);
}

/// Ranks of a point. Error (usage) if they are more than an int counts.
int n_ranks_of(const Resources& resources) {
  const auto ranks = std::int64_t{resources.nodes} * resources.ranks_per_node;
  validate(ranks <= std::numeric_limits<int>::max(), ExitCode::usage,
           "resources.nodes = {} with resources.ranks_per_node = {} are too many ranks ({}); "
           "lower one",
           resources.nodes, resources.ranks_per_node, ranks);
  return static_cast<int>(ranks);
}

void check_point(const Sweep& sweep, const Point& point) {
  try {
    config::check_new_run(point.options.run, n_ranks_of(point.options.resources));
    if (point.options.problems.wanted) {
      config::check(point.options.problems.options);
      config::check(point.options.problems.valid_options());
      validate(point.options.problems.valid_seed != point.options.problems.options.seed,
               ExitCode::usage,
               "generate.valid_seed = {} is generate.seed too (held-out problems would be those "
               "trained on); change one",
               point.options.problems.valid_seed);
    }
    config::parse_duration(point.options.resources.time, "resources.time");
  } catch (const Error& error) {
    fail(error.code(), "{} of {} cannot run: {}",
         sweep.axes.empty() ? "the only point" : "the point " + describe(sweep, point),
         sweep.source, error.what());
  }
}

std::size_t count_points(const Sweep& sweep) {
  std::size_t n = 1;
  for (const auto& axis : sweep.axes) {
    n *= axis.values.size();
    validate(n <= max_points, ExitCode::usage,
             "{} has more than {} points; make an axis shorter, or several sweeps of it",
             sweep.source, max_points);
  }
  return n;
}

/// Indices on the axes of the n-th point, the last axis fastest.
std::vector<std::size_t> indices(const Sweep& sweep, std::size_t n) {
  std::vector<std::size_t> at(sweep.axes.size());
  for (std::size_t axis = at.size(); axis-- > 0;) {
    at[axis] = n % sweep.axes[axis].values.size();
    n /= sweep.axes[axis].values.size();
  }
  return at;
}

Point make_point(const Sweep& sweep, std::vector<std::size_t> at, Bases& bases) {
  std::string base = sweep.options.base;
  std::vector<config::Setting> settings;
  for (std::size_t axis = 0; axis < at.size(); ++axis) {
    const auto& value = sweep.axes[axis].values[at[axis]];
    if (!value.base.empty()) base = value.base;
    settings.insert(settings.end(), value.settings.begin(), value.settings.end());
  }
  Point point{std::move(at), "", bases.at(base)};
  set_all(point.options, settings);
  point.identity = identity_of(point.options, sweep.options.job);
  check_point(sweep, point);
  return point;
}

}  // namespace

data::GeneratorOptions GeneratedProblems::valid_options() const {
  auto held_out = options;
  held_out.count = valid_count;
  held_out.seed = valid_seed;
  return held_out;
}

config::OptionTable option_table(PointOptions& options) {
  config::OptionTable table = config::option_table(options.run);
  table.add_section("generate", config::option_table(options.problems.options));
  table.add("generate.valid_count", options.problems.valid_count, "held-out problems to write",
            config::at_least(1));
  table.add("generate.valid_seed", options.problems.valid_seed, "their seed");
  table.add("resources.nodes", options.resources.nodes, "nodes of a point",
            config::from_to(1, 1 << 20));
  table.add("resources.ranks_per_node", options.resources.ranks_per_node, "MPI ranks on each",
            config::from_to(1, 1 << 16));
  table.add("resources.time", options.resources.time, "limit of a job, as SLURM writes it");
  table.add("resources.sbatch", options.resources.sbatch,
            "further options for sbatch, or flux batch, qsub, bsub");
  return table;
}

std::vector<Point> points_of(const Sweep& sweep) {
  Bases bases(sweep);
  std::map<std::string, std::size_t> first;  // point by identity
  std::vector<Point> points;
  const auto n = count_points(sweep);
  points.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    points.push_back(make_point(sweep, indices(sweep, i), bases));
    const auto [same, is_new] = first.emplace(points.back().identity, i);
    validate(is_new, ExitCode::usage,
             "two points of {} run the same: {} and {}; change or remove one", sweep.source,
             describe(sweep, points[same->second]), describe(sweep, points.back()));
  }
  return points;
}

std::string describe(const Sweep& sweep, const Point& point) {
  std::string text;
  for (std::size_t axis = 0; axis < sweep.axes.size(); ++axis)
    text += fmt::format("{}{} = {}", axis == 0 ? "" : ", ", sweep.axes[axis].name,
                        sweep.axes[axis].values[point.at[axis]].label);
  return text.empty() ? "the only point" : text;
}

}  // namespace superpose::sweep
