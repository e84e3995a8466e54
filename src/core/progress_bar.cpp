#include "core/progress_bar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/log.hpp"

namespace superpose {
namespace {

constexpr double seconds_between = 0.1;  // often enough for the eye

/// "[=====>    ]" of so many columns.
std::string bar(double share, int columns) {
  const auto width = static_cast<std::size_t>(std::max(0, columns - 2));
  const auto full = static_cast<std::size_t>(std::lround(share * static_cast<double>(width)));
  std::string cells(full, '=');
  if (full > 0 && full < width) cells.back() = '>';
  return "[" + cells + std::string(width - full, ' ') + "]";
}

}  // namespace

ProgressBar::ProgressBar(std::string what, std::int64_t total, std::int64_t done)
    : what_(std::move(what)),
      total_(total),
      done_(done),
      done_at_start_(done),
      columns_(total > 0 ? log::status_columns() : 0) {
  if (columns_ > 0) draw();
}

ProgressBar::~ProgressBar() {
  if (columns_ > 0) log::set_status("");
}

void ProgressBar::advance(std::int64_t parts) {
  done_ = std::min(total_, done_ + parts);
  if (columns_ == 0 || since_drawn_.seconds() < seconds_between) return;
  draw();
  since_drawn_ = Stopwatch();
}

/// One column stays free: a character in the last one makes some terminals begin a line.
void ProgressBar::draw() {
  constexpr int longest_bar = 30;
  const double share = static_cast<double>(done_) / static_cast<double>(total_);
  auto numbers = fmt::format(" {:3.0f} %  {}/{}", 100 * share, done_, total_);
  if (done_ > done_at_start_) {
    const double rate =
        static_cast<double>(done_ - done_at_start_) / std::max(since_start_.seconds(), 1e-9);
    numbers += fmt::format("  {:.0f} s left", static_cast<double>(total_ - done_) / rate);
  }
  const int room = columns_ - 1 - static_cast<int>(what_.size() + 2 + numbers.size());
  auto line = what_ + "  " + (room > 2 ? bar(share, std::min(room, longest_bar)) : "") + numbers;
  line.resize(std::min(line.size(), static_cast<std::size_t>(columns_ - 1)));
  log::set_status(line);
}

}  // namespace superpose
