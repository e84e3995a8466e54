#pragma once
/// One published JSON record <-> one Problem (RECORDS.md).

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "data/problem.hpp"

namespace superpose::data {

/// Error (data) naming the key and the reason; see read_problems for what is checked.
Problem problem_from_record(const nlohmann::json& record);

/// The record as JSON text, in the key order and spacing of the published one-line files.
std::string record_text(const Problem& problem);

}  // namespace superpose::data
