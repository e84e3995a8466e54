#include "distributed/stop_request.hpp"

#include <pthread.h>
#include <unistd.h>

#include <chrono>

#include "core/error.hpp"
#include "core/timer.hpp"

namespace superpose::distributed {
namespace {

/// What becomes of a stop signal.
enum class Action { end, note, ignore };

/// Signals belong to the process, and so does what is known of them. Only the two classes of this
/// file change it.
struct Signals {
  bool received = false;           // there is a SignalThread
  std::atomic<bool> noted{false};  // there is a StopRequest
  std::atomic<Action> action{Action::end};
  std::atomic<int> first{0};       // stop signal since there is a StopRequest
  std::atomic<int> interrupts{0};  // SIGINT since there is a StopRequest
  std::atomic<int> count{0};       // stop signals of this process
  sigset_t mask_at_start{};
  void (*pipe_action_at_start)(int) = SIG_DFL;       // of SIGPIPE
  void (*file_size_action_at_start)(int) = SIG_DFL;  // of SIGXFSZ
};
Signals signals;

// What a thread brings upon itself, by an instruction or a write. It meets them at once: outside of
// any product, or as the end of the process. Not blocked: Linux keeps a blocked signal even where
// it is ignored.
constexpr std::array<int, 9> own_doing = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL, SIGTRAP,
                                          SIGABRT, SIGSYS, SIGPIPE, SIGXFSZ};

sigset_t all_that_come_from_elsewhere() {
  sigset_t set;
  sigfillset(&set);
  for (const int number : own_doing) sigdelset(&set, number);
  return set;
}

/// Ends the wait for signals; sent to that thread alone.
int leave_signal() {
  return SIGRTMAX;
}

/// Stop signals that this process does not ignore: nohup has it ignore SIGHUP, and a shell that
/// starts it in the background SIGINT.
sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, leave_signal());
  for (const int number : stop_signals) {
    struct sigaction action = {};
    sigaction(number, nullptr, &action);
    if (action.sa_handler != SIG_IGN) sigaddset(&set, number);
  }
  return set;
}

/// Ends the process as if the signal had never been blocked.
void end_process_by(int number) {
  std::signal(number, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  std::raise(number);
}

void receive(int number) {
  const auto action = signals.action.load();
  const bool again = action == Action::note && number == SIGINT && ++signals.interrupts > 1;
  if (action == Action::end || again) end_process_by(number);
  int none = 0;
  if (action == Action::note) signals.first.compare_exchange_strong(none, number);
  ++signals.count;
}

/// In a child process, after fork: other programs, and work of ours that a Ctrl-C is to end, find
/// signals as this process did. Async-signal-safe.
void restore_in_child() {
  if (!signals.received) return;
  std::signal(SIGPIPE, signals.pipe_action_at_start);
  std::signal(SIGXFSZ, signals.file_size_action_at_start);
  pthread_sigmask(SIG_SETMASK, &signals.mask_at_start, nullptr);
}

void remember_for_children() {
  static const int registered = pthread_atfork(nullptr, nullptr, restore_in_child);
  SUPERPOSE_EXPECT(registered == 0);
  pthread_sigmask(SIG_SETMASK, nullptr, &signals.mask_at_start);
  struct sigaction action = {};
  sigaction(SIGPIPE, nullptr, &action);
  signals.pipe_action_at_start = action.sa_handler;
  sigaction(SIGXFSZ, nullptr, &action);
  signals.file_size_action_at_start = action.sa_handler;
}

}  // namespace

std::string name_of_signal(int number) {
  switch (number) {
    case SIGUSR1:
      return "SIGUSR1";
    case SIGUSR2:
      return "SIGUSR2";
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    case SIGHUP:
      return "SIGHUP";
    case SIGXCPU:
      return "SIGXCPU";
    default:
      return fmt::format("signal {}", number);
  }
}

SignalThread::SignalThread() {
  SUPERPOSE_EXPECT(!signals.received);
  remember_for_children();
  signals.action = Action::end;
  signals.received = true;
  const sigset_t blocked = all_that_come_from_elsewhere();
  SUPERPOSE_EXPECT(pthread_sigmask(SIG_BLOCK, &blocked, nullptr) == 0);
  std::signal(SIGXFSZ, SIG_IGN);
  thread_ = std::thread([this] { listen(); });
}

SignalThread::~SignalThread() {
  leaving_ = true;
  pthread_kill(thread_.native_handle(), leave_signal());
  thread_.join();
  signals.received = false;
  if (signals.action == Action::ignore) return;  // what is left of the process is its exit
  std::signal(SIGXFSZ, signals.file_size_action_at_start);
  pthread_sigmask(SIG_SETMASK, &signals.mask_at_start, nullptr);
}

void SignalThread::listen() {
  const sigset_t awaited = awaited_signals();
  sigset_t blocked;
  sigorset(&blocked, &signals.mask_at_start, &awaited);  // all others are let in
  pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
  for (int number = 0; sigwait(&awaited, &number) == 0;) {
    if (leaving_) return;
    if (number != leave_signal()) receive(number);
  }
}

StopRequest::StopRequest() {
  SUPERPOSE_EXPECT(signals.received && !signals.noted.exchange(true));
  signals.first = 0;
  signals.interrupts = 0;
  std::signal(SIGPIPE, SIG_IGN);
  signals.action = Action::note;
}

StopRequest::~StopRequest() {
  if (signals.action == Action::note) signals.action = Action::end;
  std::signal(SIGPIPE, signals.pipe_action_at_start);
  signals.noted = false;
}

int StopRequest::signal_number() const {
  return signals.first;
}

std::string StopRequest::signal_name() const {
  return requested_here() ? name_of_signal(signal_number()) : std::string();
}

void StopRequest::ignore_from_now_on() const {
  signals.action = Action::ignore;
}

void send_to_this_process(int stop_signal) {
  const int before = signals.count;
  const Stopwatch watch;
  ::kill(::getpid(), stop_signal);
  while (signals.count == before && watch.seconds() < 5)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace superpose::distributed
