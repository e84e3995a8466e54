/// Target: the readers of a run.h5.

#include "io/history.hpp"
#include "io/inspect.hpp"
#include "tests/fuzz/file_plan.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/temporary_folder.hpp"

namespace superpose::fuzz {
namespace {

/// A history that was accepted can be continued: cut, written and loaded again.
void check_continuation(io::History& history, const std::string& path) {
  for (const auto& table : history.tables())
    history.table(table.name(), table.index_column(), table.columns()).truncate_after(2);
  require(accepts(ExitCode::io, [&] { history.flush(); }), "a loaded history can be written");
  std::size_t n_tables = 0;
  require(accepts(ExitCode::io, [&] { n_tables = io::History::load(path, {}).tables().size(); }),
          "a history that was written can be loaded");
  require(n_tables == history.tables().size(), "loading and writing keep every table");
}

}  // namespace
}  // namespace superpose::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace superpose;
  fuzz::Choices choices(data, size);
  auto plan = fuzz::run_plan();
  fuzz::change(plan, choices);
  const tests::TemporaryFolder folder(tests::memory_or_temporary());
  const std::string path = folder / "run.h5";
  fuzz::write(plan, path);
  fuzz::accepts(ExitCode::io, [&] { io::require_intact(io::inspect(path)); });
  io::History history(path, {});
  if (fuzz::accepts(ExitCode::io, [&] { history = io::History::load(path, {}); }))
    fuzz::check_continuation(history, path);
  return 0;
}
