#include "theory/output_file.hpp"

#include "io/agreement.hpp"

namespace superpose::theory {

std::string prepare_output(const io::Output& output, const distributed::Communicator& world) {
  std::string path;
  io::agree_on_rank_0(world, [&] { path = io::prepare_output(output); });
  return path;
}

void write_output(const std::string& path, const io::RunMetadata& metadata,
                  const std::deque<io::Table>& tables, const distributed::Communicator& world) {
  io::agree_on_rank_0(world, [&] { io::write_theory_file(path, metadata, tables); });
}

}  // namespace superpose::theory
