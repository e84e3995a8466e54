#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "core/error.hpp"
#include "core/log.hpp"
#include "distributed/same_on_ranks.hpp"
#include "io/agreement.hpp"
#include "io/checkpoint.hpp"
#include "io/checkpoint_layout.hpp"
#include "io/hdf5_file.hpp"
#include "io/seal.hpp"

namespace superpose::io {

bool checkpoint_layout::is_name(const std::string& file_name, const std::string& ending) {
  const std::string prefix = name_prefix;
  if (file_name.size() <= prefix.size() + ending.size() || file_name.rfind(prefix, 0) != 0)
    return false;
  const auto end = file_name.size() - ending.size();
  const auto is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
  return file_name.substr(end) == ending &&
         std::all_of(file_name.begin() + prefix.size(), file_name.begin() + end, is_digit);
}

void checkpoint_layout::require_finite(const NamedTensor& tensor, const std::string& file) {
  const bool weights = tensor.name.rfind("parameters/", 0) == 0 && tensor.dtype == DType::f32;
  if (!weights) return;
  const auto* values = static_cast<const float*>(tensor.data);
  const bool finite =
      std::all_of(values, values + tensor.size(), [](float x) { return std::isfinite(x); });
  validate(finite, ExitCode::checkpoint,
           "checkpoint {} is unusable (dataset {} holds weights that are not finite, which no "
           "training leaves)",
           file, tensor.name);
}

void checkpoint_layout::require_possible(std::int64_t step,
                                         const std::map<std::string, std::int64_t>& counters,
                                         const std::string& file) {
  constexpr std::int64_t most = std::int64_t{1} << 62;  // sums of two of them are still numbers
  auto all = counters;
  all["step"] = step;
  for (const auto& [name, count] : all)
    validate(count >= 0 && count <= most, ExitCode::checkpoint,
             "checkpoint {} is unusable (it says that '{}' is {}, and no training counts so)", file,
             name, count);
}

namespace {

namespace fs = std::filesystem;
namespace layout = checkpoint_layout;
using distributed::Communicator;

/// Runs `read` and turns what goes wrong into Error (checkpoint): the file is the problem.
template <class Read>
auto reading(Read&& read) {
  try {
    return read();
  } catch (const Error& error) {
    throw Error(ExitCode::checkpoint, error.what());
  }
}

File open_checkpoint(const std::string& path) {
  File file = open_checked(path, layout::kind, ExitCode::checkpoint);
  validate(layout::is_complete(file), ExitCode::checkpoint,
           "checkpoint {} is incomplete (it was not written to its end)", path);
  return file;
}

void read_checked(const File& file, const NamedTensor& tensor) {
  validate(file.exists(tensor.name), ExitCode::checkpoint,
           "checkpoint {} has no dataset {} (it was written with another configuration)",
           file.path(), tensor.name);
  file.read(tensor);
  const auto expected = file.attribute<std::uint64_t>(tensor.name, layout::checksum_attribute);
  validate(layout::checksum(tensor) == expected, ExitCode::checkpoint,
           "checkpoint {} is damaged (checksum of dataset {} does not match)", file.path(),
           tensor.name);
  layout::require_finite(tensor, file.path());
}

std::int64_t step_in_name(const fs::path& path) {
  return std::strtoll(
      path.filename().string().substr(std::string(layout::name_prefix).size()).c_str(), nullptr,
      10);
}

std::int64_t step_of(const fs::path& path) {
  if (const auto seal = read_seal(path.string())) return seal->step;
  try {
    return File::open(path.string()).attribute<std::int64_t>("/", "step");
  } catch (const Error&) {
    return step_in_name(path);
  }
}

CheckpointHeader header_in(const File& file) {
  CheckpointHeader header;
  header.step = file.attribute<std::int64_t>("/", "step");
  header.counters = layout::read_group<std::int64_t>(file, "counters");
  header.values = layout::read_group<double>(file, "values");
  header.metadata = read_metadata(file);
  layout::require_possible(header.step, header.counters, file.path());
  return header;
}

/// Path of the newest checkpoint whose header and tensors can be read; fills the tensors.
std::string read_newest_usable(const std::vector<CheckpointFile>& candidates,
                               const std::vector<NamedTensor>& tensors) {
  for (const auto& candidate : candidates) {
    try {
      reading([&] {
        const File file = open_checkpoint(candidate.path);
        header_in(file);
        for (const auto& tensor : tensors) read_checked(file, tensor);
      });
      return candidate.path;
    } catch (const Error& error) {
      log::warning("{}; trying the checkpoint before it", error.what());
    }
  }
  fail(ExitCode::checkpoint,
       "no usable checkpoint in {} (all {} are damaged or of another configuration, see the "
       "warnings) start in a new output.directory",
       fs::path(candidates.front().path).parent_path().string(), candidates.size());
}

void broadcast(const Communicator& communicator, const std::vector<NamedTensor>& tensors) {
  for (const auto& tensor : tensors) communicator.broadcast_bytes(tensor.data, tensor.bytes());
}

}  // namespace

std::vector<CheckpointFile> find_checkpoints(const std::string& directory) {
  std::vector<CheckpointFile> found;
  std::error_code error;
  auto entry = fs::directory_iterator(directory, error);
  if (error == std::errc::no_such_file_or_directory) return found;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error))
    if (layout::is_name(entry->path().filename().string(), ".h5"))
      found.push_back({entry->path().string(), step_of(entry->path())});
  // Anything else must not look like "no checkpoints": the run would start again from step 0.
  validate(!error, ExitCode::io, "cannot list the directory {} ({}); make it readable", directory,
           error.message());
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.step > b.step; });
  return found;
}

std::vector<std::string> checkpoint_files(const std::string& path) {
  std::error_code unknown;
  if (!fs::is_directory(path, unknown)) return {path};
  std::vector<std::string> files;
  for (const auto& found : find_checkpoints(path)) files.push_back(found.path);
  return files;
}

std::string checkpoint_file(const std::string& path) {
  const auto files = checkpoint_files(path);
  validate(!files.empty(), ExitCode::checkpoint,
           "the folder {} has no checkpoints (is it a run directory?); train first", path);
  return files.front();
}

std::vector<std::string> checkpoint_files(const Communicator& communicator,
                                          const std::string& path) {
  std::vector<std::string> files;
  agree_on_rank_0(communicator, [&] { files = checkpoint_files(path); });
  std::size_t n = files.size();
  communicator.broadcast_bytes(&n, sizeof n);
  files.resize(n);
  for (auto& file : files) file = communicator.broadcast(file);
  return files;
}

std::string checkpoint_file(const Communicator& communicator, const std::string& path) {
  std::string file;
  agree_on_rank_0(communicator, [&] { file = checkpoint_file(path); });
  return communicator.broadcast(file);
}

CheckpointHeader read_header(const std::string& path) {
  return reading([&] { return header_in(open_checkpoint(path)); });
}

CheckpointHeader read_header(const Communicator& communicator, const std::string& path) {
  CheckpointHeader header;
  agree_on_rank_0(communicator, [&] { header = read_header(path); });
  agree(communicator, [&] {
    if (communicator.rank() != 0) header = header_in(File::open(path));
  });
  const auto& metadata = header.metadata;
  distributed::require_same(
      communicator,
      {{"the checkpoint",
        fmt::format("step {} of {}\n{}", header.step, metadata.created, metadata.configuration),
        ExitCode::checkpoint}});
  return header;
}

void read_tensors(const std::string& path, const std::vector<NamedTensor>& tensors) {
  reading([&] {
    const File file = open_checkpoint(path);
    for (const auto& tensor : tensors) read_checked(file, tensor);
  });
  log::detail("read {}: {} tensors", path, tensors.size());
}

void read_tensors(const Communicator& communicator, const std::string& path,
                  const std::vector<NamedTensor>& tensors) {
  agree_on_rank_0(communicator, [&] { read_tensors(path, tensors); });
  broadcast(communicator, tensors);
}

CheckpointHeader read_checkpoint(const Communicator& communicator, const std::string& path,
                                 const std::vector<NamedTensor>& tensors) {
  auto header = read_header(communicator, path);
  read_tensors(communicator, path, tensors);
  return header;
}

std::optional<CheckpointHeader> read_newest(const Communicator& communicator,
                                            const std::string& directory,
                                            const std::vector<NamedTensor>& tensors) {
  std::string path;
  agree_on_rank_0(communicator, [&] {
    const auto candidates = find_checkpoints(directory);
    if (!candidates.empty()) path = read_newest_usable(candidates, tensors);
  });
  path = communicator.broadcast(path);
  if (path.empty()) return std::nullopt;
  broadcast(communicator, tensors);
  return read_header(communicator, path);
}

}  // namespace superpose::io
