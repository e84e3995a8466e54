#include "core/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/host.hpp"

namespace superpose {
namespace {

namespace fs = std::filesystem;

const char* name_of(fs::file_type type) {
  switch (type) {
    case fs::file_type::directory:
      return "a folder";
    case fs::file_type::fifo:
      return "a pipe";
    case fs::file_type::socket:
      return "a socket";
    default:
      return "a device";
  }
}

}  // namespace

int create_new_file(const std::string& path) {
  ::unlink(path.c_str());
  return ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
}

std::string temporary_name(const std::string& path) {
  return fmt::format("{}.{}.{}.partial", path, host_name(), ::getpid());
}

std::string set_aside(const std::string& path) {
  std::string name = path + ".damaged";
  for (int n = 2; fs::exists(fs::symlink_status(name)); ++n)
    name = fmt::format("{}.damaged.{}", path, n);
  fs::rename(path, name);
  return name;
}

bool is_regular_file(const std::string& path) {
  std::error_code unknown;
  return fs::is_regular_file(path, unknown);
}

void require_regular_file(const std::string& path, ExitCode code) {
  std::error_code unknown;
  const auto status = fs::status(path, unknown);
  const bool readable = unknown || !fs::exists(status) || fs::is_regular_file(status);
  validate(readable, code,
           "cannot read {} (it is {}, and only regular files are read); copy it "
           "into a file, or give the path of one",
           path, name_of(status.type()));
}

std::string read_whole_file(const std::string& path, ExitCode code) {
  require_regular_file(path, code);
  std::ifstream file(path, std::ios::binary);
  validate(file.is_open(), code, "cannot open {} ({}); give the path of a file", path,
           std::strerror(errno));
  try {
    return {std::istreambuf_iterator<char>(file), {}};
  } catch (const std::ios_base::failure&) {  // e.g. the disk fails
    fail(code, "cannot read {} ({}); copy it again, or take another", path, std::strerror(errno));
  }
}

}  // namespace superpose
