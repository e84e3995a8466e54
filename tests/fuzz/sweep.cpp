/// Target: the TOML text of a sweep, and the points made of it.

#include <fstream>

#include "sweep/sweep_points.hpp"
#include "tests/fuzz/echo.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/temporary_folder.hpp"

namespace superpose::fuzz {
namespace {

constexpr std::size_t most_points = 500;  // more take long and show nothing new

/// A configuration for the points to start from: what a text names might be any file.
std::string base() {
  static const tests::TemporaryFolder folder(tests::memory_or_temporary());
  static const std::string path = [] {
    std::ofstream(folder / "base.toml") << "data.train = \"train.json\"\n";
    return folder / "base.toml";
  }();
  return path;
}

std::size_t count(const sweep::Sweep& sweep) {
  std::size_t n = 1;
  for (const auto& axis : sweep.axes)
    if (n <= most_points) n *= axis.values.size();
  return n;
}

void check_point(const sweep::Sweep& sweep, const sweep::Point& point) {
  check_echo(point.options.run);
  require(point.identity.size() == 16 && !sweep::describe(sweep, point).empty(),
          "a point has a name");
}

}  // namespace
}  // namespace superpose::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace superpose;
  const std::string text = fuzz::text_of(data, size);
  sweep::Sweep sweep;
  if (!fuzz::accepts(ExitCode::usage, [&] { sweep = sweep::parse_sweep(text, "fuzz.toml"); }))
    return 0;
  sweep.options.base = fuzz::base();
  for (auto& axis : sweep.axes)
    for (auto& value : axis.values) value.base.clear();
  if (fuzz::count(sweep) > fuzz::most_points) return 0;
  std::vector<sweep::Point> points;
  if (fuzz::accepts(ExitCode::usage, [&] { points = sweep::points_of(sweep); }))
    for (const auto& point : points) fuzz::check_point(sweep, point);
  return 0;
}
