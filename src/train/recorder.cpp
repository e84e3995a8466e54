#include "train/recorder.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>

#include "core/error.hpp"
#include "core/files.hpp"
#include "core/frontier_rule.hpp"
#include "core/log.hpp"

namespace superpose::train {
namespace {

constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

io::Column integer(const std::string& name, const std::string& description) {
  return {name, "1", description, DType::i64, {}};
}

io::Column number(const std::string& name, const std::string& unit,
                  const std::string& description) {
  return {name, unit, description, DType::f64, {}};
}

std::vector<io::Column> step_columns() {
  return {integer("epoch", "epoch of the step, 0-based"),
          integer("stage", "stage of the curriculum"),
          number("loss", "nat", "mean training loss of the batch, dropout on"),
          number("gradient_norm", "1", "norm of the whole gradient before clipping"),
          number("learning_rate", "1", "learning rate of the step"),
          number("seconds", "s", "wall time of the step"),
          integer("tokens", "tokens computed in the step"),
          number("operations", "1", "floating-point operations that the model needs for the step")};
}

std::vector<io::Column> epoch_columns() {
  return {integer("stage", "stage of the curriculum"),
          number("loss", "nat", "mean training loss of the epoch, dropout on"),
          number("seconds", "s", "wall time of the epoch, evaluation included")};
}

io::Column column_of(const EvaluationMeasureInfo& measure,
                     const std::vector<std::int64_t>& coordinates) {
  io::Column column{measure.name,
                    measure.unit(),
                    measure.description,
                    measure.kind == MeasureKind::count ? DType::i64 : DType::f64,
                    {}};
  if (measure.by != MeasuredBy::evaluation) column.by = {{to_string(measure.by), coordinates}};
  if (measure.of_frontier)
    column.attributes[frontier_rule_attribute] = to_string(FrontierRule::distance);
  return column;
}

/// Columns of the "evaluation" table for problems of up to max_hops hops.
std::vector<io::Column> evaluation_columns(int max_hops) {
  std::vector<std::int64_t> hops(max_hops);
  std::iota(hops.begin(), hops.end(), 1);
  std::vector<io::Column> columns{integer("stage", "stage of the curriculum")};
  for (const auto& measure : evaluation_measures) columns.push_back(column_of(measure, hops));
  return columns;
}

io::Row evaluation_row(int stage, const EvaluationValues& values, int max_hops) {
  io::Row row{{"stage", {static_cast<double>(stage)}}};
  for (const auto& [measure, name, kind, by, description, of_frontier] : evaluation_measures) {
    auto& numbers = row[name];
    numbers = values[measure];
    if (by == MeasuredBy::evaluation) continue;
    numbers.assign(max_hops, kind == MeasureKind::count ? 0 : not_measured);
    const auto& coordinates = values.coordinates(by);
    for (std::size_t i = 0; i < coordinates.size(); ++i)
      numbers[coordinates[i] - 1] = values[measure][i];
  }
  return row;
}

// --- "attention": grouped statistics, summed over heads ----------------------------------------

/// Mean, standard deviation and count of one statistic.
std::vector<io::Column> columns_of(const analysis::Statistic& statistic) {
  std::vector<io::ColumnDimension> by;
  for (const auto& axis : statistic.axes()) {
    std::vector<std::int64_t> coordinates(static_cast<std::size_t>(axis.extent));
    std::iota(coordinates.begin(), coordinates.end(), 1);
    by.push_back({axis.name, std::move(coordinates)});
  }
  std::map<std::string, std::string> attributes;
  if (!statistic.frontier_rule().empty())
    attributes[frontier_rule_attribute] = statistic.frontier_rule();
  const auto column = [&](const char* ending, const char* what, DType type) {
    return io::Column{statistic.name() + ending,
                      type == DType::i64 ? "1" : statistic.unit(),
                      what + statistic.description(),
                      type,
                      by,
                      attributes};
  };
  return {column("", "mean: ", DType::f64), column("_std", "standard deviation: ", DType::f64),
          column("_count", "measurements: ", DType::i64)};
}

std::vector<io::Column> attention_columns(const analysis::ProbeShape& shape) {
  const analysis::GroupedStatistics statistics(shape);
  std::vector<io::Column> columns{integer("stage", "stage that the epoch trained")};
  for (const auto* statistic : statistics.all(false))
    for (auto& column : columns_of(*statistic)) columns.push_back(std::move(column));
  return columns;
}

io::Row attention_row(int stage, const analysis::GroupedStatistics& statistics) {
  io::Row row{{"stage", {static_cast<double>(stage)}}};
  for (const auto* statistic : statistics.all(false)) {
    auto &mean = row[statistic->name()], &deviation = row[statistic->name() + "_std"],
         &count = row[statistic->name() + "_count"];
    for (const auto& moments : statistic->values()) {
      mean.push_back(moments.mean());
      deviation.push_back(moments.deviation());
      count.push_back(static_cast<double>(moments.count()));
    }
  }
  return row;
}

std::string clock(double seconds) {
  const auto total = static_cast<long>(std::lround(std::max(0.0, seconds)));
  return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
}

io::History open_history(const Recorder::Plan& plan, const io::RunMetadata& metadata,
                         bool continued) {
  const auto path = run_file(plan.directory);
  if (!continued || !plan.is_writer) return io::History(path, metadata);
  if (!std::filesystem::exists(path)) {
    log::warning("{} is not there; its histories begin again here", path);
    return io::History(path, metadata);
  }
  try {
    return io::History::load(path, metadata);
  } catch (const Error& error) {  // the checkpoints are what a run needs; keep the file for a look
    log::warning("{}; it is kept as {} and the histories begin again here", error.what(),
                 set_aside(path));
    return io::History(path, metadata);
  }
}

}  // namespace

std::string run_file(const std::string& directory) {
  return directory + "/run.h5";
}

Recorder::Recorder(const Plan& plan, const io::RunMetadata& metadata, bool continued,
                   std::int64_t step, std::int64_t epoch)
    : plan_(plan),
      metadata_(metadata),
      history_(open_history(plan, metadata, continued)),
      first_step_(step) {
  if (continued) continued_ = LiveLog::Done{step, epoch};
  make_tables();
  // A run that was killed has recorded steps beyond its last checkpoint; they are done again.
  steps_->truncate_after(step);
  epochs_->truncate_after(epoch - 1);
  evaluation_->truncate_after(epoch - 1);
  if (attention_) attention_->truncate_after(epoch - 1);
}

void Recorder::make_tables() {
  steps_ =
      &history_.table("steps", integer("step", "optimiser step, 1 for the first"), step_columns());
  epochs_ = &history_.table("epochs", integer("epoch", "epoch, 0-based"), epoch_columns());
  evaluation_ = &history_.table("evaluation", integer("epoch", "epoch after which it was measured"),
                                evaluation_columns(plan_.max_hops));
  if (plan_.attention)
    attention_ = &history_.table("attention", integer("epoch", "epoch after which it was measured"),
                                 attention_columns(*plan_.attention));
}

void Recorder::begin() {
  if (!plan_.is_writer) return;
  if (plan_.jsonl) live_.emplace(plan_.directory, metadata_, continued_);
  flush();
}

bool Recorder::is_logged(std::int64_t step) const {
  return step % plan_.log_every == 0 || step == plan_.total_steps;
}

void Recorder::append(io::Table& table, std::int64_t index, const io::Row& row, bool logged) {
  table.append(index, row);
  const auto& steps = steps_->index();
  if (live_ && logged) live_->write(table, index, row, steps.empty() ? first_step_ : steps.back());
}

void Recorder::record(const StepRecord& r) {
  if (!plan_.is_writer) return;
  const auto value = [](auto x) { return std::vector<double>{static_cast<double>(x)}; };
  append(*steps_, r.step,
         {{"epoch", value(r.epoch)},
          {"stage", value(r.stage)},
          {"loss", value(r.loss)},
          {"gradient_norm", value(r.gradient_norm)},
          {"learning_rate", value(r.learning_rate)},
          {"seconds", value(r.seconds)},
          {"tokens", value(r.tokens)},
          {"operations", value(r.operations)}},
         is_logged(r.step));
  if (!is_logged(r.step)) return;
  const double per_step =
      since_start_.seconds() / static_cast<double>(std::max<std::int64_t>(1, r.step - first_step_));
  log::info(
      "step {:>6}/{}  epoch {:>3}  stage {}  loss {:.4f}  |g| {:.3g}  lr {:.2e}  {:.0f} ms  "
      "{:.0f} tok/s  ETA {}",
      r.step, plan_.total_steps, r.epoch + 1, r.stage, r.loss, r.gradient_norm, r.learning_rate,
      1e3 * r.seconds, static_cast<double>(r.tokens) / r.seconds,
      clock(per_step * static_cast<double>(plan_.total_steps - r.step)));
}

void Recorder::record(const EpochRecord& r) {
  if (!plan_.is_writer) return;
  append(*epochs_, r.epoch,
         {{"stage", {static_cast<double>(r.stage)}}, {"loss", {r.loss}}, {"seconds", {r.seconds}}});
}

namespace {

/// "answers 4.69 % (equally deep 0.00 %)  frontier at hops 1 to 2: 7.8, 10.9 %", without what there
/// is none of.
std::string in_words(const EvaluationSummary& summary) {
  auto words = fmt::format("answers {:.2f} %", 100 * summary.all.accuracy);
  if (summary.equal_depth.problems > 0)
    words += fmt::format(" (equally deep {:.2f} %)", 100 * summary.equal_depth.accuracy);
  if (summary.hops.empty()) return words;
  std::string shares;
  for (const auto& hop : summary.hops)
    shares += fmt::format("{}{:.1f}", shares.empty() ? "" : ", ", 100 * hop.frontier);
  return words + fmt::format("  frontier at hops 1 to {}: {} %", summary.hops.size(), shares);
}

}  // namespace

void Recorder::record(const EpochRecord& epoch, const EvaluationSummary& summary) {
  record(epoch);
  if (!plan_.is_writer) return;
  append(*evaluation_, epoch.epoch,
         evaluation_row(epoch.stage, values_of(summary), plan_.max_hops));
  log::info("epoch {:>4}/{}  stage {}  loss {:.4f}  held out: {}  {:.1f} s", epoch.epoch + 1,
            plan_.total_epochs, epoch.stage, epoch.loss, in_words(summary), epoch.seconds);
}

void Recorder::record(const EpochRecord& epoch, const analysis::GroupedStatistics& statistics) {
  SUPERPOSE_EXPECT(attention_ != nullptr);
  if (plan_.is_writer) append(*attention_, epoch.epoch, attention_row(epoch.stage, statistics));
}

void Recorder::flush() {
  if (!plan_.is_writer) return;
  history_.flush();
  if (live_) live_->sync();
}

}  // namespace superpose::train
