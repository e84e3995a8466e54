#include "io/durable_file.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "core/error.hpp"

namespace superpose::io {
namespace {

/// An open file descriptor.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    validate(fd_ >= 0, ExitCode::io, "cannot open {} ({})", path, std::strerror(errno));
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(fd_); }
  operator int() const { return fd_; }

 private:
  int fd_;
};

void sync_path(const std::string& path, int flags) {
  const Descriptor file(path, flags);
  const bool done = ::fsync(file) == 0;  // before errno is read
  validate(done, ExitCode::io, "cannot force {} to the disk ({})", path, std::strerror(errno));
}

void write_all(int file, const std::vector<std::byte>& contents, const std::string& path) {
  for (std::size_t done = 0; done < contents.size();) {
    const auto count = ::write(file, contents.data() + done, contents.size() - done);
    if (count < 0 && errno == EINTR) continue;
    validate(count > 0, ExitCode::io, "cannot write {} ({})", path, std::strerror(errno));
    done += static_cast<std::size_t>(count);
  }
}

}  // namespace

void require_free_space(const std::string& directory, std::uint64_t bytes) {
  struct statvfs system {};
  const bool found = ::statvfs(directory.c_str(), &system) == 0;
  validate(found, ExitCode::io, "cannot write to {} ({}) create it or choose another directory",
           directory, std::strerror(errno));
  const std::uint64_t free = std::uint64_t{system.f_bavail} * system.f_frsize;
  validate(free >= bytes, ExitCode::io,
           "not enough space in {} ({} MB needed, {} MB free) free some or use another directory",
           directory, bytes / 1000000 + 1, free / 1000000);
}

void reserve_space(const std::string& path, std::uint64_t bytes) {
  const Descriptor file(path, O_WRONLY | O_CREAT);
  int status = 0;
  do {
    status = ::fallocate(file, 0, 0, static_cast<off_t>(bytes));
  } while (status != 0 && errno == EINTR);
  validate(status == 0 || errno == EOPNOTSUPP || errno == ENOSYS, ExitCode::io,
           "cannot reserve {} bytes for {} ({}) free some space or use another directory", bytes,
           path, std::strerror(errno));
}

void sync_file(const std::string& path) {
  sync_path(path, O_RDONLY);
}

void publish(const std::string& temporary, const std::string& path) {
  const bool renamed = std::rename(temporary.c_str(), path.c_str()) == 0;
  validate(renamed, ExitCode::io, "cannot rename {} to {} ({})", temporary, path,
           std::strerror(errno));
  const auto directory = std::filesystem::path(path).parent_path().string();
  sync_path(directory.empty() ? "." : directory, O_RDONLY | O_DIRECTORY);
}

void replace_file(const std::string& path, const std::vector<std::byte>& contents) {
  const std::string temporary = path + ".tmp";
  try {
    {
      const Descriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
      write_all(file, contents, temporary);
    }
    sync_file(temporary);
    publish(temporary, path);
  } catch (const Error&) {
    ::unlink(temporary.c_str());
    throw;
  }
}

}  // namespace superpose::io
