#include "io/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <set>

#include "core/enum_names.hpp"
#include "core/error.hpp"
#include "io/hdf5_file.hpp"
#include "io/inspect.hpp"

namespace superpose::io {
namespace {

/// Wide enough to subtract two i64 without rounding where the machine has such a type.
using Wide = long double;
constexpr Wide infinity = std::numeric_limits<Wide>::infinity();

/// |a - b|: 0 between equal numbers, infinities among them, and between two NaN.
template <class T>
Wide distance(T a, T b) {
  if (a == b) return 0;
  if (std::isnan(static_cast<Wide>(a)) && std::isnan(static_cast<Wide>(b))) return 0;
  const Wide difference = std::abs(static_cast<Wide>(a) - static_cast<Wide>(b));
  return std::isnan(difference) ? infinity : difference;
}

template <class T>
Wide relative(T a, T b, Wide distance) {
  if (distance == 0 || !std::isfinite(distance)) return distance;
  return distance / std::max(std::abs(static_cast<Wide>(a)), std::abs(static_cast<Wide>(b)));
}

std::vector<std::size_t> index_of(std::size_t i, const std::vector<std::size_t>& shape) {
  std::vector<std::size_t> index(shape.size());
  for (std::size_t d = shape.size(); d-- > 0; i /= shape[d]) index[d] = i % shape[d];
  return index;
}

/// Fills the numbers of `difference`: pairs that differ in their bits or beyond the tolerance.
template <class T>
void compare_numbers(const void* data_a, const void* data_b, const NamedTensor& layout,
                     const std::optional<double>& tolerance, Difference& difference) {
  const auto load = [](const void* data, std::size_t i) {
    T value;
    std::memcpy(&value, static_cast<const std::byte*>(data) + i * sizeof(T), sizeof(T));
    return value;
  };
  difference.n_numbers = layout.size();
  for (std::size_t i = 0; i < difference.n_numbers; ++i) {
    const T a = load(data_a, i), b = load(data_b, i);
    if (std::memcmp(&a, &b, sizeof(T)) == 0) continue;
    const Wide absolute = distance(a, b), share = relative(a, b, absolute);
    if (tolerance && share <= *tolerance) continue;
    if (difference.n_different++ == 0) difference.first = index_of(i, layout.shape);
    difference.largest_absolute =
        std::max(difference.largest_absolute, static_cast<double>(absolute));
    difference.largest_relative = std::max(difference.largest_relative, static_cast<double>(share));
  }
}

/// Values of `layout` in the two files.
Difference compare_values(const NamedTensor& layout, const void* a, const void* b,
                          const std::optional<double>& tolerance) {
  Difference difference{layout.name, ""};
  switch (layout.dtype) {
    case DType::f32:
      compare_numbers<float>(a, b, layout, tolerance, difference);
      break;
    case DType::f64:
      compare_numbers<double>(a, b, layout, tolerance, difference);
      break;
    case DType::i32:
      compare_numbers<std::int32_t>(a, b, layout, tolerance, difference);
      break;
    case DType::i64:
      compare_numbers<std::int64_t>(a, b, layout, tolerance, difference);
      break;
    case DType::u8:
      compare_numbers<std::uint8_t>(a, b, layout, tolerance, difference);
      break;
  }
  return difference;
}

/// "f32 [3, 5] (vocab_size, n_embd)"; the names of the dimensions if asked for.
std::string describe(const NamedTensor& layout, bool with_dims) {
  auto text = fmt::format("{} [{}]", to_string(layout.dtype), fmt::join(layout.shape, ", "));
  if (with_dims) text += fmt::format(" ({})", fmt::join(layout.dims, ", "));
  return text;
}

bool matches(const std::string& name, const std::string& pattern) {
  const std::string last = name.substr(name.rfind('/') + 1);
  return name == pattern || last == pattern || name.rfind(pattern + "/", 0) == 0;
}

File open_intact(const FileReport& report) {
  require_intact(report);
  return File::open(report.path);
}

/// The two files and what has been found between them.
class Comparer {
 public:
  Comparer(const std::string& path_a, const std::string& path_b, const CompareOptions& options)
      : report_a_(inspect(path_a)),
        report_b_(inspect(path_b)),
        file_a_(open_intact(report_a_)),
        file_b_(open_intact(report_b_)),
        options_(options) {
    validate(report_a_.kind.type == report_b_.kind.type, ExitCode::usage,
             "cannot compare {} with {} (a {} with a {})", path_a, path_b, report_a_.kind.type,
             report_b_.kind.type);
  }

  Comparison compare() {
    compare_header();
    compare_datasets();
    compare_provenance();
    for (const auto& pattern : options_.ignore)
      validate(matched_.count(pattern) != 0, ExitCode::usage,
               "cannot ignore '{}' (neither file has a dataset, counter or value of this name)",
               pattern);
    return std::move(comparison_);
  }

 private:
  /// Counts a name that is compared; false if it is to be left out.
  bool wanted(const std::string& name) {
    bool ignored = false;
    for (const auto& pattern : options_.ignore) {
      if (!matches(name, pattern)) continue;
      matched_.insert(pattern);
      ignored = true;
    }
    ++(ignored ? comparison_.n_ignored : comparison_.n_compared);
    return !ignored;
  }

  void record(Difference difference) {
    if (difference.layout.empty() && difference.n_different == 0) return;
    const bool wall_time = !report_a_.checkpoint && matches(difference.name, "seconds");
    (wall_time ? comparison_.wall_times : comparison_.differences).push_back(std::move(difference));
  }

  /// Calls both(name, a, b) for names in both maps and records those in one of them.
  template <class Map, class Both>
  void match(const std::string& prefix, const Map& a, const Map& b, Both&& both) {
    std::set<std::string> names;
    for (const auto* map : {&a, &b})
      for (const auto& entry : *map) names.insert(entry.first);
    for (const auto& key : names) {
      const std::string name = prefix + key;
      if (!wanted(name)) continue;
      const bool in_a = a.count(key) != 0, in_b = b.count(key) != 0;
      if (in_a && in_b)
        both(name, a.at(key), b.at(key));
      else
        record({name, "only in " + (in_a ? report_a_ : report_b_).path});
    }
  }

  template <class T>
  void compare_map(const std::string& prefix, const std::map<std::string, T>& a,
                   const std::map<std::string, T>& b) {
    match(prefix, a, b, [&](const std::string& name, const T& value_a, const T& value_b) {
      record(compare_values({name, {}, {}, dtype_of<T>()}, &value_a, &value_b, options_.tolerance));
    });
  }

  void compare_header() {
    using Step = std::map<std::string, std::int64_t>;
    const auto step = [](const FileReport& r) { return r.step ? Step{{"step", *r.step}} : Step{}; };
    compare_map("", step(report_a_), step(report_b_));
    compare_map("counters/", report_a_.counters, report_b_.counters);
    compare_map("values/", report_a_.values, report_b_.values);
  }

  void compare_datasets() {
    const auto by_name = [](const FileReport& report) {
      std::map<std::string, NamedTensor> layouts;
      for (const auto& dataset : report.datasets) layouts[dataset.layout.name] = dataset.layout;
      return layouts;
    };
    // Versions of a format may call a dimension differently.
    const bool with_dims = report_a_.kind.version == report_b_.kind.version;
    match("", by_name(report_a_), by_name(report_b_),
          [&](const std::string& name, const NamedTensor& a, const NamedTensor& b) {
            const auto layout_a = describe(a, with_dims), layout_b = describe(b, with_dims);
            if (layout_a != layout_b) return record({name, layout_a + " and " + layout_b});
            const auto values_a = read_values(file_a_, a), values_b = read_values(file_b_, b);
            record(compare_values(a, values_a.data(), values_b.data(), options_.tolerance));
          });
  }

  void compare_provenance() {
    const auto differ = [&](const char* name, const auto& a, const auto& b) {
      if (!(a == b)) comparison_.provenance.emplace_back(name);
    };
    const RunMetadata &a = report_a_.metadata, &b = report_b_.metadata;
    differ("superpose_version", a.superpose_version, b.superpose_version);
    differ("git_hash", a.git_hash, b.git_hash);
    differ("command_line", a.command_line, b.command_line);
    differ("configuration", a.configuration, b.configuration);
    comparison_.settings =
        changed_settings(settings_of(a.configuration), settings_of(b.configuration));
    differ("hosts", a.hosts, b.hosts);
    differ("n_ranks", a.n_ranks, b.n_ranks);
    differ("created", a.created, b.created);
    differ("libraries", a.libraries, b.libraries);
    differ("SLURM ids", a.slurm, b.slurm);
    differ("seeds", a.seeds, b.seeds);
    differ("data hashes", a.data_hashes, b.data_hashes);
    differ("sequence_version", a.sequence_version, b.sequence_version);
  }

  FileReport report_a_, report_b_;
  File file_a_, file_b_;
  const CompareOptions& options_;
  std::set<std::string> matched_;  ///< names to ignore that were there
  Comparison comparison_;
};

}  // namespace

Comparison compare(const std::string& path_a, const std::string& path_b,
                   const CompareOptions& options) {
  return Comparer(path_a, path_b, options).compare();
}

}  // namespace superpose::io
