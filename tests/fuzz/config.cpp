/// Target: the TOML text of a configuration.

#include "config/run_config.hpp"
#include "tests/fuzz/target.hpp"

namespace superpose::fuzz {
namespace {

/// What the program echoes is a configuration, and the same one.
void check_echo(const train::RunOptions& options) {
  const std::string echo = config::effective_config(options);
  std::string again;
  const bool read = accepts(ExitCode::usage, [&] {
    again = config::effective_config(config::parse_run_config(echo, "the echo"));
  });
  require(read && again == echo, "the echo of a configuration reads back to it:\n" + echo);
}

}  // namespace
}  // namespace superpose::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace superpose;
  const std::string text = fuzz::text_of(data, size);
  train::RunOptions options;
  if (fuzz::accepts(ExitCode::usage,
                    [&] { options = config::parse_run_config(text, "fuzz.toml"); }))
    fuzz::check_echo(options);
  return 0;
}
