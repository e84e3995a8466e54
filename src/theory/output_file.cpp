#include "theory/output_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/error.hpp"
#include "io/agreement.hpp"
#include "io/history_layout.hpp"
#include "io/replaceable_file.hpp"

namespace superpose::theory {

void prepare_output(const std::string& path, const distributed::Communicator& world) {
  namespace fs = std::filesystem;
  io::agree_on_rank_0(world, [&] {
    io::require_replaceable(path, io::history_layout::theory_kind);
    const auto parent = fs::path(path).parent_path();
    const fs::path folder = parent.empty() ? fs::path(".") : parent;
    std::error_code error;
    fs::create_directories(folder, error);
    validate(!error, ExitCode::io, "cannot create the folder '{}' ({}); choose another one",
             folder.string(), error.message());
    validate(::access(folder.c_str(), W_OK) == 0, ExitCode::io,
             "cannot write to the folder '{}' ({}); choose another one", folder.string(),
             std::strerror(errno));
  });
}

void write_output(const std::string& path, const io::RunMetadata& metadata,
                  const std::deque<io::Table>& tables, const distributed::Communicator& world) {
  io::agree_on_rank_0(world, [&] { io::write_theory_file(path, metadata, tables); });
}

}  // namespace superpose::theory
