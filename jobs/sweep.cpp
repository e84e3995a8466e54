/// `superpose sweep plan|submit|resubmit|status|collect|cancel`.

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/log.hpp"
#include "io/agreement.hpp"
#include "jobs/run_metadata.hpp"
#include "jobs/subcommand.hpp"
#include "sweep/collect.hpp"
#include "sweep/start.hpp"
#include "sweep/status_report.hpp"

namespace superpose::jobs {
namespace {

using namespace sweep;

/// `superpose sweep plan|submit|resubmit|status|collect|cancel SWEEP [--OPTION VALUE ...]`
struct Arguments {
  std::string file;                     ///< TOML
  std::optional<double> epoch_seconds;  ///< [s] of an epoch of the first point, for the estimate
  StartOptions start;                   ///< its dry_run is plan's, too
  bool points = false;                  ///< status: a line for each point
  bool json = false;                    ///< status: for programs
  std::string output;                   ///< collect: HDF5 file; empty: in the sweep's folder
  bool force = false;                   ///< collect: replace what is there
  std::string command_line;             ///< as typed, for the output file
};

int run_plan(const Arguments& arguments) {
  const Planned planned(arguments.file, Queue::may_be_silent);
  print_axes(planned);
  print_estimate(planned, arguments.epoch_seconds);
  if (arguments.points) print_points(planned, true);
  if (arguments.start.dry_run) return 0;
  const auto n_new = planned.folder.prepare(planned.sweep, planned.points);
  log::info("  {} new points, {} were there; start them by superpose sweep submit {}", n_new,
            planned.points.size() - n_new, arguments.file);
  return 0;
}

/// Starts the points in these states.
int start(const Arguments& arguments, const std::vector<State>& states) {
  Planned planned(arguments.file, Queue::must_answer);
  print_axes(planned);
  const bool dry = arguments.start.dry_run;
  if (!dry) planned.folder.prepare(planned.sweep, planned.points);
  auto chosen = in_states(planned, states);
  const auto lock = dry || chosen.empty() ? nullptr : take_sweep(planned);
  if (lock) chosen = in_states(planned, states);  // without those that another has just started
  print_estimate(planned, arguments.epoch_seconds);
  log::info("  {}; {} {} now", counts(planned), chosen.size(), dry ? "would start" : "to start");
  return chosen.empty() ? 0 : start_points(planned, chosen, arguments.start, lock.get());
}

int run_submit(const Arguments& arguments) {
  return start(arguments, {State::planned, State::interrupted});
}

int run_resubmit(const Arguments& arguments) {
  return start(arguments, {State::planned, State::interrupted, State::failed, State::lost});
}

int run_status(const Arguments& arguments) {
  const Planned planned(arguments.file, Queue::may_be_silent);
  if (arguments.json) {
    fmt::print("{}\n", io::to_text(to_json(planned)));
    return 0;
  }
  log::info("sweep {}: {} points: {}", planned.sweep.name, planned.points.size(), counts(planned));
  print_points(planned, arguments.points);
  return 0;
}

int run_cancel(const Arguments& arguments) {
  cancel(Planned(arguments.file, Queue::must_answer));
  return 0;
}

int run_collect(const Arguments& arguments, const distributed::Communicator& world) {
  const auto metadata = run_metadata(world, arguments.command_line, "");
  io::agree_on_rank_0(world, [&] {
    collect(Planned(arguments.file, Queue::may_be_silent),
            {arguments.output, arguments.command_line, {}, arguments.force}, metadata);
  });
  return 0;
}

/// Where the scripts that run points are installed: beside the program's own folder, bin. A build
/// folder has a link there.
std::string script_folder() {
  std::error_code unknown;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  const auto folder = program.parent_path().parent_path() / "share/superpose/slurm";
  return std::filesystem::weakly_canonical(folder, unknown).string();
}

void add_estimate(CLI::App& sub, Arguments& arguments) {
  sub.add_flag("--dry-run", arguments.start.dry_run, "Say what would be done, and do nothing");
  sub.add_option("--seconds-per-epoch", arguments.epoch_seconds,
                 "What an epoch of the first point takes, for the estimate of node-hours; without "
                 "it the points that are done tell")
      ->check(number_in(1e-6, 1e9))
      ->type_name("S");
}

void add_start(CLI::App& sub, Arguments& arguments) {
  add_estimate(sub, arguments);
  add_verbosity(sub);
  auto* throttle = sub.add_option("--throttle", arguments.start.throttle,
                                  "Most points of an array at a time (0: no limit)")
                       ->check(integer_in(0, 1 << 20))
                       ->capture_default_str()
                       ->type_name("N");
  auto* scheduler = add_choice(sub, "--scheduler", arguments.start.scheduler,
                               "Batch system that the points are submitted to");
  auto* local = sub.add_option("--local", arguments.start.local,
                               "Run here, without a batch system, so many points at a time")
                    ->check(integer_in(1, 1 << 16))
                    ->excludes(scheduler)
                    ->excludes(throttle)
                    ->type_name("SLOTS");
  sub.add_option("--launcher", arguments.start.launcher,
                 "Local: what starts the ranks of a point ({} for their number; mpirun -n {})")
      ->needs(local)
      ->type_name("WORDS");
  sub.add_option("--scripts", arguments.start.scripts,
                 "Folder of the templates and point.sh (share/superpose/slurm, beside bin)")
      ->type_name("FOLDER");
}

/// The parts of `superpose sweep`, which share their arguments.
class Parts {
 public:
  Parts(CLI::App& sweep, Command& command, std::shared_ptr<Arguments> arguments)
      : sweep_(sweep), command_(command), arguments_(std::move(arguments)) {}

  /// Run: one of those that set_run takes.
  template <class Run>
  CLI::App& add(const char* name, const char* description, Run run) {
    auto* sub = sweep_.add_subcommand(name, description);
    sub->add_option("SWEEP", arguments_->file,
                    "Sweep file (TOML); superpose sweep --help has the form")
        ->type_name("")
        ->required();
    sub->footer("");  // not the one of sweep again
    set_run(*sub, command_, arguments_, run);
    return *sub;
  }

 private:
  CLI::App& sweep_;
  Command& command_;
  std::shared_ptr<Arguments> arguments_;
};

}  // namespace

void add_sweep(CLI::App& app, Command& command, const std::string& typed) {
  auto* sub = app.add_subcommand("sweep", "Run many configurations, in a batch system or without");
  const auto arguments = std::make_shared<Arguments>();
  arguments->command_line = typed;
  arguments->start.scripts = script_folder();
  sub->footer(sweep_file_help());
  Parts parts(*sub, command, arguments);
  auto& plan =
      parts.add("plan", "Make a folder for every point, and say what they will take", run_plan);
  add_estimate(plan, *arguments);
  add_verbosity(plan);
  plan.add_flag("--points", arguments->points, "A line for every point");
  add_start(parts.add("submit", "Start the points that have not been started", run_submit),
            *arguments);
  add_start(parts.add("resubmit", "Start those that failed or were lost, too", run_resubmit),
            *arguments);
  auto& status = parts.add("status", "What became of the points", run_status);
  status.add_flag("--points", arguments->points, "A line for every point");
  status.add_flag("--json", arguments->json, "Print JSON");
  auto& collect = parts.add(
      "collect", "Join histories and evaluations in one HDF5 file and tables (CSV)", run_collect);
  collect.add_option("--output", arguments->output, "File to write (collected.h5 in the folder)")
      ->check(output_name())
      ->type_name("FILE");
  add_force(collect, arguments->force);
  add_verbosity(collect);
  add_verbosity(parts.add("cancel", "Stop what waits or runs", run_cancel));
}

}  // namespace superpose::jobs
