#pragma once
/// The subcommands of the program: what each is asked for, and its job.
///
/// A job returns the exit code of the process or throws; main.cpp turns what it throws into a
/// message and a code. Jobs with a `world` are called by every rank of it, with MPI started.

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

/// `superpose train CONFIG [--resume WHAT] [--KEY VALUE ...]`
struct TrainArguments {
  std::string config;                       ///< TOML file
  std::string resume = "auto";              ///< "auto", "never", or the path of a checkpoint
  std::vector<config::Override> overrides;  ///< keys of train::RunOptions
  std::string command_line;                 ///< as typed, for the output files
};

/// `superpose evaluate CHECKPOINT DATA [--latents N ...] [--json FILE]`
struct EvaluateArguments {
  std::string checkpoint;
  std::string data;          ///< problem file
  std::vector<int> latents;  ///< numbers of latent tokens to try; empty: those of the training
  std::string json;          ///< file for the results; empty: print only
  std::string command_line;  ///< as typed, for the output files
};

/// `superpose validate CONFIG [--KEY VALUE ...]`
struct ValidateArguments {
  std::string config;
  std::vector<config::Override> overrides;
};

int generate_job(const GenerateArguments& arguments, const distributed::Communicator& world);
int train_job(const TrainArguments& arguments, const distributed::Communicator& world);
int evaluate_job(const EvaluateArguments& arguments, const distributed::Communicator& world);
int validate_job(const ValidateArguments& arguments);

}  // namespace superpose::jobs
