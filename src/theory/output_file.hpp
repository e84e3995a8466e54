#pragma once
/// The HDF5 file of a theory job.

#include <deque>
#include <string>

#include "distributed/communicator.hpp"
#include "io/history.hpp"
#include "io/output_file.hpp"

namespace superpose::theory {

/// io::prepare_output by rank 0; Error on every rank. Collective.
std::string prepare_output(const io::Output& output, const distributed::Communicator& world);

/// Rank 0 writes the file; Error (io) on every rank. Collective.
void write_output(const std::string& path, const io::RunMetadata& metadata,
                  const std::deque<io::Table>& tables, const distributed::Communicator& world);

}  // namespace superpose::theory
