#pragma once
#include <string>

namespace superpose::config {

/// Seconds of a duration as SLURM writes it: "90" (minutes), "MM:SS", "HH:MM:SS", "D-HH",
/// "D-HH:MM", "D-HH:MM:SS". Error (usage), naming `option`, for anything else and for 0.
double parse_duration(const std::string& text, const std::string& option);

}  // namespace superpose::config
