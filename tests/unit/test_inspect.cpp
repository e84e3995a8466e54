#include <gmock/gmock.h>

#include "io/inspect.hpp"
#include "tests/error_of.hpp"
#include "tests/unit/small_files.hpp"

namespace superpose::io {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using tests::error_of;

/// The bytes of a number as it is in the file.
template <class T>
std::string bytes_of(std::vector<T> numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T)};
}

std::map<std::string, std::string> problems_by_name(const FileReport& report) {
  std::map<std::string, std::string> problems;
  for (const auto& dataset : report.datasets)
    if (!dataset.problem.empty()) problems[dataset.layout.name] = dataset.problem;
  return problems;
}

class Inspect : public SmallFiles {
 protected:
  /// Writes the checkpoint after the test has changed it.
  FileReport inspect_checkpoint() {
    checkpoint_.write(path_);
    return inspect(path_);
  }

  SmallCheckpoint checkpoint_;
  std::string path_ = at("checkpoint_000000012.h5");
};

TEST_F(Inspect, SaysWhatACheckpointHolds) {
  checkpoint_.metadata.created = "2025-01-31T12:34:56Z";
  checkpoint_.metadata.git_hash = "0123abc";
  const auto report = inspect_checkpoint();
  EXPECT_TRUE(report.checkpoint);
  EXPECT_EQ(report.kind.type, "superpose_checkpoint");
  EXPECT_EQ(report.kind.version, 3);
  EXPECT_TRUE(report.sealed);
  EXPECT_EQ(report.step, 12);
  EXPECT_EQ(report.counters, checkpoint_.counters);
  EXPECT_EQ(report.values, checkpoint_.values);
  EXPECT_EQ(report.metadata.created, "2025-01-31T12:34:56Z");
  EXPECT_EQ(report.metadata.git_hash, "0123abc");
  EXPECT_TRUE(report.intact());
  ASSERT_EQ(report.datasets.size(), 6U) << "dimensions without coordinates are no datasets";
  for (const auto& [layout, problem] : report.datasets) {
    EXPECT_EQ(problem, "");
    const bool wte = layout.name.find("wte") != std::string::npos;
    EXPECT_EQ(layout.shape, wte ? (std::vector<std::size_t>{2, 3}) : std::vector<std::size_t>{3});
    EXPECT_THAT(layout.dims.back(), "n_embd");
    EXPECT_EQ(layout.dtype, DType::f32);
  }
  EXPECT_NO_THROW(require_intact(report));
}

TEST_F(Inspect, NamesEveryDamagedDataset) {
  checkpoint_.write(path_);
  damage_at(path_, bytes_of<float>({7, 8, 9}));
  damage_at(path_, bytes_of<float>({2, 2, 2}));
  const auto report = inspect(path_);
  EXPECT_THAT(
      problems_by_name(report),
      ElementsAre(std::pair("optimizer/exp_avg_sq/ln_f.bias", "its checksum does not match"),
                  std::pair("parameters/ln_f.bias", "its checksum does not match")));
  EXPECT_FALSE(report.intact());
  const auto [code, message] = error_of([&] { require_intact(report); });
  EXPECT_EQ(code, ExitCode::checkpoint);
  EXPECT_THAT(message,
              AllOf(HasSubstr("parameters/ln_f.bias"), HasSubstr("optimizer/exp_avg_sq/ln_f.bias"),
                    Not(HasSubstr("wte.weight"))));
}

TEST_F(Inspect, AHeaderThatCannotBeOpenedHidesNoOtherDataset) {
  checkpoint_.write(path_);
  // The checksum attribute lies in the object header of its dataset, which has HDF5's own checksum.
  std::vector<float> numbers{7, 8, 9};
  const auto checksum = checkpoint_layout::checksum({"", {}, {3}, DType::f32, numbers.data()});
  damage_at(path_, bytes_of<std::uint64_t>({checksum}));
  damage_at(path_, bytes_of<float>({2, 2, 2}));
  const auto problems = problems_by_name(inspect(path_));
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_THAT(problems.at("parameters/ln_f.bias"), HasSubstr("cannot open"));
  EXPECT_EQ(problems.at("optimizer/exp_avg_sq/ln_f.bias"), "its checksum does not match");
}

TEST_F(Inspect, FindsDatasetsThatAreMissing) {
  checkpoint_.tensors.erase("parameters/wte.weight");
  checkpoint_.tensors.erase("optimizer/exp_avg/ln_f.bias");
  EXPECT_THAT(inspect_checkpoint().problems, ElementsAre("optimizer/exp_avg/ln_f.bias is missing",
                                                         "parameters/wte.weight is missing"));
  checkpoint_.tensors.clear();
  EXPECT_THAT(inspect_checkpoint().problems, ElementsAre("it holds no parameters"));
}

TEST_F(Inspect, AnIncompleteCheckpointIsStillDescribed) {
  checkpoint_.sealed = false;
  const auto report = inspect_checkpoint();
  EXPECT_THAT(report.problems, ElementsAre(HasSubstr("it has no seal: it is incomplete")));
  EXPECT_EQ(report.step, 12);
  EXPECT_EQ(report.datasets.size(), 6U);
  EXPECT_FALSE(report.intact());
}

TEST_F(Inspect, ADatasetWithoutChecksumIsNotIntact) {
  checkpoint_.write(path_);
  File file = File::modify(path_);
  float number = 1;
  file.write({"parameters/late", {}, {}, DType::f32, &number});
  file.close();
  EXPECT_THAT(problems_by_name(inspect(path_)),
              ElementsAre(std::pair("parameters/late", "it has no checksum")));
}

TEST_F(Inspect, ReadsVersion1WhichHadNoSeal) {
  for (const char* name : {"checkpoint_version_1.h5", "run_version_1.h5"}) {
    const auto report = inspect(std::string(SUPERPOSE_SOURCE_DIR) + "/tests/data/" + name);
    EXPECT_TRUE(report.intact()) << name;
    EXPECT_FALSE(report.sealed);
    EXPECT_EQ(report.kind.version, 1);
  }
}

TEST_F(Inspect, ReadsTheVersionBefore) {
  for (const char* name : {"checkpoint_version_2.h5", "run_version_2.h5"}) {
    const auto report = inspect(std::string(SUPERPOSE_SOURCE_DIR) + "/tests/data/" + name);
    EXPECT_TRUE(report.intact()) << name;
    EXPECT_TRUE(report.sealed);
    EXPECT_EQ(report.kind.version, 2);
  }
}

TEST_F(Inspect, RefusesAnotherVersionAsTheProgramDoes) {
  checkpoint_.write(path_);
  File file = File::modify(path_);
  file.set_attribute<std::int64_t>("/", "format_version", 4);
  file.close();
  const auto [code, message] = error_of([&] { inspect(path_); });
  EXPECT_EQ(code, ExitCode::checkpoint);
  EXPECT_THAT(message, HasSubstr("format version 4"));
}

TEST_F(Inspect, RefusesWhatIsNotOfThisProgram) {
  File::create(at("foreign.h5")).close();
  EXPECT_THAT(error_of([&] { inspect(at("foreign.h5")); }),
              Pair(ExitCode::io, HasSubstr("does not say what it is")));
  File other = File::create(at("other.h5"));
  other.set_attribute<std::string>("/", "file_type", "statepoint");
  other.close();
  EXPECT_THAT(error_of([&] { inspect(at("other.h5")); }),
              Pair(ExitCode::io, HasSubstr("it is statepoint")));
  EXPECT_THAT(error_of([&] { inspect(at("none.h5")); }), Pair(ExitCode::io, HasSubstr("none.h5")));
}

TEST_F(Inspect, EveryTruncationIsFound) {
  checkpoint_.write(path_);
  const std::string whole = contents(path_);
  for (std::size_t length = 0; length < whole.size(); length += 97) {
    replace_contents(path_, whole.substr(0, length));
    bool intact = false;
    try {
      intact = inspect(path_).intact();
    } catch (const Error&) {
    }
    EXPECT_FALSE(intact) << "of " << whole.size() << " bytes the first " << length;
  }
}

TEST_F(Inspect, ADamagedHeapOfNamesIsNoCrash) {
  checkpoint_.metadata.configuration = std::string(300, 'c');
  checkpoint_.write(path_);
  const std::string whole = contents(path_);
  const auto heap = whole.find("GCOL");  // HDF5's global heap: text and dimension names
  ASSERT_NE(heap, std::string::npos);
  for (std::size_t i = 0; i < 400; i += 4) {
    std::string damaged = whole;
    damaged[heap + i] = static_cast<char>(~damaged[heap + i]);
    replace_contents(path_, damaged);
    try {
      inspect(path_);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::io) << error.what();
    }
  }
}

TEST_F(Inspect, CountsTheRowsOfARun) {
  write_small_run(at("run.h5"), {3, 2, 1});
  const auto report = inspect(at("run.h5"));
  EXPECT_FALSE(report.checkpoint);
  EXPECT_TRUE(report.intact());
  ASSERT_EQ(report.tables.size(), 1U);
  EXPECT_EQ(report.tables[0].name, "steps");
  EXPECT_EQ(report.tables[0].index, "step");
  EXPECT_EQ(report.tables[0].rows, 3U);
  EXPECT_EQ(report.datasets.size(), 3U);
  write_small_run(at("empty.h5"), {});
  EXPECT_TRUE(inspect(at("empty.h5")).intact());
}

TEST_F(Inspect, FindsRowsOutOfOrder) {
  write_small_run(at("run.h5"), {3, 2, 1});
  damage_at(at("run.h5"), bytes_of<std::int64_t>({1, 2, 3}));
  EXPECT_THAT(inspect(at("run.h5")).problems.front(), HasSubstr("its seal does not match"));
  reseal(at("run.h5"));
  const auto report = inspect(at("run.h5"));
  EXPECT_THAT(report.problems, ElementsAre("steps/step does not ascend"));
  EXPECT_THAT(error_of([&] { require_intact(report); }),
              Pair(ExitCode::io, HasSubstr("does not ascend")));
}

TEST_F(Inspect, AnExtentBeyondTheFileTakesNoMemory) {
  checkpoint_.write(path_);
  const File file = File::open(path_);
  const std::size_t huge = std::size_t{1} << 62;
  for (const auto& shape : std::vector<std::vector<std::size_t>>{{huge}, {huge, 8}, {1 << 20}}) {
    const NamedTensor layout{"parameters/ln_f.bias", {}, shape, DType::f32, nullptr};
    EXPECT_THAT(error_of([&] { read_values(file, layout); }),
                Pair(ExitCode::io, HasSubstr("larger than the file")));
  }
  EXPECT_EQ(read_values(file, file.layout("parameters/ln_f.bias")).size(), 12U);
}

}  // namespace
}  // namespace superpose::io
