#pragma once
#include <string>

#include "io/run_metadata.hpp"

namespace superpose::io {

/// Error (usage) if something stands at `path` that is not a file of this kind: writing there would
/// lose it.
void require_replaceable(const std::string& path, const FileKind& kind);

}  // namespace superpose::io
