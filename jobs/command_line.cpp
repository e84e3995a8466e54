#include "jobs/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "config/nearest_name.hpp"
#include "config/run_config.hpp"
#include "config/theory_config.hpp"
#include "core/error.hpp"
#include "jobs/jobs.hpp"
#include "jobs/sweep/command_line.hpp"
#include "jobs/version.hpp"

namespace superpose::jobs {
namespace {

constexpr const char* exit_codes =
    "Exit codes: 0 done, 1 different (diff), 2 usage or configuration, 3 data, 4 unusable\n"
    "checkpoint, 5 I/O or space, 6 NaN or divergence, 7 MPI or a stuck rank, 75 interrupted after\n"
    "a checkpoint: submit again.\n"
    "`superpose SUBCOMMAND --help` lists the options of a subcommand.";

constexpr const char* settings_group = "Settings";

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

/// Every row of a configuration table becomes an option that records an override. CLI11 only finds
/// the option and its text; types and bounds are the table's, and so is the help.
void add_table_options(CLI::App& app, const config::OptionTable& table,
                       std::vector<config::Override>& overrides) {
  for (const auto& key : table.keys()) {
    const auto record = [&overrides, key](const std::string& value) {
      overrides.push_back({key, value});
    };
    app.add_option_function<std::string>("--" + key, record)
        ->group(settings_group)
        ->type_name("VALUE")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
  app.footer(fmt::format("{} (--KEY VALUE or --KEY=VALUE):\n{}", settings_group, table.help()));
}

void add_generate(CLI::App& app, Command& command) {
  auto* sub = app.add_subcommand("generate", "Write a problem file with the published statistics");
  const auto arguments = std::make_shared<GenerateArguments>();
  sub->add_option("OUT", arguments->output, "Problem file (JSON) to write")
      ->type_name("")
      ->required();
  data::GeneratorOptions defaults;
  add_table_options(*sub, config::option_table(defaults), arguments->overrides);
  sub->callback([arguments, &command] {
    command.parallel = [arguments](const auto& world) { return generate_job(*arguments, world); };
  });
}

void add_train(CLI::App& app, Command& command, const std::string& command_line) {
  auto* sub = app.add_subcommand("train", "Train a model, or continue training it");
  const auto arguments = std::make_shared<TrainArguments>();
  arguments->command_line = command_line;
  sub->add_option("CONFIG", arguments->config, "Configuration of the run (TOML)")
      ->type_name("")
      ->required();
  sub->add_option(
         "--resume", arguments->resume,
         "Continue from the last usable checkpoint of output.directory if there is one, never, "
         "or from this checkpoint")
      ->capture_default_str()
      ->type_name("auto|never|PATH");
  sub->add_option("--max_time", arguments->max_time,
                  "Stop with a checkpoint and exit code 75 before so much wall time has passed: "
                  "minutes, HH:MM:SS or D-HH:MM:SS")
      ->type_name("TIME");
  sub->add_option("--watchdog", arguments->watchdog,
                  "End the job if ranks are silent or stuck for so long (0: never)")
      ->check(CLI::Range(0, 1 << 30))
      ->capture_default_str()
      ->type_name("SECONDS");
  train::RunOptions defaults;
  add_table_options(*sub, config::option_table(defaults), arguments->overrides);
  sub->callback([arguments, &command] {
    command.parallel = [arguments](const auto& world) { return train_job(*arguments, world); };
  });
}

void add_evaluate(CLI::App& app, Command& command, const std::string& command_line) {
  auto* sub = app.add_subcommand("evaluate", "Measure a checkpoint on a problem file");
  const auto arguments = std::make_shared<EvaluateArguments>();
  arguments->command_line = command_line;
  sub->add_option("CHECKPOINT", arguments->checkpoint,
                  "Checkpoint (HDF5), or run directory for its newest")
      ->type_name("")
      ->required();
  sub->add_option("DATA", arguments->data, "Problem file (JSON)")->type_name("")->required();
  sub->add_option("--latents", arguments->latents,
                  "Numbers of latent tokens to evaluate with, in place of those of the training")
      ->delimiter(',')
      ->check(CLI::Range(0, 1 << 20))
      ->type_name("N");
  sub->add_option("--json", arguments->json, "Also write the results to this file")
      ->type_name("FILE");
  sub->callback([arguments, &command] {
    command.parallel = [arguments](const auto& world) { return evaluate_job(*arguments, world); };
  });
}

void add_probe_choices(CLI::App& sub, ProbeArguments& arguments) {
  sub.add_option("--problems", arguments.problems, "Probe the first N problems (0: all)")
      ->check(CLI::Range(0, 1 << 30))
      ->capture_default_str()
      ->type_name("N");
  sub.add_option("--raw_problems", arguments.raw_problems,
                 "Keep the attention of the first N problems, or of all")
      ->capture_default_str()
      ->type_name("N|all");
  sub.add_option("--raw_layers", arguments.raw_layers, "of these layers (1: the first; all)")
      ->delimiter(',')
      ->check(CLI::Range(1, 1 << 20))
      ->type_name("N,...");
  sub.add_option("--raw_queries", arguments.raw_queries,
                 "from every position, or from the thoughts' and [A] alone")
      ->check(CLI::IsMember({"all", "thoughts"}))
      ->capture_default_str()
      ->type_name("all|thoughts");
}

void add_probe(CLI::App& app, Command& command, const std::string& command_line) {
  auto* sub = app.add_subcommand("probe", "Look inside: attention, thoughts, interventions");
  const auto arguments = std::make_shared<ProbeArguments>();
  arguments->command_line = command_line;
  sub->add_option("CHECKPOINT", arguments->checkpoints,
                  "Checkpoints, or run directories for all of theirs")
      ->type_name("...")
      ->required();
  sub->add_option("--data", arguments->data, "Problem file (JSON)")->type_name("FILE")->required();
  sub->add_option("--output", arguments->output, "Probe file (HDF5) to write; replaces")
      ->type_name("FILE")
      ->required();
  add_probe_choices(*sub, *arguments);
  sub->add_option("--intervene", arguments->intervene,
                  "Change thoughts and measure the answers: rescale, swap, nearest_token")
      ->delimiter(',')
      ->check(CLI::IsMember({"rescale", "swap", "nearest_token"}))
      ->type_name("KIND,...");
  sub->add_option("--strengths", arguments->strengths,
                  "Strengths of the interventions (default 0,0.5,1)")
      ->delimiter(',')
      ->check(CLI::Number)
      ->type_name("X,...");
  sub->callback([arguments, &command] {
    command.parallel = [arguments](const auto& world) { return probe_job(*arguments, world); };
  });
}

void add_bench(CLI::App& app, Command& command, const std::string& command_line) {
  auto* sub = app.add_subcommand("bench", "Measure the machine, the kernels and the training step");
  const auto arguments = std::make_shared<BenchArguments>();
  arguments->command_line = command_line;
  sub->add_option("CONFIG", arguments->config,
                  "Configuration (TOML) to measure; without it the papers' model")
      ->type_name("");
  sub->add_option("--latents", arguments->latents,
                  "Measure the stages that train so many latent tokens (stages 0, 2 and 4)")
      ->delimiter(',')
      ->check(CLI::Range(0, 1 << 20))
      ->type_name("N");
  sub->add_option("--steps", arguments->steps, "Training steps to measure at each stage")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str()
      ->type_name("N");
  sub->add_option("--warmup", arguments->warmup, "Steps before them that are not measured")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str()
      ->type_name("N");
  sub->add_option("--scaling", arguments->scaling,
                  "Whether train.batch_size is the batch of all ranks or of each")
      ->check(CLI::IsMember({"strong", "weak"}))
      ->capture_default_str()
      ->type_name("strong|weak");
  sub->add_option("--json", arguments->json, "Also write the results to this file")
      ->type_name("FILE");
  train::RunOptions defaults;
  add_table_options(*sub, config::option_table(defaults), arguments->overrides);
  sub->callback([arguments, &command] {
    command.parallel = [arguments](const auto& world) { return bench_job(*arguments, world); };
  });
}

void add_validate(CLI::App& app, Command& command) {
  auto* sub = app.add_subcommand("validate", "Check a configuration and print every setting of it");
  const auto arguments = std::make_shared<ValidateArguments>();
  sub->add_option("CONFIG", arguments->config, "Configuration of the run (TOML)")
      ->type_name("")
      ->required();
  train::RunOptions defaults;
  add_table_options(*sub, config::option_table(defaults), arguments->overrides);
  sub->callback(
      [arguments, &command] { command.serial = [arguments] { return validate_job(*arguments); }; });
}

void add_inspect(CLI::App& app, Command& command) {
  auto* sub = app.add_subcommand("inspect", "Say what a file holds and whether it is intact");
  const auto arguments = std::make_shared<InspectArguments>();
  sub->add_option("FILE", arguments->file, "Checkpoint, run.h5, probe file or problem file")
      ->type_name("")
      ->required();
  sub->add_flag("--json", arguments->json, "Print JSON");
  sub->callback(
      [arguments, &command] { command.serial = [arguments] { return inspect_job(*arguments); }; });
}

void add_diff(CLI::App& app, Command& command) {
  auto* sub = app.add_subcommand("diff", "Compare two checkpoints or two run.h5");
  const auto arguments = std::make_shared<DiffArguments>();
  sub->add_option("A", arguments->a, "Checkpoint or run.h5")->type_name("")->required();
  sub->add_option("B", arguments->b, "Another one")->type_name("")->required();
  sub->add_option("--tolerance", arguments->tolerance,
                  "Relative difference to accept; without it every bit counts")
      ->check(CLI::NonNegativeNumber)
      ->type_name("X");
  sub->add_option(
         "--ignore", arguments->ignore,
         "Datasets, counters, values or groups to leave out: whole names or their last part")
      ->delimiter(',')
      ->allow_extra_args(false)  // or it would take A and B, if they follow
      ->type_name("NAME,...");
  sub->footer("Exit codes: 0 the same, 1 different, 4 or 5 one of them is unusable.");
  sub->callback(
      [arguments, &command] { command.serial = [arguments] { return diff_job(*arguments); }; });
}

using TheoryJob = int (*)(const TheoryArguments&, const distributed::Communicator&);

/// One of `superpose theory`; Options are its settings.
template <class Options>
void add_theory_part(CLI::App& theory, Command& command, const std::string& command_line,
                     const char* name, const char* description, TheoryJob job) {
  auto* sub = theory.add_subcommand(name, description);
  const auto arguments = std::make_shared<TheoryArguments>();
  arguments->command_line = command_line;
  sub->add_option("OUT", arguments->output, "File (HDF5) to write")->type_name("")->required();
  Options defaults;
  add_table_options(*sub, config::option_table(defaults), arguments->overrides);
  sub->callback([arguments, &command, job] {
    command.parallel = [arguments, job](const auto& world) { return job(*arguments, world); };
  });
}

void add_theory(CLI::App& app, Command& command, const std::string& command_line) {
  auto* sub = app.add_subcommand("theory", "Check the theorems of both papers by computation");
  add_theory_part<theory::ConstructOptions>(
      *sub, command, command_line, "construct",
      "Run the transformer of RbS Theorem 1 with its weights given", theory_construct_job);
  add_theory_part<theory::FlowOptions>(*sub, command, command_line, "flow",
                                       "Gradient flow of the index-matching logit (EoS Theorem 1)",
                                       theory_flow_job);
  add_theory_part<theory::PredictOptions>(*sub, command, command_line, "predict",
                                          "The prediction stage (EoS Theorem 3)",
                                          theory_predict_job);
}

/// The arguments after the program's name, with `-` in names of options read as `_`.
std::vector<std::string> normalised(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  for (std::string argument : std::vector<std::string>(argv + 1, argv + argc)) {
    const auto name_end = std::find(argument.begin(), argument.end(), '=');
    const bool option = argument.size() > 2 && argument.compare(0, 2, "--") == 0;
    if (option) std::replace(argument.begin() + 2, name_end, '-', '_');
    const bool empty_value = option && argument.back() == '=' && name_end + 1 == argument.end();
    if (empty_value) argument.pop_back();
    arguments.push_back(argument);
    if (empty_value) arguments.emplace_back();  // CLI11 takes `--KEY=` for a missing value
  }
  return arguments;
}

std::string joined(int argc, const char* const* argv) {
  return fmt::format("{}", fmt::join(argv, argv + argc, " "));
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back(name);
  }
  return names;
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
  const std::string nearest = config::nearest_name(name, option_names(app));
  validate(nearest.empty(), ExitCode::usage, "unknown option '{}'; did you mean '--{}'?", option,
           nearest);
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

Command parse_command_line(int argc, const char* const* argv) {
  CLI::App app{"Trains small transformers to reason in continuous thoughts.", "superpose"};
  app.footer(exit_codes);
  app.allow_extras();
  app.set_version_flag("--version", version_text, "Print versions of the program and libraries");
  app.formatter(help_formatter());

  Command command;
  const std::string command_line = joined(argc, argv);
  add_generate(app, command);
  add_train(app, command, command_line);
  add_evaluate(app, command, command_line);
  add_probe(app, command, command_line);
  add_bench(app, command, command_line);
  add_theory(app, command, command_line);
  add_sweep(app, command, command_line);
  add_validate(app, command);
  add_inspect(app, command);
  add_diff(app, command);

  auto arguments = normalised(argc, argv);
  std::reverse(arguments.begin(), arguments.end());  // the order in which CLI11 takes them
  try {
    app.parse(arguments);
    check_subcommand(app);
  } catch (const CLI::CallForHelp&) {
    return print(app.help());
  } catch (const CLI::CallForVersion& version) {
    return print(version.what());
  } catch (const CLI::ParseError& error) {
    check_subcommand(app);  // a mistyped name explains more than what is missing because of it
    fail(ExitCode::usage, "{}; see {} --help", error.what(), full_name(innermost(app)));
  }
  return command;
}

}  // namespace superpose::jobs
