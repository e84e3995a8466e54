#pragma once
/// What `superpose evaluate` writes and prints.

#include <optional>
#include <string>
#include <vector>

#include "data/shortcuts.hpp"
#include "io/json_file.hpp"
#include "train/evaluation_summary.hpp"

namespace superpose::train {

/// An evaluation with one number of latent tokens; none: as many as in training.
struct EvaluationResult {
  std::optional<int> n_latent;
  EvaluationSummary summary;
};

io::Json to_json(const EvaluationResult& result);
io::Json to_json(const std::vector<data::Shortcut>& shortcuts);

std::string text(const EvaluationResult& result);

/// The best three of them.
std::string text(const std::vector<data::Shortcut>& shortcuts);

}  // namespace superpose::train
