#include "distributed/stop_request.hpp"

#include <atomic>

#include "core/error.hpp"

namespace superpose::distributed {
namespace {

// A signal handler reaches nothing but static storage; StopRequest is the only user of these
// two.
std::atomic<int> latest_signal{0};
bool handlers_installed = false;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler must not wait for a lock");

extern "C" void remember_signal(int number) {
  latest_signal.store(number);
}

}  // namespace

StopRequest::StopRequest() {
  SUPERPOSE_EXPECT(!handlers_installed);
  latest_signal.store(0);
  struct sigaction action = {};
  action.sa_handler = remember_signal;
  action.sa_flags = SA_RESTART;  // reads and writes in progress go on as if nothing had happened
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < stop_signals.size(); ++i)
    SUPERPOSE_EXPECT(sigaction(stop_signals[i], &action, &former_[i]) == 0);
  handlers_installed = true;
}

StopRequest::~StopRequest() {
  for (std::size_t i = 0; i < stop_signals.size(); ++i)
    sigaction(stop_signals[i], &former_[i], nullptr);
  handlers_installed = false;
}

int StopRequest::signal_number() const {
  return latest_signal.load();
}

std::string StopRequest::signal_name() const {
  return requested_here() ? name_of_signal(signal_number()) : std::string();
}

std::string name_of_signal(int number) {
  switch (number) {
    case SIGUSR1:
      return "SIGUSR1";
    case SIGUSR2:
      return "SIGUSR2";
    case SIGTERM:
      return "SIGTERM";
    default:
      return fmt::format("signal {}", number);
  }
}

}  // namespace superpose::distributed
