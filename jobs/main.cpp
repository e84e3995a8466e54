/// superpose: parses the command line, starts MPI if the job needs it, runs the job. The one place
/// where errors end: every exit code of the program passes through here.

#include <fmt/format.h>

#include <new>
#include <optional>

#include "core/error.hpp"
#include "core/host.hpp"
#include "core/log.hpp"
#include "core/plain_text.hpp"
#include "distributed/communicator.hpp"
#include "distributed/stop_request.hpp"
#include "jobs/command_line.hpp"

namespace {

using superpose::ExitCode;
using superpose::distributed::MpiSession;

/// Prints the error and returns the exit code; with several ranks ends them all instead, because
/// the others may be waiting for this one.
int end_after_error(const std::optional<MpiSession>& mpi, ExitCode code, const std::string& message,
                    bool agreed = false) {
  const bool parallel = mpi && mpi->world().size() > 1;
  // An error that all ranks know of is printed once: the others wait here to be ended by rank 0.
  if (agreed && mpi->world().rank() != 0) mpi->world().barrier();
  const auto who = parallel && !agreed ? fmt::format(" on rank {} ({})", mpi->world().rank(),
                                                     superpose::host_name())
                                       : std::string();
  fmt::print(stderr, "superpose: error{}: {}\n", who, superpose::printable(message));
  if (parallel) mpi->abort(code);
  return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv) {
  const superpose::distributed::SignalThread signals;  // before any library starts a thread
  std::optional<MpiSession> mpi;  // outlives the handlers, which need it to end the other ranks
  try {
    const auto command = superpose::jobs::parse_command_line(argc, argv);
    if (command.serial) return command.serial();
    mpi.emplace(argc, argv);
    superpose::log::set_rank(mpi->world().rank());
    return command.parallel(mpi->world());
  } catch (const superpose::Error& error) {
    return end_after_error(mpi, error.code(), error.what(), error.agreed());
  } catch (const std::bad_alloc&) {
    return end_after_error(mpi, ExitCode::failure,
                           "out of memory; use more nodes, or fewer ranks on each");
  } catch (const std::exception& error) {
    return end_after_error(
        mpi, ExitCode::failure,
        fmt::format("{} (this is a defect of superpose); please report it", error.what()));
  }
}
