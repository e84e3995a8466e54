#pragma once
/// The subcommands, and what they are made with. Each is one file, jobs/NAME.cpp: its arguments,
/// its options, its run.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/option_table.hpp"
#include "core/enum_names.hpp"
#include "jobs/command_line.hpp"

namespace superpose::jobs {

/// Each adds itself to the program, and sets `command` if it is on the command line, which output
/// files quote as it was `typed`.
void add_generate(CLI::App& app, Command& command, const std::string& typed);
void add_train(CLI::App& app, Command& command, const std::string& typed);
void add_evaluate(CLI::App& app, Command& command, const std::string& typed);
void add_probe(CLI::App& app, Command& command, const std::string& typed);
void add_bench(CLI::App& app, Command& command, const std::string& typed);
void add_theory(CLI::App& app, Command& command, const std::string& typed);
void add_sweep(CLI::App& app, Command& command, const std::string& typed);
void add_validate(CLI::App& app, Command& command, const std::string& typed);
void add_inspect(CLI::App& app, Command& command, const std::string& typed);
void add_export(CLI::App& app, Command& command, const std::string& typed);
void add_import(CLI::App& app, Command& command, const std::string& typed);
void add_diff(CLI::App& app, Command& command, const std::string& typed);
void add_manual(CLI::App& app, Command& command, const std::string& typed);

/// Group of the options that are settings: the configuration table writes their help, a footer.
inline constexpr const char* settings_group = "Settings";

/// What the exit codes mean, for the help of a subcommand that computes.
inline constexpr const char* exit_codes =
    "Exit codes: 0 done, 2 usage or configuration, 3 data, 4 unusable checkpoint, 5 I/O or space,\n"
    "6 NaN or divergence, 7 MPI or a stuck rank, 75 interrupted after a checkpoint: submit again,\n"
    "1 out of memory, a failed command of a batch system, or a defect.";

/// Every row of a configuration table becomes an option that records an override.
void add_settings(CLI::App& sub, const config::OptionTable& table,
                  std::vector<config::Override>& overrides);

/// An option that takes the name of an enumerator.
template <class Enum>
CLI::Option* add_choice(CLI::App& sub, const std::string& option, Enum& variable,
                        const std::string& description) {
  const auto names = all_names<Enum>();
  return sub
      .add_option_function<std::string>(
          option, [&variable](const std::string& name) { variable = *enum_of<Enum>(name); },
          description)
      ->check(CLI::IsMember(names))
      ->default_str(to_string(variable))
      ->type_name(fmt::format("{}", fmt::join(names, "|")));
}

/// The option by which an output may replace what is there (io/output_file.hpp).
inline void add_force(CLI::App& sub, bool& force) {
  sub.add_flag("--force", force,
               "Replace an output that another command wrote; without it only what this very "
               "command wrote is replaced, and never what it reads");
}

/// -q and -v, for a subcommand that prints by log::info.
void add_verbosity(CLI::App& sub);

/// For an option of an integer or a number within these bounds, which are said where they are
/// broken. CLI::Range and the like take NaN.
template <class Number>
CLI::Validator within(Number min, Number max, const char* kind) {
  return CLI::Validator(
      [min, max, kind](const std::string& text) {
        Number value = 0;
        const bool in = CLI::detail::lexical_cast(text, value) && value >= min && value <= max;
        return in ? std::string() : fmt::format("{} is no {} in [{}, {}]", text, kind, min, max);
      },
      "");
}
inline CLI::Validator integer_in(int min, int max) {
  return within<std::int64_t>(min, max, "integer");
}
inline CLI::Validator number_in(double min, double max) {
  return within<double>(min, max, "number");
}

/// For an option that names an output: an empty name, as of a variable that is not set, is none.
inline CLI::Validator output_name() {
  return CLI::Validator(
      [](const std::string& text) {
        return text.empty() ? std::string("an output has no name (it is ''); name a file") : "";
      },
      "");
}

/// `run` is called with the arguments if `sub` is on the command line: by every rank, or, if it
/// takes no communicator, without MPI.
template <class Arguments>
void set_run(CLI::App& sub, Command& command, const std::shared_ptr<Arguments>& arguments,
             int (*run)(const Arguments&, const distributed::Communicator&)) {
  sub.callback([arguments, &command, run] {
    command.parallel = [arguments, run](const auto& world) { return run(*arguments, world); };
  });
}
template <class Arguments>
void set_run(CLI::App& sub, Command& command, const std::shared_ptr<Arguments>& arguments,
             int (*run)(const Arguments&)) {
  sub.callback([arguments, &command, run] {
    command.serial = [arguments, run] { return run(*arguments); };
  });
}

}  // namespace superpose::jobs
