#pragma once
/// The subcommands of the program: what each is asked for, and its job.
///
/// A job returns the exit code of the process or throws; main.cpp turns what it throws into a
/// message and a code. Jobs with a `world` are called by every rank of it, with MPI started.

#include <optional>
#include <string>
#include <vector>

#include "config/option_table.hpp"
#include "distributed/communicator.hpp"

namespace superpose::jobs {

/// `superpose generate OUT.json [--count N ...]`
struct GenerateArguments {
  std::string output;                       ///< problem file to write
  std::vector<config::Override> overrides;  ///< keys of data::GeneratorOptions
};

/// `superpose train CONFIG [--resume WHAT] [--max_time TIME] [--KEY VALUE ...]`
struct TrainArguments {
  std::string config;                       ///< TOML file
  std::string resume = "auto";              ///< "auto", "never", or the path of a checkpoint
  std::optional<std::string> max_time;      ///< as SLURM writes durations; none: no limit
  int watchdog = 1800;                      ///< [s] how long ranks may be stuck; 0: for ever
  std::vector<config::Override> overrides;  ///< keys of train::RunOptions
  std::string command_line;                 ///< as typed, for the output files
};

/// `superpose evaluate CHECKPOINT DATA [--latents N ...] [--json FILE]`
struct EvaluateArguments {
  std::string checkpoint;    ///< file, or run directory for its newest
  std::string data;          ///< problem file
  std::vector<int> latents;  ///< numbers of latent tokens to try; empty: those of the training
  std::string json;          ///< file for the results; empty: print only
  std::string command_line;  ///< as typed, for the output files
};

/// `superpose probe CHECKPOINT... --data FILE --output FILE [--OPTION VALUE ...]`
struct ProbeArguments {
  std::vector<std::string> checkpoints;  ///< files, or run directories for all of theirs
  std::string data;                      ///< problem file
  std::string output;                    ///< probe file to write (HDF5)
  int problems = 0;                      ///< at most so many; 0: all
  std::string raw_problems = "8";        ///< how many keep their attention, or "all"
  std::vector<int> raw_layers;           ///< of these layers, from 1; empty: all
  std::string raw_queries = "all";       ///< from every position, or "thoughts" and [A]
  std::vector<std::string> intervene;    ///< kinds of interventions to make
  std::vector<double> strengths;         ///< empty: 0, 0.5, 1
  std::string command_line;              ///< as typed, for the output file
};

/// `superpose validate CONFIG [--KEY VALUE ...]`
struct ValidateArguments {
  std::string config;
  std::vector<config::Override> overrides;
};

/// `superpose bench [CONFIG] [--steps N ...] [--KEY VALUE ...]`
struct BenchArguments {
  std::string config;                       ///< TOML file; empty: the defaults, the papers' model
  std::vector<config::Override> overrides;  ///< keys of train::RunOptions
  std::vector<int> latents;                 ///< latent tokens; empty: of stages 0, 2 and 4
  int steps = 3;                            ///< steps measured
  int warmup = 1;                           ///< steps before them
  std::string scaling = "strong";           ///< "strong": batch_size over all ranks; "weak": each
  std::string json;                         ///< file for the results; empty: print only
  std::string command_line;                 ///< as typed, for the output file
};

/// `superpose inspect FILE [--json]`
struct InspectArguments {
  std::string file;   ///< checkpoint, run.h5 or problem file
  bool json = false;  ///< print JSON, for programs
};

/// `superpose diff A B [--tolerance X] [--ignore NAME ...]`
struct DiffArguments {
  std::string a, b;                 ///< two checkpoints or two run.h5
  std::optional<double> tolerance;  ///< relative; none: bit for bit
  std::vector<std::string> ignore;  ///< datasets, counters, values or groups
};

/// `superpose theory construct|flow|predict OUT.h5 [--KEY VALUE ...]`
struct TheoryArguments {
  std::string output;                       ///< HDF5 file to write
  std::vector<config::Override> overrides;  ///< keys of the options in theory/options.hpp
  std::string command_line;                 ///< as typed, for the output file
};

/// `superpose sweep plan|submit|status|resubmit|collect|cancel SWEEP [--OPTION VALUE ...]`
struct SweepArguments {
  std::string file;                     ///< TOML
  bool dry_run = false;                 ///< say what would be done, and write nothing
  std::optional<double> epoch_seconds;  ///< [s] of an epoch of the first point, for the estimate
  int local = 0;                        ///< run on this machine, so many points at a time; 0: SLURM
  std::string launcher;                 ///< local: words before the program
  int throttle = 0;                     ///< SLURM: most points at a time; 0: no limit
  std::string scripts;                  ///< folder of sweep.sbatch and point.sh
  bool points = false;                  ///< status: a line a point
  bool json = false;                    ///< status: for programs
  std::string output;                   ///< collect: HDF5 file; empty: in the sweep's folder
  std::string command_line;             ///< as typed, for the output file
};

int generate_job(const GenerateArguments& arguments, const distributed::Communicator& world);
int train_job(const TrainArguments& arguments, const distributed::Communicator& world);
int evaluate_job(const EvaluateArguments& arguments, const distributed::Communicator& world);
int probe_job(const ProbeArguments& arguments, const distributed::Communicator& world);
int bench_job(const BenchArguments& arguments, const distributed::Communicator& world);
int theory_construct_job(const TheoryArguments& arguments, const distributed::Communicator& world);
int theory_flow_job(const TheoryArguments& arguments, const distributed::Communicator& world);
int theory_predict_job(const TheoryArguments& arguments, const distributed::Communicator& world);
int validate_job(const ValidateArguments& arguments);
int inspect_job(const InspectArguments& arguments);
int sweep_plan_job(const SweepArguments& arguments);
int sweep_submit_job(const SweepArguments& arguments);    ///< points that have not been started
int sweep_resubmit_job(const SweepArguments& arguments);  ///< those that failed or were lost too
int sweep_status_job(const SweepArguments& arguments);
int sweep_cancel_job(const SweepArguments& arguments);
int sweep_collect_job(const SweepArguments& arguments, const distributed::Communicator& world);
int diff_job(const DiffArguments& arguments);  ///< 1: they differ

}  // namespace superpose::jobs
