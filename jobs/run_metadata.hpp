#pragma once
#include <string>

#include "distributed/communicator.hpp"
#include "io/run_metadata.hpp"

namespace superpose::jobs {

/// Provenance of the files this job writes; seeds and data hashes are the caller's to add.
/// Collective.
io::RunMetadata run_metadata(const distributed::Communicator& world,
                             const std::string& command_line, const std::string& configuration);

}  // namespace superpose::jobs
