#pragma once
/// One job at a time in a run directory. The file `lock` names who holds it; the kernel's lock on
/// that file (flock) tells at once whether the holder lives, where the file system has such locks.
/// Elsewhere the holder's machine, SLURM's job and the age of the file decide.

#include <sys/types.h>

#include <optional>
#include <string>

#include "core/timer.hpp"

namespace superpose::io {

/// Who holds a run directory.
struct LockHolder {
  std::string host;
  std::string boot;  ///< changes with the machine and each start of it
  std::string pid;
  std::string job;  ///< SLURM's job id and restart count; empty outside SLURM
  std::string since;
  std::string start;  ///< of the process, as the kernel counts: no later one of that number has it
};

/// Holds the directory from construction to destruction. For one process of a job, rank 0.
class RunLock {
 public:
  /// Takes over, with a warning, from a job that has ended without giving the directory back.
  /// Error (usage) if another job holds it; Error (io) if there can be no lock.
  explicit RunLock(const std::string& directory);
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  ~RunLock();

  /// Shows that the holder lives; to be called while it works, however often.
  void refresh();

 private:
  std::string path_;
  int file_ = -1;
  Stopwatch since_refresh_;
};

/// Who holds the directory, as far as can be told without touching the lock: nobody if the holder's
/// process is known to have ended.
std::optional<LockHolder> lock_holder(const std::string& directory);

/// The holder's process, if it runs on this machine and is the very one that wrote the lock: a
/// number alone may be another process's by now. Only this may be sent a signal.
std::optional<pid_t> process_of(const LockHolder& holder);

/// What trying for the kernel's lock on the file shows.
enum class KernelLock {
  free,        ///< nobody on this machine has it
  held,        ///< the holder lives
  unsupported  ///< by this file system
};

/// Whether `holder`, whose lock file was refreshed `age` seconds ago, has ended, as seen by
/// `seeker`.
bool has_ended(const LockHolder& holder, const LockHolder& seeker, double age,
               KernelLock kernel_lock);

}  // namespace superpose::io
