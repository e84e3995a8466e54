#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "core/timer.hpp"
#include "io/history.hpp"
#include "tests/regression/file_size_limit.hpp"
#include "tests/regression/python_reader.hpp"
#include "tests/temporary_folder.hpp"

namespace superpose::io {
namespace {

namespace fs = std::filesystem;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

const Column step{"step", "1", "optimiser steps done", DType::i64, {}};
const Column epoch{"epoch", "1", "epochs done", DType::i64, {}};
const std::vector<Column> step_columns{{"loss", "nat", "mean loss of the batch", DType::f64, {}},
                                       {"tokens", "1", "tokens seen", DType::i64, {}}};
const std::vector<Column> epoch_columns{
    {"accuracy", "1", "share of right answers", DType::f64, {}},
    {"accuracy_by_hops", "1", "the same by hop count", DType::f64, {{"hops", {2, 3, 4}}}},
    {"problems_by_hops", "1", "problems evaluated", DType::i64, {{"hops", {2, 3, 4}}}}};

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    metadata_.created = "2025-01-31T12:34:56Z";
    metadata_.configuration = "[train]\nseed = 3\n";
  }

  /// Steps 1 to 5, epochs 1 and 2.
  void write_run() {
    History history(path_, metadata_);
    Table& steps = history.table("steps", step, step_columns);
    Table& epochs = history.table("epochs", epoch, epoch_columns);
    for (int i = 1; i <= 5; ++i) steps.append(i, {{"loss", {1.0 / i}}, {"tokens", {1e15 + i}}});
    for (int i = 1; i <= 2; ++i)
      epochs.append(i, {{"accuracy", {0.1 * i}},
                        {"accuracy_by_hops", {0.2 * i, NAN, 0.4 * i}},
                        {"problems_by_hops", {10.0 * i, 0.0, 30.0 * i}}});
    history.flush();
  }

  tests::TemporaryFolder folder_;
  const std::string& directory_ = folder_.path();
  const std::string path_ = folder_ / "run.h5";
  RunMetadata metadata_;
};

TEST_F(HistoryTest, GivesBackItsTables) {
  write_run();
  History history = History::load(path_, metadata_);
  ASSERT_EQ(history.tables().size(), 2U);
  const Table& steps = history.table("steps", step, step_columns);
  EXPECT_THAT(steps.index(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(steps.values("loss"), ElementsAre(1.0, 1.0 / 2, 1.0 / 3, 1.0 / 4, 1.0 / 5));
  EXPECT_EQ(steps.values("tokens")[4], 1e15 + 5);
  EXPECT_EQ(steps.columns()[0].unit, "nat");
  EXPECT_EQ(steps.columns()[1].dtype, DType::i64);
  const Table& epochs = history.table("epochs", epoch, epoch_columns);
  EXPECT_THAT(epochs.values("accuracy_by_hops"),
              ElementsAre(0.2, testing::IsNan(), 0.4, 0.4, testing::IsNan(), 0.8));
  EXPECT_THAT(epochs.columns()[2].by[0].coordinates, ElementsAre(2, 3, 4));
}

TEST_F(HistoryTest, ColumnsMayHaveSeveralDimensions) {
  const std::vector<Column> columns{{"logit",
                                     "1",
                                     "by layer and thought",
                                     DType::f64,
                                     {{"layer", {1, 2}}, {"thought", {1, 2, 3}}}},
                                    {"copying", "1", "by layer", DType::f64, {{"layer", {1, 2}}}}};
  History history(path_, metadata_);
  history.table("attention", epoch, columns)
      .append(4, {{"logit", {1, 2, 3, 4, 5, 6}}, {"copying", {7, 8}}});
  history.flush();
  const auto layout = File::open(path_).layout("attention/logit");
  EXPECT_THAT(layout.dims, ElementsAre("epoch", "layer", "thought"));
  EXPECT_THAT(layout.shape, ElementsAre(1, 2, 3));
  History again = History::load(path_, metadata_);
  const Table& table = again.table("attention", epoch, columns);
  EXPECT_THAT(table.values("logit"), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(table.columns()[0].by[1].coordinates, ElementsAre(1, 2, 3));
}

TEST_F(HistoryTest, HoldsEachStepOnceAfterAResume) {
  write_run();
  metadata_.created = "2026-01-01T00:00:00Z";
  History history = History::load(path_, metadata_);
  Table& steps = history.table("steps", step, step_columns);
  steps.truncate_after(3);
  history.table("epochs", epoch, epoch_columns).truncate_after(1);
  for (int i = 4; i <= 6; ++i) steps.append(i, {{"loss", {9.0 + i}}, {"tokens", {0}}});
  history.flush();

  History again = History::load(path_, metadata_);
  EXPECT_THAT(again.table("steps", step, step_columns).index(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(again.tables()[0].values("loss"),
              ElementsAre(1.0, 1.0 / 2, 1.0 / 3, 13.0, 14.0, 15.0));
  EXPECT_EQ(again.tables()[1].values("accuracy_by_hops").size(), 3U);
  EXPECT_EQ(read_metadata(File::open(path_)).created, "2025-01-31T12:34:56Z");
}

TEST_F(HistoryTest, DoesNotDisturbAReader) {
  write_run();
  const File reader = File::open(path_);
  History history = History::load(path_, metadata_);
  history.table("steps", step, step_columns).truncate_after(0);
  history.flush();
  std::vector<double> loss(5);
  reader.read({"steps/loss", {"step"}, {5}, DType::f64, loss.data()});
  EXPECT_EQ(loss[4], 1.0 / 5);
  EXPECT_EQ(File::open(path_).layout("steps/loss").shape[0], 0U);
  EXPECT_FALSE(fs::exists(path_ + ".tmp"));
}

TEST_F(HistoryTest, RefusesOtherColumnsThanItsOwn) {
  write_run();
  History history = History::load(path_, metadata_);
  auto columns = epoch_columns;
  columns[1].by[0].coordinates = {3, 4};
  try {
    history.table("epochs", epoch, columns);
    FAIL() << "no Error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), HasSubstr("epochs"));
  }
}

const std::string version_2 = std::string(SUPERPOSE_SOURCE_DIR) + "/tests/data/run_version_2.h5";

TEST_F(HistoryTest, ReadsAColumnOfAnEarlierVersionUnderItsNameOfToday) {
  const auto evaluation = read_tables(version_2, {"evaluation"}).front();
  EXPECT_THAT(evaluation.values("accuracy_equal_depth"),
              ElementsAre(0, 0, testing::DoubleEq(1.0 / 6), 0, 0, 0, 0, 0));
  EXPECT_THAT(evaluation.values("accuracy"), ElementsAre(0.05, 0, 0.2, 0.05, 0, 0, 0, 0));
  const auto has = [&](const std::string& name) {
    return std::any_of(evaluation.columns().begin(), evaluation.columns().end(),
                       [&](const Column& column) { return column.name == name; });
  };
  EXPECT_TRUE(has("accuracy_equal_depth"));
  EXPECT_FALSE(has("equal_depth_accuracy"));
}

TEST_F(HistoryTest, ATableReadLikeOneOfAnEarlierVersionHasAllOfItsColumns) {
  const auto earlier = read_tables(version_2, {"evaluation"});
  History history(path_, metadata_);
  auto columns = earlier.front().columns();
  columns.push_back({"added", "1", "not in the earlier version", DType::f64, {}});
  Row row{{"added", {0.5}}};
  for (const auto& column : earlier.front().columns())
    row[column.name] = std::vector<double>(column.width(), 1);
  history.table("evaluation", earlier.front().index_column(), columns).append(0, row);
  history.flush();
  const auto now = read_tables(path_, {"evaluation"}, earlier).front();
  EXPECT_THAT(now.values("added"), ElementsAre(0.5));
}

// A run begun by an older program goes on in the columns of this one.
TEST_F(HistoryTest, FillsNewColumnsOfARunThatGoesOn) {
  write_run();
  History history = History::load(path_, metadata_);
  auto columns = epoch_columns;
  columns.insert(columns.begin(), {"by_walk", "1", "new", DType::f64, {{"hops", {2, 3, 4}}}});
  columns.push_back({"count", "1", "new", DType::i64, {}});
  columns[1].attributes = {{"frontier_rule", "distance"}};
  Table& epochs = history.table("epochs", epoch, columns);
  EXPECT_THAT(epochs.values("by_walk"), testing::AllOf(testing::SizeIs(6), Each(testing::IsNan())));
  EXPECT_THAT(epochs.values("count"), ElementsAre(0, 0));
  EXPECT_THAT(epochs.values("accuracy"), ElementsAre(0.1, 0.2));
  Row row{{"by_walk", {1, 2, 3}},
          {"accuracy", {0.3}},
          {"accuracy_by_hops", {1, 1, 1}},
          {"problems_by_hops", {1, 1, 1}},
          {"count", {7}}};
  epochs.append(3, row);
  history.flush();
  const File file = File::open(path_);
  EXPECT_EQ(file.attribute<std::string>("epochs/accuracy", "frontier_rule"), "distance");
  EXPECT_FALSE(file.has_attribute("epochs/count", "frontier_rule"));
  History unasked = History::load(path_, metadata_);
  unasked.flush();  // without table(): as a run that is resumed with nothing to record
  EXPECT_EQ(File::open(path_).attribute<std::string>("epochs/accuracy", "frontier_rule"),
            "distance");
  History again = History::load(path_, metadata_);
  EXPECT_THAT(again.table("epochs", epoch, columns).values("count"), ElementsAre(0, 0, 7));
  EXPECT_THROW(again.table("epochs", epoch, epoch_columns), Error) << "a column would be lost";
}

TEST_F(HistoryTest, RefusesRowsOutOfPlace) {
  History history(path_, metadata_);
  Table& steps = history.table("steps", step, step_columns);
  steps.append(4, {{"loss", {1}}, {"tokens", {1}}});
  EXPECT_THROW(steps.append(4, {{"loss", {1}}, {"tokens", {1}}}), std::logic_error);
  EXPECT_THROW(steps.append(5, {{"loss", {1}}}), std::logic_error);
  EXPECT_THROW(steps.append(5, {{"loss", {1, 2}}, {"tokens", {1}}}), std::logic_error);
  EXPECT_THAT(steps.index(), ElementsAre(4));
}

TEST_F(HistoryTest, ReportsADirectoryThatIsNotThere) {
  const History history(directory_ + "/none/run.h5", metadata_);
  try {
    history.flush();
    FAIL() << "no Error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::io);
    EXPECT_THAT(error.what(), HasSubstr("/none/run.h5"));
  }
}

TEST_F(HistoryTest, KeepsTheOldFileWhenTheDiskIsFull) {
  write_run();
  History history = History::load(path_, metadata_);
  history.table("steps", step, step_columns).truncate_after(2);
  {
    const tests::FileSizeLimit limit(1000);
    try {
      history.flush();
      ADD_FAILURE() << "no Error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::io);
      EXPECT_THAT(error.what(), HasSubstr("File too large"));
    }
  }
  EXPECT_FALSE(fs::exists(path_ + ".tmp"));
  EXPECT_EQ(File::open(path_).layout("steps/loss").shape[0], 5U);
}

/// A flush per epoch must not be felt: 300 flushes in a run of a day. The bound is loose (a busy
/// machine, a slow disk); typical is 5 ms and the disk's fsync.
TEST_F(HistoryTest, FlushesALongRunQuickly) {
  History history(path_, metadata_);
  std::vector<Column> columns;
  Row row;
  for (int i = 0; i < 10; ++i) {
    columns.push_back({fmt::format("column_{}", i), "1", "a number", DType::f64, {}});
    row[columns.back().name] = {0.5};
  }
  Table& steps = history.table("steps", step, columns);
  for (int i = 1; i <= 20000; ++i) steps.append(i, row);
  const Stopwatch watch;
  for (int i = 0; i < 10; ++i) history.flush();
  RecordProperty("milliseconds_per_flush", std::to_string(watch.seconds() * 100));
  EXPECT_LT(watch.seconds() / 10, 1.0);
}

TEST_F(HistoryTest, OpensInPython) {
  if (!tests::python_has_h5py()) GTEST_SKIP() << "needs python3-h5py and python3-xarray";
  write_run();
  EXPECT_TRUE(tests::python_reads(path_));
}

}  // namespace
}  // namespace superpose::io
