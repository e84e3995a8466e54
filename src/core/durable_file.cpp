#include "core/durable_file.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "core/descriptor.hpp"
#include "core/error.hpp"
#include "core/files.hpp"

namespace superpose {
namespace {

/// A folder may be one that can be written to and not read, or of a file system that syncs none:
/// the new name is there all the same.
void sync_folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path().string();
  const int descriptor =
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

void rename_file(const std::string& from, const std::string& to) {
  const bool renamed = std::rename(from.c_str(), to.c_str()) == 0;
  validate(renamed, ExitCode::io,
           "cannot rename {} to {} ({}); choose another place, or see who may write there", from,
           to, std::strerror(errno));
}

/// Writes `contents` under another name, and renames that by `finish`; removes it if it fails.
template <class Finish>
void write_beside(const std::string& temporary, std::string_view contents, Finish&& finish) {
  try {
    {
      const auto file = Descriptor::of_new_file(temporary);
      write_all(file, contents, temporary);
    }
    finish();
  } catch (const Error&) {
    ::unlink(temporary.c_str());
    throw;
  }
}

}  // namespace

void require_free_space(const std::string& directory, std::uint64_t bytes) {
  struct statvfs system {};
  const bool found = ::statvfs(directory.c_str(), &system) == 0;
  validate(found, ExitCode::io, "cannot write to {} ({}); create it or choose another directory",
           directory, std::strerror(errno));
  const std::uint64_t free = std::uint64_t{system.f_bavail} * system.f_frsize;
  validate(free >= bytes, ExitCode::io,
           "not enough space in {} ({} MB needed, {} MB free); free some or use another directory",
           directory, bytes / 1000000 + 1, free / 1000000);
}

void make_file(const std::string& path) {
  const auto file = Descriptor::of_new_file(path);
}

void reserve_space(const std::string& path, std::uint64_t bytes) {
  const Descriptor file(path, O_WRONLY | O_NOFOLLOW);
  int status = 0;
  do {
    status = ::fallocate(file, 0, 0, static_cast<off_t>(bytes));
  } while (status != 0 && errno == EINTR);
  validate(status == 0 || errno == EOPNOTSUPP || errno == ENOSYS, ExitCode::io,
           "cannot reserve {} bytes for {} ({}); free some space or use another directory", bytes,
           path, std::strerror(errno));
}

void sync_file(const std::string& path) {
  const Descriptor file(path, O_RDONLY);
  const bool done = ::fsync(file) == 0;  // before errno is read
  validate(done, ExitCode::io,
           "cannot force {} to the disk ({}); free some space or choose another place", path,
           std::strerror(errno));
}

void publish(const std::string& temporary, const std::string& path) {
  rename_file(temporary, path);
  sync_folder_of(path);
}

void replace_file(const std::string& path, const std::vector<std::byte>& contents) {
  const auto* characters = reinterpret_cast<const char*>(contents.data());
  replace_file(path, {characters, contents.size()}, path + ".tmp");
}

void replace_file(const std::string& path, std::string_view contents,
                  const std::string& temporary) {
  write_beside(temporary, contents, [&] {
    sync_file(temporary);
    publish(temporary, path);
  });
}

void write_temporary(const std::string& temporary, std::string_view contents) {
  write_beside(temporary, contents, [&] { sync_file(temporary); });
}

void replace_text(const std::string& path, const std::string& text) {
  const std::string temporary = temporary_name(path);
  write_beside(temporary, text, [&] { rename_file(temporary, path); });
}

}  // namespace superpose
