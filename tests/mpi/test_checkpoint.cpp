#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>

#include "core/error.hpp"
#include "io/checkpoint.hpp"
#include "io/hdf5_file.hpp"
#include "io/hdf5_version.hpp"
#include "io/seal.hpp"
#include "tests/error_of.hpp"
#include "tests/regression/file_size_limit.hpp"
#include "tests/regression/python_reader.hpp"
#include "tests/temporary_folder.hpp"

namespace superpose::io {
namespace {

namespace fs = std::filesystem;
using distributed::Communicator;
using testing::HasSubstr;
using tests::error_of;

/// Tensors with storage: fewer rows than ranks, scalars, no rows, and rows enough for every rank.
class State {
 public:
  explicit State(std::uint8_t seed) {
    add("parameters/wte.weight", {"vocabulary", "n_embd"}, {7, 5}, DType::f32);
    add("parameters/ln_f.bias", {"n_embd"}, {5}, DType::f32);
    add("parameters/one_row", {"one", "n_embd"}, {1, 5}, DType::f64);
    add("optimizer/exp_avg", {"rows", "columns"}, {1500, 1100}, DType::f32);
    add("optimizer/beta_power", {}, {}, DType::f64);
    add("curriculum/order", {"problem"}, {11}, DType::i64);
    add("curriculum/nothing", {"none", "n_embd"}, {0, 5}, DType::i32);
    add("curriculum/flags", {"problem"}, {11}, DType::u8);
    for (auto& bytes : storage_) fill(bytes, seed++);
  }
  const std::vector<NamedTensor>& tensors() const { return tensors_; }
  NamedTensor& operator[](std::size_t i) { return tensors_[i]; }
  std::vector<std::uint8_t>& bytes(std::size_t i) { return storage_[i]; }
  bool operator==(const State& other) const { return storage_ == other.storage_; }

 private:
  void add(const char* name, std::vector<std::string> dims, std::vector<std::size_t> shape,
           DType dtype) {
    NamedTensor tensor{name, std::move(dims), std::move(shape), dtype, nullptr};
    storage_.emplace_back(tensor.bytes());
    tensor.data = storage_.back().data();
    tensors_.push_back(tensor);
  }
  static void fill(std::vector<std::uint8_t>& bytes, std::uint32_t seed) {
    for (auto& byte : bytes)
      byte = static_cast<std::uint8_t>((seed = seed * 1664525U + 1013904223U) >> 24);
  }

  std::vector<NamedTensor> tensors_;
  std::vector<std::vector<std::uint8_t>> storage_;
};

CheckpointHeader header_of(std::int64_t step) {
  CheckpointHeader header;
  header.step = step;
  header.counters = {{"epoch", step / 10}, {"stage", 2}, {"tokens", std::int64_t{1} << 60}};
  header.values = {{"best_accuracy", 0.1 + 0.2}, {"empty", -0.0}};
  header.metadata.configuration = "[train]\nseed = 3\n";
  header.metadata.command_line = "superpose train \xc3\xa9";
  header.metadata.created = "2025-01-31T12:34:56Z";
  header.metadata.n_ranks = 4;
  header.metadata.libraries = {{"HDF5", hdf5_version()}};
  header.metadata.slurm = {{"SLURM_JOB_ID", "17"}};
  header.metadata.seeds = {{"train", 18446744073709551615U}};
  header.metadata.data_hashes = {{"train", "d41d8cd9"}};
  return header;
}

void expect_equal(const CheckpointHeader& got, const CheckpointHeader& expected) {
  EXPECT_EQ(got.step, expected.step);
  EXPECT_EQ(got.counters, expected.counters);
  EXPECT_EQ(got.values, expected.values);
  EXPECT_EQ(got.metadata.configuration, expected.metadata.configuration);
  EXPECT_EQ(got.metadata.command_line, expected.metadata.command_line);
  EXPECT_EQ(got.metadata.created, expected.metadata.created);
  EXPECT_EQ(got.metadata.n_ranks, expected.metadata.n_ranks);
  EXPECT_EQ(got.metadata.libraries, expected.metadata.libraries);
  EXPECT_EQ(got.metadata.slurm, expected.metadata.slurm);
  EXPECT_EQ(got.metadata.seeds, expected.metadata.seeds);
  EXPECT_EQ(got.metadata.data_hashes, expected.metadata.data_hashes);
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void replace_contents(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

class Checkpoint : public testing::Test {
 protected:
  Checkpoint() : world_(MPI_COMM_WORLD) {
    if (world_.rank() == 0) folder_.emplace();
    directory_ = world_.broadcast(folder_ ? folder_->path() : "");
  }
  ~Checkpoint() override { world_.barrier(); }

  void write(std::int64_t step, State& state, int keep = 2) {
    write_checkpoint(world_, directory_, header_of(step), state.tensors(), keep);
  }
  std::string path(std::int64_t step) const {
    return directory_ + fmt::format("/checkpoint_{:09}.h5", step);
  }
  /// Rank 0 changes a file while the others wait.
  void change(const std::function<void()>& work) {
    if (world_.rank() == 0) work();
    world_.barrier();
  }
  /// Flips one bit in the middle of what the file stores of a tensor.
  void damage(std::int64_t step, const std::vector<std::uint8_t>& tensor) {
    change([&] {
      std::string file = contents(path(step));
      const auto at = file.find(std::string(tensor.begin(), tensor.end()));
      ASSERT_NE(at, std::string::npos);
      file[at + tensor.size() / 2] ^= 1;
      replace_contents(path(step), file);
    });
  }
  std::vector<std::string> files() {
    world_.barrier();
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    world_.barrier();
    return names;
  }
  std::pair<ExitCode, std::string> read_error(std::int64_t step, State& state) {
    return error_of([&] { read_checkpoint(world_, path(step), state.tensors()); });
  }

  Communicator world_;
  std::optional<tests::TemporaryFolder> folder_;  // of rank 0
  std::string directory_;
};

TEST_F(Checkpoint, GivesBackEveryBit) {
  State written(1), read(2);
  write(70, written);
  const auto header = read_checkpoint(world_, path(70), read.tensors());
  EXPECT_TRUE(read == written);
  expect_equal(header, header_of(70));
}

TEST_F(Checkpoint, IsTheSameFileFromAnyNumberOfRanks) {
  State state(1);
  write(1, state);
  change([&] {
    const Communicator self(MPI_COMM_SELF);
    const std::string alone = directory_ + "/alone";
    fs::create_directory(alone);
    write_checkpoint(self, alone, header_of(1), state.tensors(), 1);
    EXPECT_TRUE(contents(alone + "/checkpoint_000000001.h5") == contents(path(1)));
  });
}

TEST_F(Checkpoint, IsReadByOneRankByName) {
  State written(1), read(2);
  write(5, written);
  read_tensors(path(5), {read[4], read[0]});
  EXPECT_EQ(read.bytes(0), written.bytes(0));
  EXPECT_EQ(read.bytes(4), written.bytes(4));
  EXPECT_NE(read.bytes(1), written.bytes(1));
  expect_equal(read_header(path(5)), header_of(5));
}

TEST_F(Checkpoint, NamesItsDimensions) {
  State state(1);
  write(5, state);
  const File file = File::open(path(5));
  for (const auto& tensor : state.tensors()) {
    const auto layout = file.layout(tensor.name);
    EXPECT_EQ(layout.dims, tensor.dims) << tensor.name;
    EXPECT_EQ(layout.shape, tensor.shape) << tensor.name;
    EXPECT_EQ(layout.dtype, tensor.dtype) << tensor.name;
  }
  EXPECT_EQ(file.children("/"), (std::vector<std::string>{"counters", "values", "parameters",
                                                          "optimizer", "curriculum"}));
}

TEST_F(Checkpoint, KeepsTheNewestAndSweepsTheUnfinished) {
  State state(1);
  change([&] { replace_contents(path(2) + ".tmp", "killed while writing"); });
  for (int step = 1; step <= 4; ++step) write(step, state, 2);
  EXPECT_EQ(files(),
            (std::vector<std::string>{"checkpoint_000000003.h5", "checkpoint_000000004.h5"}));
}

TEST_F(Checkpoint, KeepsTheBestAndLinksIt) {
  State state(1);
  const double scores[] = {0.5, 0.75, 0.75, 0.25, std::nan("")};
  for (int step = 1; step <= 5; ++step) {
    auto header = header_of(step);
    if (step != 5) header.score = scores[step - 1];
    write_checkpoint(world_, directory_, header, state.tensors(), 1);
  }
  EXPECT_EQ(files(), (std::vector<std::string>{"best.h5", "checkpoint_000000003.h5",
                                               "checkpoint_000000005.h5"}));
  EXPECT_EQ(fs::read_symlink(directory_ + "/best.h5"), "checkpoint_000000003.h5");
  EXPECT_EQ(read_header(directory_ + "/best.h5").step, 3);
}

TEST_F(Checkpoint, ReadsTheVersionsBefore) {
  const std::string data = std::string(SUPERPOSE_SOURCE_DIR) + "/tests/data/";
  const auto header = read_header(data + "checkpoint_version_1.h5");
  EXPECT_EQ(header.step, 1);
  EXPECT_EQ(header.counters.at("epoch"), 1);
  EXPECT_EQ(read_header(data + "checkpoint_version_2.h5").step, 24);
}

/// What a writer with a defect would leave: the seal matches, a dataset does not.
TEST_F(Checkpoint, HoldsEveryDatasetAgainstItsChecksumToo) {
  State written(1), read(2);
  write(1, written);
  damage(1, written.bytes(3));
  change([&] {
    const std::string file = contents(path(1));
    replace_contents(path(1), file.substr(0, file.size() - seal_bytes));
    append_seal(path(1), {1});
  });
  EXPECT_THAT(read_error(1, read).second, HasSubstr("(checksum of dataset optimizer/exp_avg does"));
}

TEST_F(Checkpoint, LeavesThoseOfALaterStepAlone) {
  State state(1);
  write(9, state);
  write(1, state, 1);
  write(2, state, 1);
  EXPECT_EQ(files(),
            (std::vector<std::string>{"checkpoint_000000002.h5", "checkpoint_000000009.h5"}));
}

TEST_F(Checkpoint, IsFoundByTheStepInTheFile) {
  State state(1);
  write(3, state);
  write(4, state);
  change([&] {
    fs::rename(path(4), path(1));
    replace_contents(directory_ + "/checkpoint_best.h5", "not one of ours");
  });
  const auto found = find_checkpoints(directory_);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].path, path(1));
  EXPECT_EQ(found[0].step, 4);
  EXPECT_EQ(found[1].step, 3);
  EXPECT_TRUE(find_checkpoints(directory_ + "/none").empty());
}

TEST_F(Checkpoint, FindsAFlippedBitAndFallsBack) {
  State first(1), second(50), read(100);
  write(1, first);
  write(2, second);
  damage(2, second.bytes(3));
  const auto [code, message] = read_error(2, read);
  EXPECT_EQ(code, ExitCode::checkpoint);
  EXPECT_THAT(message, HasSubstr(path(2) + " is damaged (its seal does not match"));

  testing::internal::CaptureStderr();
  const auto header = read_newest(world_, directory_, read.tensors());
  const std::string warning = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->step, 1);
  EXPECT_TRUE(read == first);
  if (world_.rank() == 0) {
    EXPECT_THAT(warning, HasSubstr(path(2)));
  }
}

TEST_F(Checkpoint, FallsBackFromATruncatedFile) {
  State first(1), second(50), read(100);
  write(1, first);
  write(2, second);
  change([&] { fs::resize_file(path(2), fs::file_size(path(2)) / 2); });
  EXPECT_EQ(read_error(2, read).first, ExitCode::checkpoint);
  EXPECT_EQ(read_newest(world_, directory_, read.tensors())->step, 1);
  EXPECT_TRUE(read == first);
}

TEST_F(Checkpoint, ReportsWhenNoneIsUsable) {
  State state(1);
  EXPECT_FALSE(read_newest(world_, directory_, state.tensors()).has_value());
  write(1, state);
  write(2, state);
  change([&] {
    fs::resize_file(path(1), 0);
    fs::resize_file(path(2), 100);
  });
  const auto [code, message] = error_of([&] { read_newest(world_, directory_, state.tensors()); });
  EXPECT_EQ(code, ExitCode::checkpoint);
  EXPECT_THAT(message, HasSubstr("all 2"));
}

TEST_F(Checkpoint, RefusesAnotherConfiguration) {
  State written(1), wanted(2);
  write(1, written);
  wanted[0].shape = {5, 7};
  EXPECT_THAT(read_error(1, wanted).second, HasSubstr("[7, 5], wanted is [5, 7]"));
  wanted[0].shape = {7, 5};
  wanted[0].dtype = DType::i32;
  EXPECT_THAT(read_error(1, wanted).second, HasSubstr("parameters/wte.weight"));
  wanted[0].dtype = DType::f32;
  wanted[0].name = "parameters/wpe.weight";
  EXPECT_THAT(read_error(1, wanted).second, HasSubstr("no dataset parameters/wpe.weight"));
  EXPECT_EQ(read_error(1, wanted).first, ExitCode::checkpoint);
}

TEST_F(Checkpoint, RefusesOtherVersionsTypesAndIncompleteFiles) {
  const auto error_with = [&](const FileKind& kind) {
    change([&] {
      File file = File::create(path(1));
      io::write(file, kind, header_of(1).metadata);
      file.close();
    });
    const auto [code, message] = error_of([&] { read_header(path(1)); });
    EXPECT_EQ(code, ExitCode::checkpoint);
    world_.barrier();
    return message;
  };
  EXPECT_THAT(error_with({"superpose_checkpoint", 4}), HasSubstr("format version 4"));
  EXPECT_THAT(error_with({"superpose_checkpoint", 0}), HasSubstr("format version 0"));
  EXPECT_THAT(error_with({"superpose_run", 1}), HasSubstr("it is superpose_run"));
  EXPECT_THAT(error_with({"superpose_checkpoint", 1}), HasSubstr("incomplete"));
  EXPECT_THAT(error_with({"superpose_checkpoint", 2}), HasSubstr("has no seal"));
}

TEST_F(Checkpoint, ReportsADirectoryThatCannotBeWritten) {
  State state(1);
  change([&] { replace_contents(directory_ + "/file", ""); });
  for (const char* name : {"/none", "/file"}) {
    const auto [code, message] = error_of(
        [&] { write_checkpoint(world_, directory_ + name, header_of(1), state.tensors(), 1); });
    EXPECT_EQ(code, ExitCode::io);
    EXPECT_THAT(message, HasSubstr(directory_ + name));
  }
}

TEST_F(Checkpoint, LeavesThePreviousOneWhenTheDiskIsFull) {
  State state(1), read(2);
  write(1, state);
  for (const rlim_t bytes : {1U << 10, 1U << 16, 3U << 20}) {
    const tests::FileSizeLimit limit(bytes);
    EXPECT_EQ(error_of([&] { write(2, state); }).first, ExitCode::io);
    EXPECT_EQ(files(), std::vector<std::string>{"checkpoint_000000001.h5"});
  }
  EXPECT_EQ(read_newest(world_, directory_, read.tensors())->step, 1);
  EXPECT_TRUE(read == state);
}

/// Which rank's bytes reach the file through which process is the MPI library's affair; the outcome
/// has to be one, and to be told truly.
TEST_F(Checkpoint, HasOneOutcomeWhenOneRankCannotWrite) {
  State state(1), read(2);
  write(1, state);
  bool written = true;
  std::string message;
  {
    const bool last = world_.rank() == world_.size() - 1;
    const tests::FileSizeLimit limit(last ? 1U << 16 : RLIM_INFINITY);
    try {
      write(2, state);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::io);
      message = error.what();
      written = false;
    }
  }
  EXPECT_EQ(world_.all_agree(written), written);
  EXPECT_EQ(world_.broadcast(message), message);
  EXPECT_EQ(read_newest(world_, directory_, read.tensors())->step, written ? 2 : 1);
  EXPECT_TRUE(read == state);
}

TEST_F(Checkpoint, RefusesReplicasThatDiffer) {
  if (world_.size() == 1) GTEST_SKIP() << "needs two ranks";
  State state(1);
  if (world_.rank() == 1) state.bytes(1)[3] ^= 4;
  const auto [code, message] = error_of([&] { write(1, state); });
  EXPECT_EQ(code, ExitCode::mpi);
  EXPECT_THAT(message, HasSubstr("parameters/ln_f.bias"));
  EXPECT_THAT(message, HasSubstr("[rank 1, "));
  EXPECT_TRUE(files().empty());
}

TEST_F(Checkpoint, OpensInPython) {
  if (!tests::python_has_h5py()) GTEST_SKIP() << "needs python3-h5py and python3-xarray";
  State state(1);
  write(12, state);
  change([&] { EXPECT_TRUE(tests::python_reads(path(12))); });
}

}  // namespace
}  // namespace superpose::io
