#include "distributed/same_on_ranks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "core/host.hpp"
#include "core/version.hpp"

namespace superpose::distributed {
namespace {

std::string shortened(const std::string& line) {
  constexpr std::size_t most = 200;
  return line.size() <= most ? line : line.substr(0, most) + "...";
}

/// "'a = 1', not 'a = 2'": the first line in which the texts differ.
std::string first_difference(const std::string& here, const std::string& there) {
  std::istringstream mine(here), theirs(there);
  std::string my_line, their_line;
  while (true) {
    const bool have_mine = static_cast<bool>(std::getline(mine, my_line));
    const bool have_theirs = static_cast<bool>(std::getline(theirs, their_line));
    if (!have_mine) my_line.clear();
    if (!have_theirs) their_line.clear();
    if (my_line != their_line || (!have_mine && !have_theirs)) break;
  }
  return fmt::format("'{}', not '{}'", shortened(my_line), shortened(their_line));
}

void require_same(const Communicator& world, const Fact& fact) {
  const auto expected = world.broadcast(fact.value);
  const bool same = fact.value == expected;
  if (world.all_agree(same)) return;
  const auto agree = world.allgather(same ? 1 : 0);
  const auto hosts = world.allgather(host_name());
  const auto differences =
      world.allgather(same ? std::string() : first_difference(fact.value, expected));
  const auto rank = std::find(agree.begin(), agree.end(), 0) - agree.begin();
  fail_everywhere(
      fact.code,
      "{} of rank {} ({}) is not that of rank 0 ({}): {} (ranks sum what each computes); "
      "give all ranks the same command, files and program",
      fact.name, rank, hosts[rank], hosts[0], differences[rank]);
}

}  // namespace

void require_same(const Communicator& world, const std::vector<Fact>& facts) {
  if (world.size() == 1) return;
  for (const auto& fact : facts) require_same(world, fact);
}

void require_same_program(const Communicator& world, const std::vector<std::string>& words) {
  const auto build = fmt::format("superpose {}, commit {}, {}\n{}", program_version(), git_hash(),
                                 compiler(), compile_flags());
  require_same(world,
               {{"the command line", fmt::format("{}", fmt::join(words, "\n")), ExitCode::usage},
                {"the build", build, ExitCode::usage}});
}

}  // namespace superpose::distributed
