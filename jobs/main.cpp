/// superpose: parses the command line, starts MPI if the job needs it, runs the job. The one place
/// where errors end: every exit code of the program passes through here.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>

#include "core/error.hpp"
#include "core/host.hpp"
#include "core/log.hpp"
#include "core/plain_text.hpp"
#include "distributed/communicator.hpp"
#include "distributed/same_on_ranks.hpp"
#include "distributed/stop_request.hpp"
#include "jobs/as_error.hpp"
#include "jobs/command_line.hpp"

namespace {

using superpose::Error;
using superpose::ExitCode;
using superpose::distributed::MpiSession;

/// What is opened later must not get the number of a stream that the caller closed.
void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(stream, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != stream) return;
}

/// Runs the command on this rank; returns the exit code.
int run(const superpose::jobs::Command& command, int argc, char** argv,
        std::optional<MpiSession>& mpi) {
  if (command.serial) return command.serial();
  mpi.emplace(argc, argv);
  superpose::log::set_rank(mpi->world().rank());
  superpose::distributed::require_same_program(mpi->world(), {argv + 1, argv + argc});
  return command.parallel(mpi->world());
}

/// Error (io) unless all that was printed has arrived. A training that was stopped by a pipe that
/// nobody reads says so by its own code.
void finish_output(int code) {
  const bool interrupted = code == static_cast<int>(ExitCode::interrupted);
  if (interrupted && superpose::log::output_failure() == EPIPE) return;
  superpose::log::finish_output();
}

/// Prints the error and returns the exit code; with several ranks ends them all instead, because
/// the others may be waiting for this one.
int end_after_error(const std::optional<MpiSession>& mpi, const Error& error) {
  const bool parallel = mpi && mpi->world().size() > 1;
  // An error that all ranks know of is printed once: the others wait here to be ended by rank 0.
  if (error.agreed() && mpi->world().rank() != 0) mpi->world().barrier();
  const auto who =
      parallel && !error.agreed()
          ? fmt::format(" on rank {} ({})", mpi->world().rank(), superpose::host_name())
          : std::string();
  const auto text =
      fmt::format("superpose: error{}: {}\n", who, superpose::printable(error.what()));
  std::fputs(text.c_str(), stderr);  // which may be closed or full, too
  if (parallel) mpi->abort(error.code());
  return static_cast<int>(error.code());
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  const superpose::distributed::SignalThread signals;  // before any library starts a thread
  std::optional<MpiSession> mpi;  // outlives the handlers, which need it to end the other ranks
  try {
    const int code = run(superpose::jobs::parse_command_line(argc, argv), argc, argv, mpi);
    finish_output(code);
    return code;
  } catch (const std::exception& exception) {
    return end_after_error(mpi, superpose::jobs::as_error(exception));
  }
}
