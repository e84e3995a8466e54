#include <fmt/format.h>

#include "io/compare.hpp"
#include "jobs/jobs.hpp"

namespace superpose::jobs {
namespace {

/// Not an error, so not among the codes of core/error.hpp; the code of diff(1).
constexpr int files_differ = static_cast<int>(ExitCode::failure);

std::string describe(const io::Difference& d) {
  if (!d.layout.empty()) return d.layout;
  std::string text =
      fmt::format("{} of {} differ, largest difference {:.3g}, relative {:.3g}", d.n_different,
                  d.n_numbers, d.largest_absolute, d.largest_relative);
  if (!d.first.empty()) text += fmt::format(", first at [{}]", fmt::join(d.first, ", "));
  return text;
}

void print(const std::vector<io::Difference>& differences) {
  for (const auto& difference : differences)
    fmt::print("  {:<40} {}\n", difference.name, describe(difference));
}

void print_apart(const io::Comparison& comparison) {
  if (!comparison.wall_times.empty()) fmt::print("wall times (not counted):\n");
  print(comparison.wall_times);
  if (!comparison.provenance.empty())
    fmt::print("provenance (not counted): {} differ\n", fmt::join(comparison.provenance, ", "));
}

}  // namespace

int diff_job(const DiffArguments& arguments) {
  const auto comparison =
      io::compare(arguments.a, arguments.b, {arguments.tolerance, arguments.ignore});
  const std::string compared = fmt::format(
      "{} datasets, counters and values compared {}, {} ignored", comparison.n_compared,
      arguments.tolerance ? fmt::format("to {:g}", *arguments.tolerance) : "bit for bit",
      comparison.n_ignored);
  print(comparison.differences);
  print_apart(comparison);
  fmt::print("{} and {} {} ({})\n", arguments.a, arguments.b,
             comparison.same() ? "are the same" : "differ", compared);
  return comparison.same() ? 0 : files_differ;
}

}  // namespace superpose::jobs
