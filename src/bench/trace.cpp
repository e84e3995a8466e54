#include "bench/trace.hpp"

#include <Kokkos_Core.hpp>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/host.hpp"
#include "core/timer.hpp"
#include "core/types.hpp"
#include "train/training_step.hpp"

namespace superpose::bench {
namespace {

/// What Kokkos' tools are told of, from `since_start` on.
struct Recording {
  struct Event {
    std::string name;
    const char* category;
    double begin = 0, seconds = 0;  ///< [s]
  };
  Stopwatch since_start;
  std::vector<Event> events;      ///< in the order in which they begin
  std::vector<std::size_t> open;  ///< those that have begun, innermost last
};

/// Kokkos' callbacks take no argument of ours.
Recording& recording() {
  static Recording current;
  return current;
}

void begin_event(const char* name, const char* category) {
  auto& record = recording();
  record.open.push_back(record.events.size());
  record.events.push_back({name, category, record.since_start.seconds()});
}

void end_event() {
  auto& record = recording();
  if (record.open.empty()) return;  // it began before the recording
  if (!kernels_use_host_memory) Kokkos::fence();
  auto& event = record.events[record.open.back()];
  event.seconds = record.since_start.seconds() - event.begin;
  record.open.pop_back();
}

void begin_kernel(const char* name, std::uint32_t, std::uint64_t*) {
  begin_event(name, "kernel");
}

void end_kernel(std::uint64_t) {
  end_event();
}

void begin_copy(Kokkos_Profiling_SpaceHandle, const char* to, const void*,
                Kokkos_Profiling_SpaceHandle, const char*, const void*, std::uint64_t) {
  begin_event(to[0] == '\0' ? "copy" : to, "copy");
}

void begin_region(const char* name) {
  begin_event(name, "region");
}

/// What happens in `work` on this rank, the whole of it as "step". Tools that listen to Kokkos hear
/// nothing meanwhile.
std::vector<Recording::Event> record(const std::function<void()>& work) {
  namespace tools = Kokkos::Tools::Experimental;
  const auto listening = tools::get_callbacks();
  recording() = {};
  tools::set_begin_parallel_for_callback(begin_kernel);
  tools::set_begin_parallel_reduce_callback(begin_kernel);
  tools::set_begin_parallel_scan_callback(begin_kernel);
  tools::set_end_parallel_for_callback(end_kernel);
  tools::set_end_parallel_reduce_callback(end_kernel);
  tools::set_end_parallel_scan_callback(end_kernel);
  tools::set_begin_deep_copy_callback(begin_copy);
  tools::set_end_deep_copy_callback(end_event);
  tools::set_push_region_callback(begin_region);
  tools::set_pop_region_callback(end_event);
  begin_event("step", "region");
  work();
  end_event();
  tools::set_callbacks(listening);
  return std::move(recording().events);
}

/// "X": a complete event; microseconds.
io::Json to_json(const Recording::Event& event, int rank) {
  constexpr double microseconds = 1e6;
  return {{"name", event.name},
          {"cat", event.category},
          {"ph", "X"},
          {"ts", microseconds * event.begin},
          {"dur", microseconds * event.seconds},
          {"pid", rank},
          {"tid", 0}};
}

/// "M": what a viewer shows in place of the number of the process.
io::Json name_of_rank(int rank) {
  return {{"name", "process_name"},
          {"ph", "M"},
          {"pid", rank},
          {"tid", 0},
          {"args", {{"name", fmt::format("rank {} ({})", rank, host_name())}}}};
}

}  // namespace

io::Json trace_step(const train::RunOptions& options, const std::vector<data::Problem>& problems,
                    int stage, const distributed::Communicator& communicator) {
  std::vector<std::uint32_t> batch(problems.size());
  std::iota(batch.begin(), batch.end(), 0U);
  train::TrainingStep step(options, problems, communicator);
  TimeTable times;
  const auto run = [&](std::uint64_t epoch) {
    step.run({batch, {stage, epoch}}, options.optimizer.learning_rate, false, times);
  };
  run(0);
  Kokkos::fence();
  communicator.barrier();
  auto mine = io::Json::array();
  mine.push_back(name_of_rank(communicator.rank()));
  for (const auto& event : record([&] { run(1); }))
    mine.push_back(to_json(event, communicator.rank()));
  const auto all = communicator.allgather(mine.dump());
  auto events = io::Json::array();
  if (communicator.rank() != 0) return events;
  for (const auto& of_rank : all)
    for (auto& event : io::Json::parse(of_rank)) events.push_back(std::move(event));
  return events;
}

}  // namespace superpose::bench
