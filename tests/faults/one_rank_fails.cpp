/// Rank 1 fails while the others wait for it in a collective call: the job has to end with the exit
/// code of the failure. usage: one_rank_fails abort|unwind
///   abort   the error is caught and the session aborted, as jobs/main.cpp does
///   unwind  the error leaves the session's scope

#include <exception>
#include <string>

#include "core/error.hpp"
#include "distributed/communicator.hpp"

namespace {

using superpose::ExitCode;
using superpose::distributed::MpiSession;

void fail_on_rank_1(const MpiSession& mpi) {
  if (mpi.world().rank() == 1) superpose::fail(ExitCode::io, "rank 1 fails");
  mpi.world().barrier();
}

void run(int argc, char** argv) {
  const MpiSession mpi(argc, argv);
  if (std::string(argv[1]) == "unwind") return fail_on_rank_1(mpi);
  try {
    fail_on_rank_1(mpi);
  } catch (const superpose::Error& error) {
    mpi.abort(error.code());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    run(argc, argv);
  } catch (const std::exception&) {
    return 1;  // not reached: the session has ended the job
  }
  return 0;
}
