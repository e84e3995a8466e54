#pragma once
/// The HDF5 file of a theory job.

#include <deque>
#include <string>

#include "distributed/communicator.hpp"
#include "io/history.hpp"

namespace superpose::theory {

/// Before the work, not after it: makes the folder of `path` and finds a path that cannot be
/// written. Error (io) on every rank. Collective.
void prepare_output(const std::string& path, const distributed::Communicator& world);

/// Rank 0 writes the file; Error (io) on every rank. Collective.
void write_output(const std::string& path, const io::RunMetadata& metadata,
                  const std::deque<io::Table>& tables, const distributed::Communicator& world);

}  // namespace superpose::theory
