/// Target: the readers of a checkpoint.

#include "io/checkpoint.hpp"

#include <algorithm>

#include "io/inspect.hpp"
#include "tests/fuzz/file_plan.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/temporary_folder.hpp"

namespace superpose::fuzz {
namespace {

/// What the unchanged file holds, beginning at any of it: the first that cannot be read ends it.
void read_tensors(const std::string& path, std::size_t first) {
  std::vector<float> values(6);
  std::vector<NamedTensor> wanted;
  for (const std::string group : {"parameters/", "optimizer/exp_avg/", "optimizer/exp_avg_sq/"}) {
    wanted.push_back({group + "wte", {}, {2, 3}, DType::f32, values.data()});
    wanted.push_back({group + "ln_f", {}, {3}, DType::f32, values.data()});
  }
  std::rotate(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(first), wanted.end());
  accepts(ExitCode::checkpoint, [&] { io::read_tensors(path, wanted); });
}

/// Error (io) if the file is of no known kind, (checkpoint) if it is a checkpoint of a new version.
bool inspects_as_intact(const std::string& path) {
  try {
    const auto report = io::inspect(path);
    io::require_intact(report);
    return report.checkpoint;
  } catch (const Error& error) {
    const bool right = error.code() == ExitCode::io || error.code() == ExitCode::checkpoint;
    require(right, fmt::format("exit code of \"{}\"", error.what()));
    return false;
  }
}

}  // namespace
}  // namespace superpose::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace superpose;
  fuzz::Choices choices(data, size);
  const std::size_t first = choices.below(6);
  auto plan = fuzz::checkpoint_plan();
  fuzz::change(plan, choices);
  const tests::TemporaryFolder folder(tests::memory_or_temporary());
  const std::string path = folder / "checkpoint_000000012.h5";
  fuzz::write(plan, path);
  const bool usable = fuzz::accepts(ExitCode::checkpoint, [&] { io::read_header(path); });
  fuzz::read_tensors(path, first);
  if (fuzz::inspects_as_intact(path))
    fuzz::require(usable, "a checkpoint that is intact can be read");
  return 0;
}
