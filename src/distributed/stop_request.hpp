#pragma once
/// Requests to stop that arrive as signals: SIGUSR1 (sbatch --signal=USR1@120), SIGUSR2, SIGTERM.
/// mpirun and srun may deliver one to some ranks only or at different steps, so the trainer agrees
/// on it over all ranks before it writes a checkpoint and leaves with exit code 75.

#include <array>
#include <csignal>
#include <string>

namespace superpose::distributed {

inline constexpr std::array<int, 3> stop_signals = {SIGUSR1, SIGUSR2, SIGTERM};

/// Catches the stop signals from construction to destruction, when the former handlers return.
/// One at a time (std::logic_error otherwise): signal handlers belong to the process.
class StopRequest {
 public:
  StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;
  ~StopRequest();

  /// Whether a stop signal has reached this process, on any of its threads.
  bool requested_here() const { return signal_number() != 0; }

  /// The latest stop signal that reached this process, 0 if none has.
  int signal_number() const;

  /// Its name ("SIGUSR1"), empty if there is none.
  std::string signal_name() const;

 private:
  std::array<struct sigaction, stop_signals.size()> former_{};
};

/// "SIGUSR1" for the number of a stop signal, "signal N" for any other N.
std::string name_of_signal(int number);

}  // namespace superpose::distributed
