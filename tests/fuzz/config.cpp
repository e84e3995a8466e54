/// Target: the TOML text of a configuration.

#include "config/run_config.hpp"
#include "tests/fuzz/echo.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace superpose;
  const std::string text = fuzz::text_of(data, size);
  train::RunOptions options;
  if (fuzz::accepts(ExitCode::usage,
                    [&] { options = config::parse_run_config(text, "fuzz.toml"); }))
    fuzz::check_echo(options);
  return 0;
}
