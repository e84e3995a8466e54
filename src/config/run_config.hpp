#pragma once
/// The configuration of a training run (one TOML file) and of the problem generator.

#include <string>
#include <vector>

#include "config/option_table.hpp"
#include "data/options.hpp"
#include "train/options.hpp"

namespace superpose::config {

/// The table of every key of a run, in the sections data, model, method, curriculum, optimizer,
/// train, output and record. Refers to `options`, which must outlive it.
OptionTable option_table(train::RunOptions& options);

/// The same for `superpose generate`, without sections.
OptionTable option_table(data::GeneratorOptions& options);

/// Defaults, then the file, then the overrides in their order; checked, also for a job of so many
/// ranks. Error (usage) that names everything that is wrong; also if the file cannot be read.
train::RunOptions read_run_config(const std::string& path,
                                  const std::vector<Override>& overrides = {}, int n_ranks = 1);

/// The same from text, for instance from a configuration stored in a checkpoint; `source` names it
/// in messages. Error (usage) for text that is not TOML, an unknown key, a wrong type, a value out
/// of bounds, or settings that do not fit together.
train::RunOptions parse_run_config(const std::string& text, const std::string& source,
                                   const std::vector<Override>& overrides = {});

/// Defaults, then the overrides; checked. Error (usage) as parse_run_config.
data::GeneratorOptions read_generator_options(const std::vector<Override>& overrides);

/// Error (usage) for settings that do not fit together.
void check(const train::RunOptions& options);

/// The same, and Error (usage) for what a run must not be started with, though an old one may have
/// been: its checkpoints are still read; and for more ranks than leaves.
void check_new_run(const train::RunOptions& options, int n_ranks = 1);
void check(const data::GeneratorOptions& options);

/// Every setting of the run as TOML; parse_run_config gives the same options back, bit for bit.
std::string effective_config(train::RunOptions options);

/// The same for the generator.
std::string effective_config(data::GeneratorOptions options);

}  // namespace superpose::config
