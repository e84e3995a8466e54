// What a sweep writes for other programs: shell, sbatch, tables.

#include <gmock/gmock.h>

#include "core/error.hpp"
#include "sweep/csv.hpp"
#include "sweep/folder.hpp"
#include "sweep/process.hpp"
#include "sweep/slurm.hpp"
#include "tests/error_of.hpp"

namespace superpose::sweep {
namespace {

using testing::Contains;
using testing::HasSubstr;

/// A sweep of one axis with these labels, and its first point; nothing has checked them.
Sweep sweep_of(const std::vector<std::string>& labels) {
  Sweep sweep;
  sweep.axes.push_back({"name", {}});
  for (const auto& label : labels) sweep.axes.back().values.push_back({label, "", {}});
  return sweep;
}

Point point_at(std::size_t value) {
  Point point;
  point.at = {value};
  point.identity = "0123456789abcdef";
  point.options.run.data.train = {"train.json"};
  return point;
}

TEST(SweepText, OfALabelNeverLeavesTheCommentOfAJob) {
  const auto script =
      job_script(SweepFolder("/tmp/x"), sweep_of({"a\ntouch INJECTED #\r\fb"}), point_at(0));
  EXPECT_EQ(script.find("\ntouch"), std::string::npos) << script;
  EXPECT_EQ(script.rfind("# name = a touch INJECTED #  b; written", 0), 0U) << script;
}

TEST(SweepText, OfASettingIsAWordOfTheShell) {
  auto point = point_at(0);
  point.options.problems.wanted = true;
  point.options.problems.options.n_nodes = {8, 28};
  const auto script = job_script(SweepFolder("/tmp/a b"), sweep_of({"x"}), point);
  EXPECT_THAT(script, HasSubstr(" --n_nodes=8:28 "));
  EXPECT_THAT(script, HasSubstr("serial generate '/tmp/a b/problems/"));
}

TEST(SweepText, IsQuotedInTables) {
  const std::pair<const char*, const char*> fields[] = {
      {"plain", "plain,"},   {"a,b", "\"a,b\","}, {"a\"b", "\"a\"\"b\","}, {"a\nb", "\"a\nb\","},
      {"a\rb", "\"a\rb\","}, {"=1+1", "=1+1,"},   {"-1e-3", "-1e-3,"},     {"", ","}};
  for (const auto& [label, field] : fields)
    EXPECT_EQ(csv_labels(sweep_of({label}), point_at(0)), field);
}

TEST(SweepText, OfAFolderIsNoPatternOfSbatch) {
  const auto& slurm = batch_system(Scheduler::slurm);
  ArrayJob job;
  job.n_tasks = 1;
  job.logs = "/runs/50%job/logs";
  EXPECT_THAT(slurm.submit_command(job), Contains("--output=/runs/50%%job/logs/%A_%a.log"));
  job.logs = "/runs/a\\b/logs";
  const auto [code, message] = tests::error_of([&] { slurm.submit_command(job); });
  EXPECT_EQ(code, ExitCode::usage);
  EXPECT_THAT(message, HasSubstr("backslash"));
}

TEST(SweepText, OfWordsIsQuotedForTheShell) {
  EXPECT_EQ(shell_word("a/b-1.h5"), "a/b-1.h5");
  EXPECT_EQ(shell_word("a\nb"), "'a\nb'");
  EXPECT_EQ(shell_word("$(x)'y"), "'$(x)'\\''y'");
}

}  // namespace
}  // namespace superpose::sweep
