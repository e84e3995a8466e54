#pragma once
#include <string>

#include "exchange/exported_model.hpp"

namespace superpose::exchange {

/// README.md of the exported folder: what the model is, how it is used, what it was measured to do,
/// and where it comes from.
std::string model_card(const ExportedModel& model, const std::string& command_line);

}  // namespace superpose::exchange
