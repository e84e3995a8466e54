#pragma once
#include <cstdint>
#include <string>

#include "core/timer.hpp"

namespace superpose {

/// How far long work is, as the last line of a terminal, from construction to destruction. Draws
/// nothing where log::status_columns() is 0. Of several at a time the latest to change is seen.
class ProgressBar {
 public:
  /// `what` is done in `total` parts.
  ProgressBar(std::string what, std::int64_t total, std::int64_t done = 0);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar();

  /// `parts` more are done.
  void advance(std::int64_t parts = 1);

 private:
  void draw();

  std::string what_;
  std::int64_t total_, done_, done_at_start_;
  int columns_;  ///< of the terminal; 0: nothing is drawn
  Stopwatch since_start_, since_drawn_;
};

}  // namespace superpose
