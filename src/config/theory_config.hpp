#pragma once
/// The settings of `superpose theory`, a table for each of its subcommands.

#include <string>
#include <vector>

#include "config/option_table.hpp"
#include "theory/options.hpp"

namespace superpose::config {

/// Every key of the options, without sections. Refers to `options`, which must outlive it.
OptionTable option_table(theory::ConstructOptions& options);
OptionTable option_table(theory::ThresholdOptions& options);
OptionTable option_table(theory::ChainsOptions& options);
OptionTable option_table(theory::DimensionOptions& options);
OptionTable option_table(theory::ForwardOptions& options);
OptionTable option_table(theory::FlowOptions& options);
OptionTable option_table(theory::PredictOptions& options);

/// Defaults, then the overrides; checked. Error (usage) for an unknown key, a wrong type, a value
/// out of bounds, or settings that do not fit together.
theory::ConstructOptions read_construct_options(const std::vector<Override>& overrides);
theory::ThresholdOptions read_threshold_options(const std::vector<Override>& overrides);
theory::ChainsOptions read_chains_options(const std::vector<Override>& overrides);
theory::DimensionOptions read_dimension_options(const std::vector<Override>& overrides);
theory::ForwardOptions read_forward_options(const std::vector<Override>& overrides);
theory::FlowOptions read_flow_options(const std::vector<Override>& overrides);
theory::PredictOptions read_predict_options(const std::vector<Override>& overrides);

/// Every setting as TOML, for the output file.
std::string effective_config(theory::ConstructOptions options);
std::string effective_config(theory::ThresholdOptions options);
std::string effective_config(theory::ChainsOptions options);
std::string effective_config(theory::DimensionOptions options);
std::string effective_config(theory::ForwardOptions options);
std::string effective_config(theory::FlowOptions options);
std::string effective_config(theory::PredictOptions options);

}  // namespace superpose::config
