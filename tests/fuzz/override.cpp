/// Target: settings of the command line. The first line of the input names the subcommand, each
/// further one is a key, a blank and a value.

#include <sstream>
#include <vector>

#include "config/run_config.hpp"
#include "config/theory_config.hpp"
#include "tests/fuzz/target.hpp"

namespace superpose::fuzz {
namespace {

using Overrides = std::vector<config::Override>;

Overrides read_overrides(std::istream& lines) {
  Overrides overrides;
  for (std::string line; std::getline(lines, line);) {
    const auto blank = std::min(line.find(' '), line.size());
    overrides.push_back({line.substr(0, blank), line.substr(std::min(blank + 1, line.size()))});
  }
  return overrides;
}

/// The settings as the program writes them into its files.
std::string echo_of(const std::string& subcommand, const Overrides& overrides) {
  using namespace config;
  if (subcommand == "generate") return effective_config(read_generator_options(overrides));
  if (subcommand == "construct") return effective_config(read_construct_options(overrides));
  if (subcommand == "flow") return effective_config(read_flow_options(overrides));
  if (subcommand == "predict") return effective_config(read_predict_options(overrides));
  return effective_config(parse_run_config("", "nothing", overrides));
}

}  // namespace
}  // namespace superpose::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace superpose;
  std::istringstream lines(fuzz::text_of(data, size));
  std::string subcommand, echo;
  std::getline(lines, subcommand);
  const auto overrides = fuzz::read_overrides(lines);
  if (fuzz::accepts(ExitCode::usage, [&] { echo = fuzz::echo_of(subcommand, overrides); }))
    fuzz::require(fuzz::accepts(ExitCode::usage, [&] { config::read_toml(echo, "the echo"); }),
                  "the echo is TOML:\n" + echo);
  return 0;
}
