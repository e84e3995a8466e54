#pragma once
/// Values of an evaluation in the results of `superpose evaluate --json` (FORMAT.md).

#include <cstdint>

#include "core/evaluation_measures.hpp"
#include "io/json_file.hpp"

namespace superpose::io {

/// Version of the results that this program writes. Version 1, which did not say so, is read too.
inline constexpr std::int64_t evaluation_version = 2;

/// One result: coordinates and values under the names of the measures.
Json to_json(const EvaluationValues& values);

/// The values of the first result of a document. Json::exception if it is no such document; Error
/// (io) if a later version wrote it.
EvaluationValues read_evaluation(const Json& document);

}  // namespace superpose::io
