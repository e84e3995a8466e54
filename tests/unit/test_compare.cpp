#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "io/compare.hpp"
#include "tests/error_of.hpp"
#include "tests/unit/small_files.hpp"

namespace superpose::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using tests::error_of;
using Names = std::vector<std::string>;

Names names(const std::vector<Difference>& differences) {
  Names found;
  for (const auto& difference : differences) found.push_back(difference.name);
  return found;
}

class Compare : public SmallFiles {
 protected:
  /// Compares the checkpoints a_ and b_ as the test has changed them.
  Comparison compare_checkpoints(const CompareOptions& options = {}) {
    a_.write(at("a.h5"));
    b_.write(at("b.h5"));
    return compare(at("a.h5"), at("b.h5"), options);
  }
  std::vector<float>& wte() { return b_.tensors.at("parameters/wte.weight"); }

  SmallCheckpoint a_, b_;
};

TEST_F(Compare, EqualCheckpointsAreTheSame) {
  const auto comparison = compare_checkpoints();
  EXPECT_TRUE(comparison.same());
  EXPECT_EQ(comparison.n_compared, 10U) << "six tensors, two counters, a value, the step";
  EXPECT_THAT(comparison.provenance, IsEmpty());
}

TEST_F(Compare, SaysWhereAndHowMuchADatasetDiffers) {
  wte() = {1, 2, 3, 4.5F, 5, 12};
  const auto comparison = compare_checkpoints();
  ASSERT_THAT(names(comparison.differences), ElementsAre("parameters/wte.weight"));
  const auto& difference = comparison.differences.front();
  EXPECT_EQ(difference.n_numbers, 6U);
  EXPECT_EQ(difference.n_different, 2U);
  EXPECT_EQ(difference.largest_absolute, 6);
  EXPECT_EQ(difference.largest_relative, 0.5);
  EXPECT_THAT(difference.first, ElementsAre(1, 0));
}

TEST_F(Compare, FindsTheLastBit) {
  wte()[5] = std::nextafter(wte()[5], 0.0F);
  EXPECT_FALSE(compare_checkpoints().same());
  EXPECT_TRUE(compare_checkpoints({1e-7, {}}).same());
  EXPECT_FALSE(compare_checkpoints({0.0, {}}).same());
}

TEST_F(Compare, TheToleranceIsRelativeToTheLargerNumber) {
  wte()[0] = 0.9375F;
  EXPECT_TRUE(compare_checkpoints({0.0625, {}}).same());
  EXPECT_FALSE(compare_checkpoints({0.0624, {}}).same());
}

TEST_F(Compare, BitsTellZerosAndNanApartAndAToleranceDoesNot) {
  a_.values["epoch_loss"] = 0.0;
  b_.values["epoch_loss"] = -0.0;
  a_.tensors.at("parameters/wte.weight")[0] = std::nanf("1");
  wte()[0] = std::nanf("2");
  EXPECT_THAT(names(compare_checkpoints().differences),
              ElementsAre("values/epoch_loss", "parameters/wte.weight"));
  EXPECT_TRUE(compare_checkpoints({0.0, {}}).same());
}

TEST_F(Compare, NoToleranceCoversANanOrAnInfinity) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const float number : {std::nanf(""), infinity, -infinity}) {
    wte()[0] = number;
    const auto comparison = compare_checkpoints({1e30, {}});
    ASSERT_EQ(comparison.differences.size(), 1U) << number;
    EXPECT_EQ(comparison.differences[0].largest_absolute, infinity);
  }
}

TEST_F(Compare, CountersAndStepCount) {
  b_.step = 13;
  b_.counters["epoch"] = 4;
  b_.counters["new"] = 0;
  const auto comparison = compare_checkpoints();
  ASSERT_THAT(names(comparison.differences), ElementsAre("step", "counters/epoch", "counters/new"));
  EXPECT_EQ(comparison.differences[1].largest_absolute, 1);
  EXPECT_THAT(comparison.differences[2].layout, HasSubstr("only in " + at("b.h5")));
}

TEST_F(Compare, LargeCountersAreExact) {
  a_.counters["epoch"] = std::int64_t{1} << 60;
  b_.counters["epoch"] = (std::int64_t{1} << 60) + 1;
  EXPECT_FALSE(compare_checkpoints().same());
}

TEST_F(Compare, DatasetsOfOneFileOrOfAnotherShapeDiffer) {
  for (const char* group : {"parameters/", "optimizer/exp_avg/", "optimizer/exp_avg_sq/"}) {
    a_.tensors[std::string(group) + "extra"] = {1, 2, 3};
    b_.tensors[std::string(group) + "ln_f.bias"] = {1, 2, 3, 4, 5, 6};
  }
  const auto comparison = compare_checkpoints({1e30, {}});
  ASSERT_EQ(comparison.differences.size(), 6U);
  const auto& differences = comparison.differences;
  EXPECT_EQ(differences[4].name, "parameters/extra");
  EXPECT_EQ(differences[4].layout, "only in " + at("a.h5"));
  EXPECT_EQ(differences[5].layout, "f32 [3] (n_embd) and f32 [2, 3] (vocab_size, n_embd)");
}

TEST_F(Compare, IgnoresWholeNamesLastPartsAndGroups) {
  wte()[0] = 9;
  b_.tensors.at("optimizer/exp_avg/ln_f.bias")[0] = 9;
  b_.counters["epoch"] = 9;
  EXPECT_TRUE(compare_checkpoints({{}, {"wte.weight", "optimizer", "counters/epoch"}}).same());
  const auto comparison = compare_checkpoints({{}, {"wte.weight"}});
  EXPECT_THAT(names(comparison.differences),
              ElementsAre("counters/epoch", "optimizer/exp_avg/ln_f.bias"));
  EXPECT_EQ(comparison.n_ignored, 3U);
  EXPECT_THAT(error_of([&] {
                compare_checkpoints({{}, {"wte"}});
              }),
              Pair(ExitCode::usage, HasSubstr("cannot ignore 'wte'")));
}

TEST_F(Compare, ProvenanceIsReportedAndDoesNotCount) {
  b_.metadata.created = "2025-01-31T12:34:56Z";
  b_.metadata.n_ranks = 4;
  const auto comparison = compare_checkpoints();
  EXPECT_TRUE(comparison.same());
  EXPECT_THAT(comparison.provenance, ElementsAre("n_ranks", "created"));
}

TEST_F(Compare, WallTimesOfRunsAreReportedAndDoNotCount) {
  write_small_run(at("a.h5"), {3, 2, 1}, 0.5);
  write_small_run(at("b.h5"), {3, 2, 1}, 0.75);
  const auto comparison = compare(at("a.h5"), at("b.h5"), {});
  EXPECT_TRUE(comparison.same());
  EXPECT_THAT(names(comparison.wall_times), ElementsAre("steps/seconds"));
  write_small_run(at("b.h5"), {3, 2, 0.5});
  EXPECT_THAT(names(compare(at("a.h5"), at("b.h5"), {}).differences), ElementsAre("steps/loss"));
}

TEST_F(Compare, RunsOfDifferentLengthDiffer) {
  write_small_run(at("a.h5"), {3, 2, 1});
  write_small_run(at("b.h5"), {3, 2});
  EXPECT_THAT(names(compare(at("a.h5"), at("b.h5"), {}).differences),
              ElementsAre("steps/loss", "steps/step"));
}

TEST_F(Compare, ADamagedFileIsNotCompared) {
  a_.write(at("a.h5"));
  b_.sealed = false;
  b_.write(at("b.h5"));
  for (const auto& [x, y] : {std::pair("a.h5", "b.h5"), std::pair("b.h5", "a.h5")})
    EXPECT_THAT(error_of([&, x = x, y = y] { compare(at(x), at(y), {}); }),
                Pair(ExitCode::checkpoint, HasSubstr("incomplete")));
  EXPECT_THAT(error_of([&] { compare(at("a.h5"), at("none.h5"), {}); }).first, ExitCode::io);
}

TEST_F(Compare, ACheckpointIsNotComparedWithARun) {
  a_.write(at("a.h5"));
  write_small_run(at("run.h5"), {1});
  EXPECT_THAT(error_of([&] { compare(at("a.h5"), at("run.h5"), {}); }),
              Pair(ExitCode::usage, HasSubstr("a superpose_checkpoint with a superpose_run")));
}

}  // namespace
}  // namespace superpose::io
