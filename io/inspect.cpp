#include "io/inspect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <functional>
#include <set>

#include "io/checkpoint_layout.hpp"
#include "io/child_process.hpp"
#include "io/history_layout.hpp"
#include "io/probe_layout.hpp"
#include "io/seal.hpp"
#include "io/sweep_layout.hpp"

namespace superpose::io {
namespace {

namespace layout = checkpoint_layout;

/// Files of this program are three groups deep.
constexpr int max_depth = 8;

/// Runs `work`; gives back the message of the Error it throws, or nothing.
template <class Work>
std::string problem_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

template <class Work>
void attempt(std::vector<std::string>& problems, Work&& work) {
  const std::string problem = problem_of(work);
  if (!problem.empty()) problems.push_back(problem);
}

template <class Work>
void attempt(FileReport& report, Work&& work) {
  attempt(report.problems, work);
}

/// Appends the datasets of a group and of those below, but for groups that were `seen`: links may
/// make a circle. What cannot be opened is kept with the reason: it may have been a dataset.
void find_datasets(const File& file, const std::string& group, int depth,
                   std::set<std::uint64_t>& seen, std::vector<DatasetReport>& found) {
  if (!seen.insert(file.identity(group)).second) return;
  validate(depth < max_depth, ExitCode::io, "cannot list {} in {} (its groups are nested too deep)",
           group, file.path());
  for (const auto& name : file.links(group)) {
    const std::string path = group.empty() ? name : group + "/" + name;
    DatasetReport dataset;
    dataset.layout.name = path;
    dataset.problem = problem_of([&] {
      if (file.is_bare_dimension(path) || file.is_text(path)) return;
      if (file.is_group(path)) return find_datasets(file, path, depth + 1, seen, found);
      dataset.layout = file.layout(path);
      found.push_back(dataset);
    });
    if (!dataset.problem.empty()) found.push_back(dataset);
  }
}

// --- checkpoints ---------------------------------------------------------------------------------

/// Values that are not damaged may still be none that a training leaves.
void check_values(const File& file, const NamedTensor& tensor,
                  std::vector<std::string>& impossible) {
  validate(file.has_attribute(tensor.name, layout::checksum_attribute), ExitCode::io,
           "it has no checksum");
  NamedTensor filled = tensor;
  auto values = read_values(file, tensor);
  filled.data = values.data();
  const auto expected = file.attribute<std::uint64_t>(tensor.name, layout::checksum_attribute);
  validate(layout::checksum(filled) == expected, ExitCode::io, "its checksum does not match");
  attempt(impossible, [&] { layout::require_finite(filled, file.path()); });
}

/// AdamW has two moments for each parameter (FORMAT.md). Checksums cannot tell that a dataset is
/// missing.
void check_complete_set(FileReport& report) {
  const std::string groups[] = {"parameters/", "optimizer/exp_avg/", "optimizer/exp_avg_sq/"};
  std::set<std::string> present, tensors;
  for (const auto& dataset : report.datasets) {
    const std::string& name = dataset.layout.name;
    present.insert(name);
    for (const auto& group : groups)
      if (name.rfind(group, 0) == 0) tensors.insert(name.substr(group.size()));
  }
  for (const auto& tensor : tensors)
    for (const auto& group : groups)
      if (present.count(group + tensor) == 0)
        report.problems.push_back(fmt::format("{}{} is missing", group, tensor));
  if (tensors.empty()) report.problems.push_back("it holds no parameters");
}

void check_checkpoint(const File& file, FileReport& report) {
  attempt(report, [&] { report.step = file.attribute<std::int64_t>("/", "step"); });
  attempt(report, [&] { report.counters = layout::read_group<std::int64_t>(file, "counters"); });
  attempt(report.impossible,
          [&] { layout::require_possible(report.step.value_or(0), report.counters, file.path()); });
  attempt(report, [&] { report.values = layout::read_group<double>(file, "values"); });
  attempt(report, [&] {
    validate(layout::is_complete(file), ExitCode::checkpoint,
             "it is incomplete (it was not written to its end)");
  });
  check_complete_set(report);
  for (auto& dataset : report.datasets)
    if (dataset.problem.empty())
      dataset.problem = problem_of([&] { check_values(file, dataset.layout, report.impossible); });
}

// --- run.h5 --------------------------------------------------------------------------------------

std::vector<std::int64_t> read_index(const File& file, const std::string& dataset) {
  const NamedTensor tensor = file.layout(dataset);
  validate(tensor.shape.size() == 1 && tensor.dtype == DType::i64, ExitCode::io,
           "{} is not a list of integers", dataset);
  const auto bytes = read_values(file, tensor);
  std::vector<std::int64_t> index(tensor.size());
  if (!bytes.empty()) std::memcpy(index.data(), bytes.data(), bytes.size());
  return index;
}

TableReport read_table(const File& file, const std::string& name) {
  TableReport table{name, file.attribute<std::string>(name, history_layout::index_attribute)};
  const auto index = read_index(file, name + "/" + table.index);
  const auto disorder =
      std::adjacent_find(index.begin(), index.end(), std::greater_equal<std::int64_t>());
  validate(disorder == index.end(), ExitCode::io, "{}/{} does not ascend", name, table.index);
  table.rows = index.size();
  return table;
}

void check_column(const File& file, const FileReport& report, const NamedTensor& column) {
  read_values(file, column);
  for (const auto& table : report.tables) {
    const bool indexed = column.name.rfind(table.name + "/", 0) == 0 && !column.dims.empty() &&
                         column.dims[0] == table.index;
    validate(!indexed || column.shape[0] == table.rows, ExitCode::io,
             "it has {} rows, its table {} has {}", indexed ? column.shape[0] : 0, table.name,
             table.rows);
  }
}

void check_run(const File& file, FileReport& report) {
  for (const auto& name : file.links(""))
    attempt(report, [&] {
      if (file.is_group(name)) report.tables.push_back(read_table(file, name));
    });
  for (auto& dataset : report.datasets)
    if (dataset.problem.empty())
      dataset.problem = problem_of([&] { check_column(file, report, dataset.layout); });
}

ExitCode code_of(const FileReport& report) {
  return report.checkpoint ? ExitCode::checkpoint : ExitCode::io;
}

void check_readable(const File& file, FileReport& report) {
  for (auto& dataset : report.datasets)
    if (dataset.problem.empty())
      dataset.problem = problem_of([&] { read_values(file, dataset.layout); });
}

/// The kinds of files that can be inspected.
const FileKind* kind_of(const std::string& type) {
  for (const FileKind* kind : {&layout::kind, &history_layout::kind, &history_layout::theory_kind,
                               &probe_layout::kind, &sweep_layout::kind})
    if (kind->type == type) return kind;
  return nullptr;
}

/// What the file is. Error as inspect promises.
void read_kind(const File& file, FileReport& report) {
  validate(file.has_attribute("/", "file_type"), ExitCode::io,
           "{} is no file of superpose (it does not say what it is)", file.path());
  report.kind.type = file.attribute<std::string>("/", "file_type");
  const FileKind* kind = kind_of(report.kind.type);
  validate(kind != nullptr, ExitCode::io, "{} is no file of superpose (it is {})", file.path(),
           report.kind.type);
  report.checkpoint = kind == &layout::kind;
  require_kind(file, *kind, code_of(report));
  report.kind.version = file.attribute<std::int64_t>("/", "format_version");
}

/// Whether a dataset of this shape and type can be in so many bytes; without overflow.
bool fits(const NamedTensor& tensor, std::size_t bytes) {
  std::size_t n = bytes / size_of(tensor.dtype);
  for (const std::size_t extent : tensor.shape) {
    if (extent == 0) return true;
    n /= extent;
  }
  return n > 0;
}

/// What the seal says of a file whose version is known.
void read_seal(SealState seal, FileReport& report) {
  report.sealed = seal == SealState::intact;
  if (seal == SealState::broken)
    report.problems.emplace_back(
        "its seal does not match: bytes have changed since it was written");
  if (seal == SealState::absent && report.kind.version >= first_sealed_version)
    report.problems.emplace_back(
        "it has no seal: it is incomplete, or another program has changed it");
}

FileReport read_report(const std::string& path, SealState seal) {
  const File file = File::open(path);
  FileReport report;
  report.path = path;
  read_kind(file, report);
  read_seal(seal, report);
  attempt(report, [&] { report.metadata = read_metadata(file); });
  attempt(report, [&] {
    const auto link = file.link_to_another_file();
    validate(link.empty(), ExitCode::io, "its object {} is in another file", link);
  });
  std::set<std::uint64_t> seen;
  attempt(report, [&] { find_datasets(file, "", 0, seen, report.datasets); });
  if (report.checkpoint)
    check_checkpoint(file, report);
  else if (report.kind.type == probe_layout::kind.type ||
           report.kind.type == sweep_layout::kind.type)
    check_readable(file, report);
  else
    check_run(file, report);
  return report;
}

}  // namespace

FileReport inspect(const std::string& path) {
  const auto seal = check_seal(path);
  if (seal == SealState::intact) return read_report(path, seal);
  // Reading and checksums take a second a GB.
  std::error_code unknown;
  const auto size = std::filesystem::file_size(path, unknown);
  const unsigned long seconds = 10 + (unknown ? 0 : size / 50'000'000);
  validate(survives(seconds, [&] { read_report(path, seal); }), ExitCode::io,
           "cannot read {} (it is so damaged that HDF5 crashes over it)", path);
  return read_report(path, seal);
}

bool FileReport::intact() const {
  return problems.empty() && std::all_of(datasets.begin(), datasets.end(), [](const auto& dataset) {
           return dataset.problem.empty();
         });
}

void require_possible(const FileReport& report) {
  if (!report.impossible.empty())
    fail(ExitCode::checkpoint, "{}", fmt::join(report.impossible, "; "));
}

void require_intact(const FileReport& report) {
  if (report.intact()) return;
  auto problems = report.problems;
  for (const auto& dataset : report.datasets)
    if (!dataset.problem.empty())
      problems.push_back(fmt::format("{}: {}", dataset.layout.name, dataset.problem));
  fail(code_of(report), "{} is damaged ({})", report.path, fmt::join(problems, "; "));
}

std::vector<std::byte> read_values(const File& file, const NamedTensor& layout) {
  // Values are contiguous and uncompressed; a damaged extent would ask for any amount of memory.
  std::error_code unknown;
  const auto size = std::filesystem::file_size(file.path(), unknown);
  validate(!unknown && fits(layout, size), ExitCode::io,
           "cannot read {} in {} (it is larger than the file)", layout.name, file.path());
  std::vector<std::byte> values(layout.bytes());
  NamedTensor filled = layout;
  filled.data = values.data();
  file.read(filled);
  return values;
}

}  // namespace superpose::io
