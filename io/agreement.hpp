#pragma once
/// One outcome for all ranks. Errors of parallel writing are local to a rank: one that goes on
/// alone hangs in the next collective call, or leaves a file that opens and holds wrong rows.

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "core/host.hpp"
#include "distributed/communicator.hpp"

namespace superpose::io {

/// Runs `work` on every rank and throws on every rank if it threw Error on any: the first failing
/// rank's error. `work` holds at most one collective call, at its end, and nothing before it that
/// one rank alone may fail at: the others would wait for it there.
template <class Work>
void agree(const distributed::Communicator& communicator, Work&& work) {
  std::string problem;
  int code = 0;
  try {
    std::forward<Work>(work)();
  } catch (const Error& error) {
    problem = error.what();
    code = static_cast<int>(error.code());
  } catch (const std::filesystem::filesystem_error& error) {
    problem = error.what();
    code = static_cast<int>(ExitCode::io);
  }
  if (communicator.all_agree(code == 0)) return;
  const auto problems = communicator.allgather(problem);
  const auto codes = communicator.allgather(code);
  const auto hosts = communicator.allgather(host_name());
  std::size_t rank = 0;
  while (codes[rank] == 0) ++rank;
  const auto where = problems.size() == 1 ? "" : fmt::format("[rank {}, {}] ", rank, hosts[rank]);
  throw Error(static_cast<ExitCode>(codes[rank]), where + problems[rank], true);
}

/// The same for work that only rank 0 does.
template <class Work>
void agree_on_rank_0(const distributed::Communicator& communicator, Work&& work) {
  agree(communicator, [&] {
    if (communicator.rank() == 0) work();
  });
}

}  // namespace superpose::io
