#include "jobs/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "config/nearest_name.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "jobs/subcommand.hpp"
#include "jobs/version.hpp"

namespace superpose::jobs {
namespace {

constexpr const char* more_help =
    "`superpose SUBCOMMAND --help` or `superpose help SUBCOMMAND` lists the options of a "
    "subcommand.\n"
    "In names of options a hyphen and an underscore are the same: --max_time is --max-time.";

/// Leaves the settings out: the configuration table says more about them, in the footer.
class HelpFormatter : public CLI::Formatter {
  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override {
    if (group == settings_group) return "";
    return CLI::Formatter::make_group(group, is_positional, options);
  }
};

std::shared_ptr<CLI::Formatter> help_formatter() {
  auto formatter = std::make_shared<HelpFormatter>();
  formatter->column_width(36);
  formatter->label("REQUIRED", "");
  return formatter;
}

/// `help SUBCOMMAND` as `SUBCOMMAND --help`.
std::vector<std::string> words_of(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty() || words.front() != "help") return words;
  words.erase(words.begin());
  words.emplace_back("--help");
  return words;
}

std::string with_underscores(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

/// Names of options of an App and all below it, by their spelling with underscores throughout:
/// settings are spelled as in files, other options with hyphens.
using Spellings = std::map<std::string, std::string>;
void add_spellings(const CLI::App& app, Spellings& spellings) {
  for (const auto* option : app.get_options())
    for (const auto& name : option->get_lnames()) spellings[with_underscores(name)] = name;
  for (const auto* sub : app.get_subcommands(nullptr)) add_spellings(*sub, spellings);
}

/// `--NAME=VALUE` or `--NAME` with the name as the program spells it, if it is one of its own.
std::string respelled(const std::string& argument, const Spellings& spellings) {
  const auto end = std::min(argument.find('='), argument.size());
  const auto found = spellings.find(with_underscores(argument.substr(2, end - 2)));
  return found == spellings.end() ? argument : "--" + found->second + argument.substr(end);
}

/// The arguments after the program's name, options in the program's spelling.
std::vector<std::string> normalised(const CLI::App& app, int argc, const char* const* argv) {
  Spellings spellings;
  add_spellings(app, spellings);
  std::vector<std::string> arguments;
  for (std::string argument : words_of(argc, argv)) {
    const bool option = argument.size() > 2 && argument.compare(0, 2, "--") == 0;
    if (option) argument = respelled(argument, spellings);
    const bool empty_value = option && argument.find('=') == argument.size() - 1;
    if (empty_value) argument.pop_back();
    arguments.push_back(argument);
    if (empty_value) arguments.emplace_back();  // CLI11 takes `--KEY=` for a missing value
  }
  return arguments;
}

constexpr std::size_t help_columns = 80;

/// Where the lines after the first of an entry begin: below its description, or its own beginning.
std::size_t hanging_indent(const std::string& line) {
  const auto begin = std::min(line.find_first_not_of(' '), line.size());
  const auto gap = line.rfind("  ", help_columns / 2);
  const bool has_description = gap != std::string::npos && gap > begin;
  return has_description ? line.find_first_not_of(' ', gap) : begin;
}

/// A line of help broken at blanks, so that it fits on a terminal.
std::string wrapped_line(std::string line) {
  std::string text;
  while (line.size() > help_columns) {
    const auto indent = hanging_indent(line);
    const auto blank = line.rfind(' ', help_columns);
    if (blank == std::string::npos || blank <= indent) break;  // one long word
    text += line.substr(0, blank) + "\n";
    line = std::string(indent, ' ') + line.substr(blank + 1);
  }
  return text + line;
}

std::string wrapped(const std::string& help) {
  std::istringstream lines(help);
  std::string text;
  for (std::string line; std::getline(lines, line);) text += wrapped_line(line) + "\n";
  if (!text.empty()) text.pop_back();
  return text;
}

std::string joined(int argc, const char* const* argv) {
  return fmt::format("{}", fmt::join(argv, argv + argc, " "));
}

std::vector<std::string> subcommand_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* sub : app.get_subcommands(nullptr)) names.push_back(sub->get_name());
  return names;
}

/// "superpose theory flow": the command as it is typed.
std::string full_name(const CLI::App& app) {
  const auto* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : full_name(*parent) + " " + app.get_name();
}

/// The subcommand given, or the part of it.
const CLI::App& innermost(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return given.empty() ? app : innermost(*given.front());
}

[[noreturn]] void refuse_option(const CLI::App& app, const std::string& argument) {
  const std::string option = argument.substr(0, argument.find('='));
  const std::string name = option.substr(std::min(option.find_first_not_of('-'), option.size()));
  Spellings spellings;
  add_spellings(app, spellings);
  std::vector<std::string> names;
  for (const auto& [underscored, spelled] : spellings) names.push_back(underscored);
  const auto nearest = config::nearest_name(with_underscores(name), names);
  validate(nearest.empty(), ExitCode::usage, "unknown option '{}'; did you mean '--{}'?", option,
           spellings[nearest]);
  fail(ExitCode::usage, "unknown option '{}'; see {} --help", option, full_name(app));
}

/// Error (usage) for the first argument that `app` could not place, options before others: what
/// follows an unknown option is probably its value.
void refuse_remaining(const CLI::App& app) {
  const auto remaining = app.remaining(false);
  for (const auto& argument : remaining) {
    if (argument.size() > 1 && argument.front() == '-') refuse_option(app, argument);
  }
  validate(remaining.empty(), ExitCode::usage,
           "unexpected argument '{}' ({} takes fewer); remove it",
           remaining.empty() ? "" : remaining.front(), full_name(app));
}

/// Error (usage) if no subcommand was found, or for what could not be placed.
void check_subcommand(const CLI::App& app) {
  const auto given = app.get_subcommands();
  const auto unknown = app.remaining(false);
  if (given.empty()) {
    validate(!unknown.empty(), ExitCode::usage, "no subcommand given; {} --help lists them",
             full_name(app));
    fail(ExitCode::usage, "unknown subcommand '{}'{}", unknown.front(),
         config::did_you_mean(unknown.front(), subcommand_names(app)));
  }
  validate(unknown.empty(), ExitCode::usage,
           "'{}' stands before the subcommand; write options after it",
           unknown.empty() ? "" : unknown.front());
  const bool has_parts = !given.front()->get_subcommands(nullptr).empty();
  if (has_parts) return check_subcommand(*given.front());
  refuse_remaining(*given.front());
}

Command print(const std::string& text) {
  return {[text] {
            fmt::print("{}\n", text);
            return 0;
          },
          nullptr};
}

}  // namespace

/// CLI11 only finds the option and its text; types and bounds are the table's, and so is the help.
void add_settings(CLI::App& sub, const config::OptionTable& table,
                  std::vector<config::Override>& overrides) {
  for (const auto& key : table.keys()) {
    const auto record = [&overrides, key](const std::string& value) {
      overrides.push_back({key, value});
    };
    sub.add_option_function<std::string>("--" + key, record)
        ->group(settings_group)
        ->type_name("VALUE")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
  sub.footer(fmt::format("{} (--KEY VALUE or --KEY=VALUE):\n{}\n{}", settings_group, table.help(),
                         exit_codes));
}

void add_verbosity(CLI::App& sub) {
  const auto* quiet = sub.add_flag_callback(
      "-q,--quiet", [] { log::set_verbosity(log::Verbosity::quiet); },
      "Print warnings and errors alone");
  const auto set_verbose = [quiet] {
    validate(quiet->count() == 0, ExitCode::usage,
             "--quiet and --verbose are both given (one says more, one less); leave one out");
    log::set_verbosity(log::Verbosity::verbose);
  };
  sub.add_flag_callback("-v,--verbose", set_verbose,
                        "Also say on stderr what is read and written, and when");
}

Command parse_command_line(int argc, const char* const* argv) {
  CLI::App app{"Trains small transformers to reason in continuous thoughts.", "superpose"};
  app.footer(fmt::format("{}\n{}", exit_codes, more_help));
  app.allow_extras();
  app.set_version_flag("--version", version_text, "Print versions of the program and libraries");
  app.formatter(help_formatter());

  Command command;
  const std::string typed = joined(argc, argv);
  for (const auto add :
       {add_generate, add_train, add_evaluate, add_probe, add_bench, add_theory, add_sweep,
        add_export, add_import, add_validate, add_inspect, add_diff, add_manual})
    add(app, command, typed);

  auto arguments = normalised(app, argc, argv);
  std::reverse(arguments.begin(), arguments.end());  // the order in which CLI11 takes them
  try {
    app.parse(arguments);
    check_subcommand(app);
  } catch (const CLI::CallForHelp&) {
    if (!app.remaining(false).empty() && app.get_subcommands().empty()) check_subcommand(app);
    return print(wrapped(app.help()));
  } catch (const CLI::CallForVersion& version) {
    return print(version.what());
  } catch (const CLI::ParseError& error) {
    check_subcommand(app);  // a mistyped name explains more than what is missing because of it
    fail(ExitCode::usage, "{}; see {} --help", error.what(), full_name(innermost(app)));
  }
  return command;
}

}  // namespace superpose::jobs
