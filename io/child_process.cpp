#include "io/child_process.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.hpp"

namespace superpose::io {
namespace {

/// The crash is expected: it leaves neither a core file nor a message of the C library. Time of the
/// processor, not of the clock: a slow file system is no damage.
void expect_to_crash(unsigned long seconds) {
  const rlimit time{seconds, seconds};
  setrlimit(RLIMIT_CPU, &time);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  const int sink = ::open("/dev/null", O_WRONLY);
  if (sink >= 0) ::dup2(sink, STDERR_FILENO);
}

}  // namespace

bool survives(unsigned long seconds, const std::function<void()>& work) {
  const pid_t child = ::fork();
  validate(child >= 0, ExitCode::io, "cannot start a child process ({})", std::strerror(errno));
  if (child == 0) {
    expect_to_crash(seconds);
    try {
      work();
    } catch (...) {  // the caller, who does the same work next, meets it again
    }
    ::_exit(0);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0;
}

}  // namespace superpose::io
