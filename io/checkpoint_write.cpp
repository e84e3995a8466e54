#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "core/durable_file.hpp"
#include "core/error.hpp"
#include "core/files.hpp"
#include "core/log.hpp"
#include "core/timer.hpp"
#include "io/agreement.hpp"
#include "io/checkpoint.hpp"
#include "io/checkpoint_layout.hpp"
#include "io/hdf5_file.hpp"
#include "io/seal.hpp"

namespace superpose::io {
namespace {

namespace fs = std::filesystem;
namespace layout = checkpoint_layout;
using distributed::Communicator;

// Ranks write blocks of at least this size: small collective writes are 2-5 times slower.
constexpr std::size_t least_block_bytes = std::size_t{1} << 20;
// Header, dimension names and attributes of one dataset, generously.
constexpr std::uint64_t object_bytes = 4096;

std::string checkpoint_path(const std::string& directory, std::int64_t step) {
  return (fs::path(directory) / fmt::format("{}{:09}.h5", layout::name_prefix, step)).string();
}

std::uint64_t needed_bytes(const std::vector<NamedTensor>& tensors) {
  std::uint64_t bytes = 16 * object_bytes;
  for (const auto& tensor : tensors) bytes += tensor.bytes() + object_bytes;
  return bytes;
}

/// One checksum a tensor, after making sure that the ranks hold the same numbers.
std::vector<std::uint64_t> common_checksums(const Communicator& communicator,
                                            const std::vector<NamedTensor>& tensors) {
  std::vector<std::uint64_t> sums;
  for (const auto& tensor : tensors) sums.push_back(layout::checksum(tensor));
  auto of_rank_0 = sums;
  communicator.broadcast_bytes(of_rank_0.data(), of_rank_0.size() * sizeof(std::uint64_t));
  agree(communicator, [&] {
    for (std::size_t i = 0; i < sums.size(); ++i)
      validate(sums[i] == of_rank_0[i], ExitCode::mpi,
               "{} differs from that of rank 0 (the replicas of the model have come apart)",
               tensors[i].name);
  });
  return sums;
}

struct RowRange {
  std::size_t begin, end;
};

/// The rows of a tensor that a rank writes: equal blocks, or fewer and larger ones.
RowRange rows_of_rank(const NamedTensor& tensor, const Communicator& communicator) {
  const std::size_t rows = tensor.shape.empty() ? 1 : tensor.shape[0];
  if (tensor.size() == 0) return {0, 0};
  const std::size_t row_bytes = tensor.bytes() / rows;
  const std::size_t share = (rows + communicator.size() - 1) / communicator.size();
  const std::size_t block = std::max(share, (least_block_bytes + row_bytes - 1) / row_bytes);
  const std::size_t begin = std::min(rows, block * communicator.rank());
  return {begin, std::min(rows, begin + block)};
}

template <class T>
void write_group(File& file, const std::string& group, const std::map<std::string, T>& values) {
  file.create_group(group);
  for (const auto& [name, value] : values) file.set_attribute(group, name, value);
}

/// Datasets with their dimensions and checksums, values to follow.
void create_datasets(File& file, const std::vector<NamedTensor>& tensors,
                     const std::vector<std::uint64_t>& checksums) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    for (std::size_t d = 0; d < tensors[i].dims.size(); ++d)
      if (!file.exists(tensors[i].dims[d]))
        file.create_dimension(tensors[i].dims[d], tensors[i].shape[d]);
    file.create_dataset(tensors[i]);
    file.set_attribute(tensors[i].name, layout::checksum_attribute, checksums[i]);
  }
}

/// The file without its values. The space is asked for before HDF5 has a file open, because HDF5
/// cannot give up a file it has no space to close; and once more for what HDF5 left unallocated.
void write_structure(const std::string& path, const CheckpointHeader& header,
                     const std::vector<NamedTensor>& tensors,
                     const std::vector<std::uint64_t>& checksums) {
  const auto directory = fs::path(path).parent_path().string();
  require_free_space(directory.empty() ? "." : directory, needed_bytes(tensors));
  make_file(path);
  reserve_space(path, needed_bytes(tensors));
  File file = File::create(path);
  write(file, layout::kind, header.metadata);
  file.set_attribute("/", "step", header.step);
  write_group(file, "counters", header.counters);
  write_group(file, "values", header.values);
  create_datasets(file, tensors, checksums);
  file.close();
  reserve_space(path, fs::file_size(path));
}

/// Each rank its rows, one agreement a dataset.
void write_values(const Communicator& communicator, const std::string& path,
                  const std::vector<NamedTensor>& tensors) {
  File file = File::fill(path, communicator);
  for (const auto& tensor : tensors) {
    const auto rows = rows_of_rank(tensor, communicator);
    agree(communicator, [&] { file.write_rows(tensor, rows.begin, rows.end); });
  }
  agree(communicator, [&] { file.flush(); });
  agree(communicator, [&] { file.close(); });
}

/// Whether the values in the file are those in memory: whatever ranks, MPI-IO and file system made
/// of them. One tensor at a time in memory.
void read_back(const std::string& path, const std::vector<NamedTensor>& tensors,
               const std::vector<std::uint64_t>& checksums) {
  const File file = File::open(path);
  std::vector<std::byte> values;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    values.resize(tensors[i].bytes());
    NamedTensor stored = tensors[i];
    stored.data = values.data();
    file.read(stored);
    validate(layout::checksum(stored) == checksums[i], ExitCode::io,
             "{} of {} does not read back as it was written (the file system or MPI-IO loses data)",
             stored.name, path);
  }
}

void seal(const std::string& path, const CheckpointHeader& header) {
  Seal seal{header.step};
  if (header.score) seal.score = *header.score;
  append_seal(path, seal);
  sync_file(path);
}

/// The one with the highest score, the first of equals in `checkpoints`; null if none has a score.
const CheckpointFile* best_of(const std::vector<CheckpointFile>& checkpoints) {
  const CheckpointFile* best = nullptr;
  double best_score = 0;
  for (const auto& checkpoint : checkpoints) {
    const auto seal = read_seal(checkpoint.path);
    if (!seal || std::isnan(seal->score) || (best && seal->score <= best_score)) continue;
    best = &checkpoint;
    best_score = seal->score;
  }
  return best;
}

/// A link beside the file, replaced at once. For the user's convenience: where a file system knows
/// no links, none is there.
void link_best(const fs::path& best) {
  const auto link = best.parent_path() / "best.h5", temporary = best.parent_path() / "best.h5.tmp";
  std::error_code ignored;
  fs::remove(temporary, ignored);
  fs::create_symlink(best.filename(), temporary, ignored);
  if (!ignored) fs::rename(temporary, link, ignored);
}

/// Those beyond `step`, from a run that was taken back, do not count.
std::vector<CheckpointFile> checkpoints_up_to(const std::string& directory, std::int64_t step) {
  auto checkpoints = find_checkpoints(directory);
  const auto beyond = [&](const CheckpointFile& found) { return found.step > step; };
  checkpoints.erase(std::remove_if(checkpoints.begin(), checkpoints.end(), beyond),
                    checkpoints.end());
  return checkpoints;
}

/// Checkpoints beyond `step` do not go either.
void remove_older(const std::string& directory, std::int64_t step, int keep) {
  const auto checkpoints = checkpoints_up_to(directory, step);
  const auto* best = best_of(checkpoints);
  if (best) link_best(best->path);
  for (std::size_t i = static_cast<std::size_t>(keep); i < checkpoints.size(); ++i)
    if (&checkpoints[i] != best) fs::remove(checkpoints[i].path);
}

/// What a run killed while writing left behind.
void remove_unfinished(const std::string& directory) {
  std::vector<fs::path> unfinished;
  for (const auto& entry : fs::directory_iterator(directory))
    if (layout::is_name(entry.path().filename().string(), ".h5.tmp"))
      unfinished.push_back(entry.path());
  for (const auto& path : unfinished) fs::remove(path);
}

/// All of the file under its temporary name; if that fails, no file.
void write_temporary(const Communicator& communicator, const std::string& temporary,
                     const CheckpointHeader& header, const std::vector<NamedTensor>& tensors) {
  const auto checksums = common_checksums(communicator, tensors);
  try {
    agree_on_rank_0(communicator, [&] { write_structure(temporary, header, tensors, checksums); });
    write_values(communicator, temporary, tensors);
    agree_on_rank_0(communicator, [&] {
      read_back(temporary, tensors, checksums);
      seal(temporary, header);
    });
  } catch (const Error&) {
    std::error_code ignored;  // the first error is the one to report
    if (communicator.rank() == 0) fs::remove(temporary, ignored);
    throw;
  }
}

}  // namespace

std::optional<double> best_score(const std::string& directory, std::int64_t step) {
  const auto checkpoints = checkpoints_up_to(directory, step);
  const auto* best = best_of(checkpoints);
  if (!best) return std::nullopt;
  return read_seal(best->path)->score;
}

void try_checkpoint(const Communicator& communicator, const std::string& directory) {
  std::vector<float> values(1024, 1.0F);
  const std::string temporary = checkpoint_path(directory, 0) + ".tmp";
  write_temporary(communicator, temporary, {},
                  {{"parameters/trial", {"n"}, {values.size()}, DType::f32, values.data()}});
  agree_on_rank_0(communicator, [&] { fs::remove(temporary); });
}

void write_checkpoint(const Communicator& communicator, const std::string& directory,
                      const CheckpointHeader& header, const std::vector<NamedTensor>& tensors,
                      int keep) {
  SUPERPOSE_EXPECT(keep >= 1);
  const std::string path = checkpoint_path(directory, header.step);
  const std::string temporary = path + ".tmp";
  const Stopwatch watch;
  write_temporary(communicator, temporary, header, tensors);
  agree_on_rank_0(communicator, [&] {
    publish(temporary, path);
    log::detail("wrote {}: {:.1f} MB in {:.2f} s", path,
                1e-6 * static_cast<double>(fs::file_size(path)), watch.seconds());
    remove_older(directory, header.step, keep);
    remove_unfinished(directory);
  });
}

void write_checkpoint_file(const Communicator& communicator, const std::string& path,
                           const CheckpointHeader& header,
                           const std::vector<NamedTensor>& tensors) {
  const auto temporary = communicator.broadcast(temporary_name(path));
  write_temporary(communicator, temporary, header, tensors);
  agree_on_rank_0(communicator, [&] { publish(temporary, path); });
}

}  // namespace superpose::io
