/// `superpose manual man|bash`: the manual page, and completion for bash, made from what the
/// program parses its command line by.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/version.hpp"
#include "jobs/subcommand.hpp"

namespace superpose::jobs {
namespace {

enum class Format { man, bash };
constexpr std::array<const char*, 2> names_of(Format) {
  return {"man", "bash"};
}

struct Arguments {
  Format format = Format::man;
};

/// Calls `visit(app, command)` for an App and all below it; the command is "sweep plan", that of
/// the program is empty.
template <class Visit>
void visit_commands(const CLI::App& app, const Visit& visit, const std::string& command = "") {
  visit(app, command);
  for (const auto* sub : app.get_subcommands(nullptr))
    visit_commands(*sub, visit, command + (command.empty() ? "" : " ") + sub->get_name());
}

/// As troff has to read it to print it.
std::string troff(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    const bool begins_line = escaped.empty() || escaped.back() == '\n';
    if (begins_line && (c == '.' || c == '\'')) escaped += "\\&";
    escaped += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  }
  return escaped;
}

/// Text whose lines and columns stay as they are.
std::string as_it_stands(const std::string& text) {
  return text.empty() ? "" : fmt::format(".PP\n.nf\n{}\n.fi\n", troff(text));
}

std::string option_entry(const CLI::App& app, const CLI::Option& option) {
  const auto formatter = std::dynamic_pointer_cast<CLI::Formatter>(app.get_formatter());
  return fmt::format(
      ".TP\n.B {}\n{}\n",
      troff(option.get_name(option.get_positional(), true) + formatter->make_option_opts(&option)),
      troff(option.get_description()));
}

std::string command_section(const CLI::App& app, const std::string& command) {
  std::string synopsis = "superpose " + command;
  std::string entries;
  for (const auto* option : app.get_options()) {
    if (option->get_positional()) synopsis += " " + option->get_name(true);
    if (option->get_group() != settings_group) entries += option_entry(app, *option);
  }
  return fmt::format(".SS {}\n{}.\n{}{}", troff(synopsis), troff(app.get_description()), entries,
                     as_it_stands(app.get_footer()));
}

std::string man_page(const CLI::App& app) {
  std::string sections;
  visit_commands(app, [&](const CLI::App& sub, const std::string& command) {
    if (!command.empty()) sections += command_section(sub, command);
  });
  return fmt::format(
      ".TH SUPERPOSE 1 \"\" \"superpose {}\" \"User Commands\"\n"
      ".SH NAME\nsuperpose \\- {}\n"
      ".SH SYNOPSIS\n.B superpose\n.I SUBCOMMAND\n[\\fIOPTION\\fR ...]\n"
      ".SH SUBCOMMANDS\n{}.SH EXIT STATUS\n{}",
      program_version(), troff(app.get_description()), sections, as_it_stands(app.get_footer()));
}

/// What may be typed after an option of choices "all|thoughts"; empty for others. Names in
/// capitals stand for something else.
std::string choices_of(const CLI::Option& option) {
  const auto type = CLI::detail::split(option.get_type_name(), ':').front();  // then come checks
  if (type.find('|') == std::string::npos || type.find(',') != std::string::npos) return "";
  std::string words;
  for (const auto& word : CLI::detail::split(type, '|')) {
    const bool is_name = std::none_of(word.begin(), word.end(), [](unsigned char c) {
      return std::isupper(c) != 0 || (std::isalnum(c) == 0 && c != '_');
    });
    if (is_name) words += (words.empty() ? "" : " ") + word;
  }
  return words;
}

/// The words that bash offers for each command, and for the values of options, as lines of `case`.
struct Completion {
  std::string commands, words, values;
};

/// The pattern of a command and its option, which may be typed with underscores, too.
std::string spelled_either_way(const std::string& command, std::string option) {
  auto pattern = fmt::format("\"{} --{}\"", command, option);
  if (option.find('-') == std::string::npos) return pattern;
  std::replace(option.begin(), option.end(), '-', '_');
  return fmt::format("{}|\"{} --{}\"", pattern, command, option);
}

void complete_options(const CLI::App& app, const std::string& command, Completion& completion) {
  std::string words;
  for (const auto* sub : app.get_subcommands(nullptr)) {
    words += sub->get_name() + " ";
    completion.commands += fmt::format("      \"{} {}\") ;;\n", command, sub->get_name());
  }
  for (const auto* option : app.get_options()) {
    const auto choices = choices_of(*option);
    if (option->get_positional()) words += choices + " ";
    for (const auto& name : option->get_snames()) words += "-" + name + " ";
    for (const auto& name : option->get_lnames()) {
      words += "--" + name + " ";
      if (!choices.empty())
        completion.values +=
            fmt::format("    {}) words=\"{}\" ;;\n", spelled_either_way(command, name), choices);
    }
  }
  completion.words += fmt::format("    \"{}\") words=\"{}\" ;;\n", command, words);
}

std::string bash_completion(const CLI::App& app) {
  Completion completion;
  visit_commands(app, [&](const CLI::App& sub, const std::string& command) {
    complete_options(sub, command, completion);
  });
  return fmt::format(
      "# Completion of superpose for bash, made by `superpose manual bash`.\n"
      "_superpose() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} command= word words=\n"
      "  for word in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do\n"
      "    case \"$command $word\" in\n{}      *) continue ;;\n"
      "    esac\n"
      "    command=\"${{command:+$command }}$word\"\n"
      "  done\n"
      "  case \"$command\" in\n{}  esac\n"
      "  case \"$command ${{COMP_WORDS[COMP_CWORD-1]}}\" in\n{}  esac\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
      "}}\n"
      "complete -o default -F _superpose superpose\n",
      completion.commands, completion.words, completion.values);
}

}  // namespace

void add_manual(CLI::App& app, Command& command, const std::string& /*typed*/) {
  auto* sub = app.add_subcommand("manual", "Print the manual page, or completion for bash");
  const auto arguments = std::make_shared<Arguments>();
  add_choice(*sub, "FORMAT", arguments->format, "Page for man, or lines for bash to source")
      ->required();
  sub->callback([arguments, &app, &command] {  // while the table that both are made from is there
    const auto text = arguments->format == Format::man ? man_page(app) : bash_completion(app);
    command.serial = [text] {
      fmt::print("{}", text);
      return 0;
    };
  });
}

}  // namespace superpose::jobs
