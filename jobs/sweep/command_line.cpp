#include "jobs/sweep/command_line.hpp"

#include <CLI/CLI.hpp>
#include <memory>

#include "jobs/jobs.hpp"
#include "sweep/sweep_file.hpp"

namespace superpose::jobs {
namespace {

void add_estimate(CLI::App& sub, SweepArguments& arguments) {
  sub.add_flag("--dry_run", arguments.dry_run, "Say what would be done, and do nothing");
  sub.add_option("--seconds_per_epoch", arguments.epoch_seconds,
                 "What an epoch of the first point takes, for the estimate of node-hours; without "
                 "it the points that are done tell")
      ->check(CLI::Range(1e-6, 1e9))
      ->type_name("S");
}

void add_start(CLI::App& sub, SweepArguments& arguments) {
  add_estimate(sub, arguments);
  sub.add_option("--throttle", arguments.throttle,
                 "Most points of an array at a time (0: no limit)")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str()
      ->type_name("N");
  sub.add_option("--local", arguments.local, "Run here, without SLURM, so many points at a time")
      ->check(CLI::Range(1, 1 << 16))
      ->type_name("SLOTS");
  sub.add_option("--launcher", arguments.launcher,
                 "Local: what starts the ranks of a point ({} for their number; mpirun -n {})")
      ->type_name("WORDS");
  sub.add_option("--scripts", arguments.scripts, "Folder of sweep.sbatch and point.sh")
      ->capture_default_str()
      ->type_name("FOLDER");
}

/// One of `superpose sweep`; the caller adds its options.
CLI::App* add_part(CLI::App& sweep, Command& command,
                   const std::shared_ptr<SweepArguments>& arguments, const char* name,
                   const char* description, int (*job)(const SweepArguments&)) {
  auto* sub = sweep.add_subcommand(name, description);
  sub->add_option("SWEEP", arguments->file,
                  "Sweep file (TOML); superpose sweep --help has the form")
      ->type_name("")
      ->required();
  sub->footer("");  // not the one of sweep again
  if (job != nullptr)
    sub->callback([arguments, &command, job] {
      command.serial = [arguments, job] { return job(*arguments); };
    });
  return sub;
}

void add_collect(CLI::App& sweep, Command& command,
                 const std::shared_ptr<SweepArguments>& arguments) {
  auto* collect =
      add_part(sweep, command, arguments, "collect",
               "Join histories and evaluations in one HDF5 file and tables (CSV)", nullptr);
  collect->add_option("--output", arguments->output, "File to write (collected.h5 in the folder)")
      ->type_name("FILE");
  collect->callback([arguments, &command] {
    command.parallel = [arguments](const auto& world) {
      return sweep_collect_job(*arguments, world);
    };
  });
}

}  // namespace

void add_sweep(CLI::App& app, Command& command, const std::string& command_line) {
  auto* sweep = app.add_subcommand("sweep", "Run many configurations, with SLURM or without");
  const auto arguments = std::make_shared<SweepArguments>();
  arguments->command_line = command_line;
  arguments->scripts = SUPERPOSE_SOURCE_DIR "/slurm";
  sweep->footer(sweep::sweep_file_help());
  const auto add = [&](const char* name, const char* description,
                       int (*job)(const SweepArguments&)) {
    return add_part(*sweep, command, arguments, name, description, job);
  };
  auto* plan =
      add("plan", "Make a folder for every point, and say what they will take", sweep_plan_job);
  add_estimate(*plan, *arguments);
  plan->add_flag("--points", arguments->points, "A line for every point");
  add_start(*add("submit", "Start the points that have not been started", sweep_submit_job),
            *arguments);
  add_start(*add("resubmit", "Start those that failed or were lost, too", sweep_resubmit_job),
            *arguments);
  auto* status = add("status", "What became of the points", sweep_status_job);
  status->add_flag("--points", arguments->points, "A line for every point");
  status->add_flag("--json", arguments->json, "Print JSON");
  add_collect(*sweep, command, arguments);
  add("cancel", "Stop what waits or runs", sweep_cancel_job);
}

}  // namespace superpose::jobs
