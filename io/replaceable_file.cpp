#include "io/replaceable_file.hpp"

#include <filesystem>

#include "core/error.hpp"
#include "io/hdf5_file.hpp"
#include "io/seal.hpp"

namespace superpose::io {
namespace {

/// As the file says itself.
std::string type_of(const std::string& path) {
  try {
    if (check_seal(path) == SealState::broken) return "damaged";
    return File::open(path).attribute<std::string>("/", "file_type");
  } catch (const Error&) {
    return "no file of superpose";
  }
}

}  // namespace

void require_replaceable(const std::string& path, const FileKind& kind) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return;
  const bool is_file = std::filesystem::is_regular_file(path, error);
  const auto type = is_file ? type_of(path) : "no file";
  validate(type == kind.type, ExitCode::usage,
           "{} is there and would be lost (it is {}; only a {} is replaced); name another output",
           path, type, kind.type);
}

}  // namespace superpose::io
