#include "train/fault_injection.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/enum_names.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "distributed/stop_request.hpp"

namespace superpose::train {
namespace {

struct ProcessFault {
  const char* action;
  void (*strike)();
};

void sleep_for_good() {
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

constexpr std::array<ProcessFault, 8> process_faults = {{
    {"kill", [] { std::raise(SIGKILL); }},
    {"segv", [] { std::raise(SIGSEGV); }},
    {"stop", [] { std::raise(SIGSTOP); }},
    {"term", [] { distributed::send_to_this_process(SIGTERM); }},
    {"throw", [] { throw std::runtime_error("injected exception"); }},
    {"exit0", [] { std::exit(0); }},
    {"exit3", [] { std::exit(3); }},
    {"hang", sleep_for_good},
}};

// The only phase in which each FaultInjection::Poison can happen.
constexpr std::array<const char*, 3> poison_phases = {"forward", "backward", "optimizer"};

bool is_process_fault(const std::string& action) {
  return std::any_of(process_faults.begin(), process_faults.end(),
                     [&](const ProcessFault& fault) { return action == fault.action; });
}

bool is_poison_fault(const std::string& action, const std::string& phase) {
  const auto poison = enum_of<FaultInjection::Poison>(action);
  return poison && phase == poison_phases[index_of(*poison)];
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text + ":");
  for (std::string part; std::getline(stream, part, ':');) parts.push_back(part);
  return parts;
}

/// -1 for what is not a number of digits alone.
std::int64_t number(const std::string& text) {
  std::int64_t value = -1;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && rest == end ? value : -1;
}

void require(bool well_formed, const char* specification, const char* what) {
  validate(well_formed, ExitCode::usage,
           "SUPERPOSE_FAULT = {} has {} (a fault for tests is ACTION:PHASE:RANK:STEP, as in "
           "kill:backward:1:12); unset it to train as usual",
           specification, what);
}

}  // namespace

FaultInjection::FaultInjection(const char* specification, int rank, int n_ranks) {
  if (specification == nullptr) return;
  const auto parts = split(specification);
  require(parts.size() == 4, specification, "not four parts");
  action_ = parts[0];
  phase_ = parts[1];
  step_ = number(parts[3]);
  require(!phase_.empty(), specification, "no phase");
  require(is_process_fault(action_) || is_poison_fault(action_, phase_), specification,
          "an action that is not known, or not in this phase");
  const bool all = parts[2] == "all";
  require(all || (number(parts[2]) >= 0 && number(parts[2]) < n_ranks), specification,
          "a rank that is not there");
  require(step_ >= 0, specification, "a step that is not a number");
  armed_ = all || number(parts[2]) == rank;
  if (armed_) log::warning("a fault is armed for a test: SUPERPOSE_FAULT = {}", specification);
}

void FaultInjection::begin(const char* phase, std::int64_t step) {
  if (!armed_ || step != step_ || phase_ != phase) return;
  for (const auto& fault : process_faults) {
    if (action_ != fault.action) continue;
    armed_ = false;
    fault.strike();
  }
}

bool FaultInjection::poisons(Poison value, std::int64_t step) {
  if (!armed_ || step != step_) return false;
  if (action_ != to_string(value)) return false;
  armed_ = false;
  return true;
}

}  // namespace superpose::train
