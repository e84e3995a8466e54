#pragma once
#include <optional>

#include "data/problem_file.hpp"
#include "train/options.hpp"

namespace superpose::train {

/// Error (data) if the model cannot read the problems: its vocabulary has too few names for their
/// nodes, or model.n_positions is less than their longest sequence in training, or in an evaluation
/// with the default number of latent tokens or with n_latent.
void check_fits(const data::ProblemFile& problems, const RunOptions& options,
                std::optional<int> n_latent = std::nullopt);

/// Error (usage) if a training pass over these problems may have more tokens than an int counts.
void check_passes(const data::ProblemFile& problems, const RunOptions& options);

}  // namespace superpose::train
