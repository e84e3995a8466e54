#include "train/stop_conditions.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "core/log.hpp"

namespace superpose::train {
namespace {

constexpr double look_seconds = 1;   // between looks for the file: a file system is shared
constexpr double save_margin = 1.5;  // a checkpoint may meet a busier file system than the last

}  // namespace

StopConditions::StopConditions(const std::string& directory, bool watches, const JobLimits& limits,
                               double save_seconds)
    : file_(watches ? directory + "/stop" : ""), limits_(limits), save_seconds_(save_seconds) {}

bool StopConditions::due() {
  if (since_call_) longest_interval_ = std::max(longest_interval_, since_call_->seconds());
  since_call_ = Stopwatch();
  time_is_up_ = time_is_up_ || time_is_up();
  file_asks_ = file_asks_ || file_asks();
  return signals_.requested_here() || time_is_up_ || file_asks_ || log::output_failure() != 0;
}

bool StopConditions::time_is_up() {
  if (file_.empty() || !limits_.max_seconds) return false;
  const double needed = longest_interval_ + save_margin * save_seconds_;
  return limits_.since_start.seconds() + needed >= *limits_.max_seconds;
}

bool StopConditions::file_asks() {
  if (file_.empty() || (since_look_ && since_look_->seconds() < look_seconds)) return false;
  since_look_ = Stopwatch();
  std::error_code unknown;
  return std::filesystem::exists(file_, unknown);
}

void StopConditions::saved(double seconds) {
  save_seconds_ = save_measured_ ? std::max(save_seconds_, seconds) : seconds;
  save_measured_ = true;
}

void StopConditions::done() const {
  std::error_code ignored;
  if (file_asks_) std::filesystem::remove(file_, ignored);
  signals_.ignore_from_now_on();
}

std::string StopConditions::reason() const {
  if (signals_.requested_here()) return signals_.signal_name();
  if (time_is_up_) return "--max-time";
  if (file_asks_) return "the file " + file_;
  if (log::output_failure() == EPIPE) return "a closed output pipe";
  return log::output_failure() != 0 ? "an output that cannot be written" : "another rank";
}

}  // namespace superpose::train
