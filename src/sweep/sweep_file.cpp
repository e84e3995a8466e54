#include "sweep/sweep_file.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "config/nearest_name.hpp"
#include "config/toml_tree.hpp"
#include "core/error.hpp"
#include "core/evaluation_measures.hpp"
#include "core/plain_text.hpp"

namespace superpose::sweep {
namespace {

constexpr const char* axis_forms =
    "an [[axis]] has key and values; keys and values, a list of lists; or name and points, a list "
    "of tables";

/// One [[axis]], or the table of one point, with what messages need.
struct Node {
  const toml::table& table;
  const std::string& source;

  template <class... Arguments>
  [[noreturn]] void refuse(fmt::format_string<Arguments...> problem,
                           Arguments&&... arguments) const {
    fail(ExitCode::usage, "{} ({}); {}",
         fmt::format(problem, std::forward<Arguments>(arguments)...), config::where(table, source),
         axis_forms);
  }

  bool has(const char* key) const { return table.contains(key); }

  void require_keys(const std::vector<std::string>& known) const {
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (std::find(known.begin(), known.end(), name) == known.end())
        refuse("unknown key '{}' in [[axis]]{}", name, config::did_you_mean(name, known));
    }
  }

  /// Text, or `fallback` if the key is not there.
  std::string text(const char* key, const std::string& fallback) const {
    if (!has(key)) return fallback;
    const auto* text = table.get(key)->as_string();
    if (text == nullptr) refuse("{} is no text", key);
    return text->get();
  }

  const toml::array& array(const char* key) const {
    const auto* array = table.get_as<toml::array>(key);
    if (array == nullptr || array->empty()) refuse("{} is no list, or an empty one", key);
    return *array;
  }

  std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> found;
    for (const auto& node : array(key)) {
      const auto* text = node.as_string();
      if (text == nullptr) refuse("{} holds something that is no text", key);
      found.push_back(text->get());
    }
    return found;
  }
};

/// A value as a label: as in TOML, but text without quotes.
std::string label_of(const config::Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text ? *text : config::to_string(value);
}

/// key = "optimizer.beta2", values = [0.95, 0.999]
Axis grid_axis(const Node& node) {
  node.require_keys({"name", "key", "values"});
  const std::string key = node.text("key", "");
  Axis axis{node.text("name", config::last_part(key)), {}};
  for (const auto& item : node.array("values")) {
    const config::Value value = config::value_of(item);
    axis.values.push_back({label_of(value), "", {{key, value, config::where(item, node.source)}}});
  }
  return axis;
}

/// One list of a zip axis: a value for every key.
AxisValue zipped(const Node& node, const std::vector<std::string>& keys, const toml::node& item) {
  const auto* list = item.as_array();
  if (list == nullptr || list->size() != keys.size())
    node.refuse("values holds something that is no list of {} values, one for each of keys",
                keys.size());
  AxisValue value;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    value.settings.push_back(
        {keys[i], config::value_of((*list)[i]), config::where(item, node.source)});
    value.label += (i == 0 ? "" : ", ") + label_of(value.settings.back().value);
  }
  return value;
}

/// keys = ["model.n_layer", "model.n_head"], values = [[2, 8], [12, 12]]
Axis zip_axis(const Node& node) {
  node.require_keys({"name", "keys", "values"});
  const auto keys = node.texts("keys");
  std::string name;
  for (const auto& key : keys) name += (name.empty() ? "" : "_") + config::last_part(key);
  Axis axis{node.text("name", name), {}};
  for (const auto& item : node.array("values")) axis.values.push_back(zipped(node, keys, item));
  return axis;
}

/// { label = "CoT", base = "cot.toml", model.n_layer = 12 }; label and base are no settings.
AxisValue listed(const Node& point) {
  AxisValue value{point.text("label", ""), point.text("base", ""), {}};
  for (const auto& [key, node] : point.table) {
    const std::string name(key.str());
    if (name == "label" || name == "base") continue;
    if (const auto* section = node.as_table())
      config::flatten(*section, name + ".", point.source, value.settings);
    else
      value.settings.push_back({name, config::value_of(node), config::where(node, point.source)});
  }
  if (value.label.empty()) point.refuse("a point has no label");
  return value;
}

/// name = "method", points = [{...}, {...}]
Axis list_axis(const Node& node) {
  node.require_keys({"name", "points"});
  Axis axis{node.text("name", ""), {}};
  if (axis.name.empty()) node.refuse("an axis of points has no name");
  for (const auto& item : node.array("points")) {
    const auto* point = item.as_table();
    if (point == nullptr) node.refuse("points holds something that is no table");
    axis.values.push_back(listed({*point, node.source}));
  }
  return axis;
}

Axis axis_of(const Node& node) {
  if (node.has("key")) return grid_axis(node);
  if (node.has("keys")) return zip_axis(node);
  if (node.has("points")) return list_axis(node);
  node.refuse("an axis says nothing of what changes along it");
}

/// seeds = 3 for 1, 2, 3; or seeds = [7, 11].
Axis axis_of_seeds(const toml::node& node, const std::string& source) {
  std::vector<std::int64_t> seeds;
  if (const auto* count = node.as_integer())
    for (std::int64_t seed = 1; seed <= std::min<std::int64_t>(count->get(), 1 << 20); ++seed)
      seeds.push_back(seed);
  if (const auto* list = node.as_array())
    for (const auto& item : *list) seeds.push_back(item.value<std::int64_t>().value_or(-1));
  const bool usable = !seeds.empty() && *std::min_element(seeds.begin(), seeds.end()) >= 0;
  validate(usable, ExitCode::usage,
           "sweep.seeds is neither a number of seeds nor a list of them ({}); write seeds = 3 for "
           "1, 2, 3, or seeds = [7, 11]",
           config::where(node, source));
  Axis axis{seed_axis, {}};
  for (const auto seed : seeds)
    axis.values.push_back({std::to_string(seed),
                           "",
                           {{"train.seed", config::Value(seed), config::where(node, source)}}});
  return axis;
}

/// Names in the collected file that no axis may take (io/FORMAT.md).
bool is_reserved(const std::string& name) {
  static const std::set<std::string> others = {"",    "state", "epoch",  "stage",
                                               "hop", "hops",  "seconds"};
  return others.count(name) > 0 || enum_of<EvaluationMeasure>(name);
}

/// Lists of points, tables and scripts are files of lines; names and labels are shown, too.
void refuse_control_characters(const Sweep& sweep, const std::string& what,
                               const std::string& text) {
  validate(!has_control_characters(text), ExitCode::usage,
           "{} of {} holds a control character ({}); remove it", what, sweep.source,
           config::to_string(text));
}

void check_settings(const Sweep& sweep, const std::vector<config::Setting>& settings) {
  for (const auto& setting : settings)
    if (const auto* text = std::get_if<std::string>(&setting.value))
      refuse_control_characters(sweep, setting.key, *text);
}

void check_text(const Sweep& sweep) {
  refuse_control_characters(sweep, "the name", sweep.name);
  refuse_control_characters(sweep, "sweep.base", sweep.options.base);
  refuse_control_characters(sweep, "sweep.directory", sweep.options.directory);
  check_settings(sweep, sweep.settings);
  for (const auto& axis : sweep.axes) {
    refuse_control_characters(sweep, "the name of an axis", axis.name);
    for (const auto& value : axis.values) {
      refuse_control_characters(sweep, fmt::format("a label of axis '{}'", axis.name), value.label);
      refuse_control_characters(sweep, "a base", value.base);
      check_settings(sweep, value.settings);
    }
  }
}

/// Names become dimensions of the collected file, and labels coordinates.
void check_axes(const Sweep& sweep) {
  std::set<std::string> names;
  for (const auto& axis : sweep.axes) {
    const bool usable = !is_reserved(axis.name) && axis.name.find('/') == std::string::npos;
    validate(usable, ExitCode::usage,
             "an axis of {} is called '{}' (it names a dimension of the collected file, which has "
             "such a name already, or none with a '/'); give it another name",
             sweep.source, axis.name);
    validate(names.insert(axis.name).second, ExitCode::usage,
             "two axes of {} are called '{}' (they name dimensions of the collected file); give "
             "one another name",
             sweep.source, axis.name);
    std::set<std::string> labels;
    for (const auto& value : axis.values)
      validate(labels.insert(value.label).second, ExitCode::usage,
               "axis '{}' of {} has the value {} twice; remove one", axis.name, sweep.source,
               value.label);
  }
}

void read_options(Sweep& sweep, const toml::table& section) {
  config::OptionTable table = option_table(sweep.options);
  std::vector<config::Setting> settings;
  config::flatten(section, "sweep.", sweep.source, settings);
  auto known = table.keys();
  known.emplace_back("sweep.seeds");  // an axis
  for (const auto& [key, value, where] : settings) {
    validate(std::find(known.begin(), known.end(), key) != known.end(), ExitCode::usage,
             "unknown key '{}' ({}){}", key, where, config::did_you_mean(key, known));
    if (key != "sweep.seeds") table.set({key, value, where});
  }
}

/// [sweep], [[axis]], and beside them the settings of all points.
void read_top_level(Sweep& sweep, const toml::table& file) {
  for (const auto& [key, node] : file) {
    const std::string name(key.str());
    const auto* section = node.as_table();
    const auto* axes = node.as_array();
    if (name == "sweep" && section != nullptr) {
      read_options(sweep, *section);
    } else if (name == "axis" && axes != nullptr && axes->is_array_of_tables()) {
      for (const auto& axis : *axes)
        sweep.axes.push_back(axis_of({*axis.as_table(), sweep.source}));
    } else if (section != nullptr) {
      config::flatten(*section, name + ".", sweep.source, sweep.settings);
    } else {
      fail(ExitCode::usage, "'{}' is no section ({}); a sweep file has {}", name,
           config::where(node, sweep.source), "[sweep], [[axis]] and sections of settings");
    }
  }
}

std::string beside(const std::string& file, const std::string& path) {
  return (std::filesystem::path(file).parent_path() / path).lexically_normal().string();
}

void complete(Sweep& sweep) {
  auto& options = sweep.options;
  validate(!options.base.empty(), ExitCode::usage,
           "{} has no sweep.base (points start from a configuration); name one, as seen from the "
           "sweep file",
           sweep.source);
  options.base = beside(sweep.source, options.base);
  for (auto& axis : sweep.axes)
    for (auto& value : axis.values)
      if (!value.base.empty()) value.base = beside(sweep.source, value.base);
  if (options.directory.empty()) options.directory = "runs/sweeps/" + sweep.name;
}

}  // namespace

config::OptionTable option_table(SweepOptions& options) {
  config::OptionTable table;
  table.add("sweep.base", options.base, "configuration the points start from, beside this file");
  table.add("sweep.directory", options.directory,
            "where everything is written; empty: runs/sweeps/NAME_OF_THE_FILE");
  table.add("sweep.job", options.job, "what a point runs");
  return table;
}

Sweep parse_sweep(const std::string& text, const std::string& path) {
  Sweep sweep;
  sweep.source = path;
  sweep.name = std::filesystem::path(path).stem().string();
  sweep.text = text;
  const auto file = config::parse_toml(text, path);
  read_top_level(sweep, file);
  complete(sweep);
  if (const auto seeds = file["sweep"]["seeds"])
    sweep.axes.push_back(axis_of_seeds(*seeds.node(), path));
  check_text(sweep);
  check_axes(sweep);
  return sweep;
}

Sweep read_sweep(const std::string& path) {
  return parse_sweep(config::read_text(path), path);
}

std::string sweep_file_help() {
  return R"(A sweep file (TOML; examples in configs/sweeps):
  [sweep]                             what is swept
  base = "../quickstart.toml"         configuration the points start from, beside this file
  seeds = 3                           the last axis: 1, 2, 3; or a list of seeds
  directory = "runs/sweeps/NAME"      where everything is written
  job = "train"                       or "bench": a scaling study
  [train]                             and other sections: settings of all points
  epochs = 40
  [generate]                          problems made for the sweep: options of superpose generate,
  n_nodes = "8:28"                    and valid_count, valid_seed for the held-out ones
  [resources]                         nodes, ranks_per_node, time, sbatch (more options for it)
  nodes = 2
  [[axis]]                            points are all combinations of the axes
  key = "optimizer.beta2"             a setting
  values = [0.95, 0.999]
  [[axis]]
  keys = ["model.n_layer", "model.n_head"]    settings that change together
  values = [[2, 8], [12, 12]]
  [[axis]]
  name = "method"                     a list of anything
  points = [{ label = "CoT", base = "../prosqa_cot.toml" },
            { label = "pause", method.name = "pause" }])";
}

}  // namespace superpose::sweep
