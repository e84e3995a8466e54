#include "io/run_lock.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <thread>

#include "core/error.hpp"
#include "core/files.hpp"
#include "core/host.hpp"
#include "core/log.hpp"
#include "io/run_metadata.hpp"

namespace superpose::io {
namespace {

constexpr double refresh_seconds = 10;
// A holder on another machine that has not refreshed for so long has ended: longer than any step.
constexpr double stale_seconds = 1800;

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string this_boot() {
  return first_line("/proc/sys/kernel/random/boot_id");
}

/// When a process began, in ticks since the machine did; empty if there is none.
std::string start_of(pid_t process) {
  const auto line = first_line(fmt::format("/proc/{}/stat", process));
  std::istringstream rest(line.substr(std::min(line.rfind(')') + 1, line.size())));
  // Field 22; the 2nd, the program's name in brackets, may hold blanks.
  std::istream_iterator<std::string> field(rest);
  for (int i = 3; i < 22 && field != std::istream_iterator<std::string>(); ++i) ++field;
  return field == std::istream_iterator<std::string>() ? "" : *field;
}

/// The number of a process that another one may wait for or end: not 1, not a group, not all.
std::optional<pid_t> number_of(const LockHolder& holder) {
  pid_t number = 0;
  const char* end = holder.pid.data() + holder.pid.size();
  const auto [rest, error] = std::from_chars(holder.pid.data(), end, number);
  if (error != std::errc{} || rest != end || number <= 1) return std::nullopt;
  return number;
}

/// Whether the process that wrote a lock on this machine may still run. Locks of versions up to
/// 0.1.0 do not tell when it began.
bool may_run(const LockHolder& holder) {
  const auto number = number_of(holder);
  if (!number) return false;
  if (holder.start.empty()) return ::kill(*number, 0) == 0 || errno != ESRCH;
  return start_of(*number) == holder.start;
}

LockHolder this_process() {
  auto slurm = slurm_environment();
  const auto job = slurm["SLURM_JOB_ID"], restarts = slurm["SLURM_RESTART_COUNT"];
  return {host_name(),
          this_boot(),
          std::to_string(getpid()),
          job.empty() ? "" : job + "/" + (restarts.empty() ? "0" : restarts),
          utc_now(),
          start_of(getpid())};
}

std::string text_of(const LockHolder& holder) {
  return fmt::format("host={}\nboot={}\npid={}\njob={}\nsince={}\nstart={}\n", holder.host,
                     holder.boot, holder.pid, holder.job, holder.since, holder.start);
}

LockHolder parse(const std::string& text) {
  std::map<std::string, std::string> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find('=');
    if (equals != std::string::npos) values[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return {values["host"], values["boot"],  values["pid"],
          values["job"],  values["since"], values["start"]};
}

std::string name_of(const LockHolder& holder) {
  const auto job = holder.job.empty() ? "" : ", SLURM job " + holder.job;
  return fmt::format("process {} on {}{}, since {}", holder.pid, holder.host, job, holder.since);
}

std::string read_all(int file) {
  char text[4096];
  const auto count = ::pread(file, text, sizeof text, 0);
  return count > 0 ? std::string(text, static_cast<std::size_t>(count)) : "";
}

/// Seconds since the file was changed, by the clock of its file system: that of a new file.
double age_of(int file, const std::string& path) {
  const std::string probe = path + fmt::format(".{}.tmp", getpid());
  const int fresh = create_new_file(probe);
  struct stat now {
  }, then{};
  const bool known = fresh >= 0 && ::fstat(fresh, &now) == 0 && ::fstat(file, &then) == 0;
  if (fresh >= 0) ::close(fresh);
  ::unlink(probe.c_str());
  return known ? static_cast<double>(now.st_mtime - then.st_mtime) : 0;
}

/// Whether `path` still names the open file: its holder may have removed it meanwhile.
bool is_current(int file, const std::string& path) {
  struct stat open_file {
  }, named{};
  return ::fstat(file, &open_file) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open_file.st_ino == named.st_ino;
}

KernelLock try_lock(int file, int operation) {
  if (::flock(file, operation | LOCK_NB) == 0) return KernelLock::free;
  return errno == EWOULDBLOCK ? KernelLock::held : KernelLock::unsupported;
}

/// Takes the kernel's lock if it can. Who asks for the holder (lock_holder) has it for a moment.
KernelLock take_lock(int file) {
  auto lock = try_lock(file, LOCK_EX);
  for (int again = 0; again < 5 && lock == KernelLock::held; ++again) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    lock = try_lock(file, LOCK_EX);
  }
  return lock;
}

/// The open lock file; the kernel's lock on it, if free, is now this process's.
struct OpenLock {
  int file;
  KernelLock kernel_lock;
};

/// Whether nothing else is written when this file is: it is no pipe and has no other name.
bool is_file_of_one_name(int file) {
  struct stat found {};
  return ::fstat(file, &found) == 0 && S_ISREG(found.st_mode) && found.st_nlink <= 1;
}

/// Not made anew, as other files are: several jobs lock the same one.
int open_or_make(const std::string& path) {
  const int file =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
  validate(file >= 0 || errno != ELOOP, ExitCode::io,
           "{} is a symbolic link (what it points to would be overwritten); remove it", path);
  validate(file >= 0, ExitCode::io, "cannot make {} ({}); choose another output.directory", path,
           std::strerror(errno));
  const bool usable = is_file_of_one_name(file);
  if (!usable) ::close(file);
  validate(usable, ExitCode::io,
           "{} is no file of its own (but a pipe, a device or another name of a file); remove it",
           path);
  return file;
}

OpenLock open_lock(const std::string& path) {
  while (true) {
    const int file = open_or_make(path);
    const auto lock = take_lock(file);
    if (lock == KernelLock::held || is_current(file, path)) return {file, lock};
    ::close(file);
  }
}

void write_holder(int file, const std::string& path) {
  const auto text = text_of(this_process());
  const bool written =
      ::ftruncate(file, 0) == 0 &&
      ::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
      ::fsync(file) == 0;
  validate(written, ExitCode::io,
           "cannot write {} ({}); free some space or choose another output.directory", path,
           std::strerror(errno));
}

}  // namespace

std::optional<pid_t> process_of(const LockHolder& holder) {
  const bool here = holder.boot == this_boot() && !holder.start.empty() && may_run(holder);
  return here ? number_of(holder) : std::nullopt;
}

bool has_ended(const LockHolder& holder, const LockHolder& seeker, double age,
               KernelLock kernel_lock) {
  if (kernel_lock == KernelLock::held) return false;
  if (holder.boot == seeker.boot) return kernel_lock == KernelLock::free || !may_run(holder);
  const auto job_of = [](const LockHolder& of) { return of.job.substr(0, of.job.find('/')); };
  const bool requeued = !holder.job.empty() && job_of(holder) == job_of(seeker);
  if (requeued && holder.job != seeker.job) return true;  // SLURM runs a job once at a time
  return age > stale_seconds;
}

std::optional<LockHolder> lock_holder(const std::string& directory) {
  const auto path = directory + "/lock";
  const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  const auto text = read_all(file);
  const double age = age_of(file, path);
  const auto kernel_lock = try_lock(file, LOCK_SH);
  ::close(file);
  const auto holder = parse(text);
  if (text.empty() || has_ended(holder, this_process(), age, kernel_lock)) return std::nullopt;
  return holder;
}

RunLock::RunLock(const std::string& directory) : path_(directory + "/lock") {
  const auto [file, kernel_lock] = open_lock(path_);
  const auto text = read_all(file);
  const auto holder = parse(text);
  const bool free =
      kernel_lock != KernelLock::held &&
      (text.empty() || has_ended(holder, this_process(), age_of(file, path_), kernel_lock));
  if (!free) ::close(file);
  validate(free, ExitCode::usage,
           "{} is in use ({}); wait for that job, or choose another output.directory. If it is "
           "gone, remove {}",
           directory, name_of(holder), path_);
  if (!text.empty())
    log::warning("{}: taken over from a job that has ended ({})", path_, name_of(holder));
  file_ = file;
  try {
    write_holder(file_, path_);
  } catch (...) {  // the destructor does not run then, and would keep the lock
    ::close(file_);
    throw;
  }
}

RunLock::~RunLock() {
  if (is_current(file_, path_)) ::unlink(path_.c_str());
  ::close(file_);  // gives the kernel's lock back
}

void RunLock::refresh() {
  if (since_refresh_.seconds() < refresh_seconds) return;
  ::futimens(file_, nullptr);  // if it fails, the directory is gone: the next write says so
  since_refresh_ = Stopwatch();
}

}  // namespace superpose::io
