#include "sweep/planned.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "sweep/cost.hpp"

namespace superpose::sweep {
namespace {

std::string labels(const Axis& axis) {
  constexpr std::size_t most = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, axis.values.size()); ++i)
    text += (i == 0 ? "" : " | ") + axis.values[i].label;
  if (axis.values.size() > most) text += fmt::format(" | {} more", axis.values.size() - most);
  return text;
}

}  // namespace

Planned::Planned(const std::string& file, Queue answer)
    : sweep(read_sweep(file)),
      points(points_of(sweep)),
      folder(sweep.options.directory),
      queue(read_queue(folder, answer)),
      status(status_of(folder, points, queue)) {}

void Planned::look_again_with_lock() {
  queue = read_queue(folder, Queue::must_answer);
  queue.local = false;  // a local runner would have the lock
  status = status_of(folder, points, queue);
}

std::size_t Planned::count(State state) const {
  return static_cast<std::size_t>(
      std::count_if(status.begin(), status.end(),
                    [&](const PointStatus& point) { return point.state == state; }));
}

void print_axes(const Planned& planned) {
  const auto& sweep = planned.sweep;
  std::string product;
  for (const auto& axis : sweep.axes)
    product +=
        fmt::format("{}{} ({})", product.empty() ? " = " : " x ", axis.name, axis.values.size());
  log::info("sweep {}: {} point{}{}, base {}, in {}", sweep.name, planned.points.size(),
            planned.points.size() == 1 ? "" : "s", product, sweep.options.base,
            planned.folder.root());
  for (const auto& axis : sweep.axes) log::info("  {:<20} {}", axis.name, labels(axis));
}

void print_estimate(const Planned& planned, std::optional<double> epoch_seconds) {
  if (planned.sweep.options.job == SweepJob::bench) return;  // minutes, whatever the epochs
  const auto rate = epoch_seconds ? given_rate(planned.points.front(), *epoch_seconds)
                                  : measured_rate(planned.folder, planned.points, planned.status);
  log::info("  {}", estimate(planned.points, planned.status, rate));
}

std::string counts(const Planned& planned) {
  std::string text;
  for (const auto state : all_values<State>()) {
    const auto n = planned.count(state);
    if (n > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, to_string(state));
  }
  return text;
}

}  // namespace superpose::sweep
