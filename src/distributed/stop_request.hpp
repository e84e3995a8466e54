#pragma once
/// Requests to stop that arrive as signals, and the one thread of a process that signals reach.
///
/// A signal handler must not run on a thread that computes: product kernels that oneDNN compiles at
/// run time (2.6.3) hold data in the stack pointer, and the frame of a handler would be written
/// into tensors. So `main` begins by blocking all signals but those that report the fault of an
/// instruction. Threads made later inherit that; one thread of our own waits for the stop signals
/// and lets all others in, so that handlers of libraries run there, whatever stack they ask for.
///
/// mpirun and srun may deliver a signal to some ranks only or at different steps, so the trainer
/// agrees on it over all ranks before it writes a checkpoint and leaves with exit code 75.

#include <array>
#include <atomic>
#include <csignal>
#include <string>
#include <thread>

namespace superpose::distributed {

/// Of schedulers (SIGUSR1, SIGUSR2, SIGTERM), of terminals (SIGINT, SIGHUP), and of limits on
/// processor time (SIGXCPU).
inline constexpr std::array<int, 6> stop_signals = {SIGUSR1, SIGUSR2, SIGTERM,
                                                    SIGINT,  SIGHUP,  SIGXCPU};

/// "SIGUSR1" for the number of a stop signal, "signal N" for any other N.
std::string name_of_signal(int number);

/// Receives the signals of this process from construction to destruction. A stop signal ends the
/// process, as it would without us, unless a StopRequest notes it. The first object of `main`,
/// before a library starts a thread; one at a time (std::logic_error otherwise): signals belong to
/// the process. SIGXFSZ is ignored meanwhile, so that a write beyond a file size limit fails as any
/// other. Child processes, also those that libraries fork, find signals as this process did.
class SignalThread {
 public:
  SignalThread();
  SignalThread(const SignalThread&) = delete;
  SignalThread& operator=(const SignalThread&) = delete;
  ~SignalThread();

 private:
  void listen();

  std::atomic<bool> leaving_{false};
  std::thread thread_;
};

/// Notes the stop signals from construction to destruction instead of letting them end the process;
/// only a second SIGINT (Ctrl-C) still does. A pipe that nobody reads any more is no signal
/// meanwhile: a write to it fails (EPIPE). Takes a SignalThread; one at a time (std::logic_error
/// otherwise).
class StopRequest {
 public:
  StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;
  ~StopRequest();

  /// Whether a stop signal has reached this process, on any of its threads.
  bool requested_here() const { return signal_number() != 0; }

  /// The first stop signal that reached this process, 0 if none has.
  int signal_number() const;

  /// Its name ("SIGUSR1"), empty if there is none.
  std::string signal_name() const;

  /// What there was to save is saved: from here to the end of the process stop signals are ignored,
  /// so that a repeated one does not turn an orderly exit into a failure.
  void ignore_from_now_on() const;
};

/// Sends this process a stop signal and returns once it has been received, for faults made on
/// purpose: std::raise would leave it pending on a thread that blocks it. At most 5 s.
void send_to_this_process(int stop_signal);

}  // namespace superpose::distributed
