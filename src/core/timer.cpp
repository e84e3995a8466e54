#include "core/timer.hpp"

#include <fmt/format.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

namespace superpose {

std::string TimeTable::table(double total_seconds) const {
  std::vector<std::pair<std::string, Entry>> order(entries_.begin(), entries_.end());
  std::sort(order.begin(), order.end(),
            [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
  std::string text;
  double rest = total_seconds;
  const auto line = [&](const std::string& name, double seconds, const std::string& calls) {
    text += fmt::format("  {:<24}{:>10.2f} s {:>6.1f} % {:>10}\n", name, seconds,
                        100 * seconds / std::max(total_seconds, 1e-12), calls);
  };
  for (const auto& [name, entry] : order) {
    line(name, entry.seconds, fmt::format("{} x", entry.calls));
    rest -= entry.seconds;
  }
  line("other", rest, "");
  line("total", total_seconds, "");
  return text;
}

ScopedTimer::ScopedTimer(TimeTable& table, const char* region)
    : table_(table),
      region_(region),
      around_(table.activity().enter(region)),
      exceptions_at_start_(std::uncaught_exceptions()) {
  Kokkos::Profiling::pushRegion(region_);
}

ScopedTimer::~ScopedTimer() {
  const bool failed = std::uncaught_exceptions() != exceptions_at_start_;
  if (table_.waits_at_ends() && !failed) Kokkos::fence();
  Kokkos::Profiling::popRegion();
  table_.add(region_, watch_.seconds());
  if (!failed) table_.activity().leave(around_);
}

}  // namespace superpose
