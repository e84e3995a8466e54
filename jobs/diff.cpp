#include <fmt/format.h>

#include <limits>

#include "core/error.hpp"
#include "core/plain_text.hpp"
#include "io/checkpoint.hpp"
#include "io/compare.hpp"
#include "jobs/subcommand.hpp"

namespace superpose::jobs {
namespace {

/// `superpose diff A B [--tolerance X] [--ignore NAME ...]`
struct Arguments {
  std::string a, b;                 ///< two checkpoints or two run.h5
  std::optional<double> tolerance;  ///< relative; none: bit for bit
  std::vector<std::string> ignore;  ///< datasets, counters, values or groups
};

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
    fmt::print("  {:<40} {}\n", printable(difference.name), printable(describe(difference)));
}

void print_apart(const io::Comparison& comparison) {
  if (!comparison.wall_times.empty()) fmt::print("wall times (not counted):\n");
  print(comparison.wall_times);
  if (!comparison.provenance.empty())
    fmt::print("provenance (not counted): {} differ\n", fmt::join(comparison.provenance, ", "));
  for (const auto& [key, a, b] : comparison.settings)
    fmt::print("  {:<40} {} | {}\n", printable(key), printable(a), printable(b));
}

int run(const Arguments& arguments) {
  const auto a = io::checkpoint_file(arguments.a), b = io::checkpoint_file(arguments.b);
  const auto comparison = io::compare(a, b, {arguments.tolerance, arguments.ignore});
  const std::string compared = fmt::format(
      "{} datasets, counters and values compared {}, {} ignored", comparison.n_compared,
      arguments.tolerance ? fmt::format("to {:g}", *arguments.tolerance) : "bit for bit",
      comparison.n_ignored);
  print(comparison.differences);
  print_apart(comparison);
  fmt::print("{} and {} {} ({})\n", printable(a), printable(b),
             comparison.same() ? "are the same" : "differ", compared);
  return comparison.same() ? 0 : files_differ;
}

}  // namespace

void add_diff(CLI::App& app, Command& command, const std::string& /*typed*/) {
  auto* sub = app.add_subcommand("diff", "Compare two checkpoints or two run.h5");
  const auto arguments = std::make_shared<Arguments>();
  sub->add_option("A", arguments->a, "Checkpoint (or run directory for its newest) or run.h5")
      ->type_name("")
      ->required();
  sub->add_option("B", arguments->b, "Another one")->type_name("")->required();
  sub->add_option("--tolerance", arguments->tolerance,
                  "Relative difference to accept; without it every bit counts")
      ->check(number_in(0, std::numeric_limits<double>::max()))
      ->type_name("X");
  sub->add_option(
         "--ignore", arguments->ignore,
         "Datasets, counters, values or groups to leave out: whole names or their last part")
      ->delimiter(',')
      ->allow_extra_args(false)  // or it would take A and B, if they follow
      ->type_name("NAME,...");
  sub->footer("Exit codes: 0 the same, 1 different, 4 or 5 one of them is unusable.");
  set_run(*sub, command, arguments, run);
}

}  // namespace superpose::jobs
