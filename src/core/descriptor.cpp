#include "core/descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.hpp"
#include "core/files.hpp"

namespace superpose {

Descriptor::Descriptor(const std::string& path, int flags)
    : Descriptor(path, ::open(path.c_str(), flags | O_CLOEXEC), "open") {}

Descriptor Descriptor::of_new_file(const std::string& path) {
  return {path, create_new_file(path), "create"};
}

Descriptor::Descriptor(const std::string& path, int fd, const char* what) : fd_(fd) {
  validate(fd_ >= 0, ExitCode::io, "cannot {} {} ({})", what, path, std::strerror(errno));
}

Descriptor::~Descriptor() {
  ::close(fd_);
}

void write_all(int file, std::string_view contents, const std::string& path) {
  for (std::size_t done = 0; done < contents.size();) {
    const auto count = ::write(file, contents.data() + done, contents.size() - done);
    if (count < 0 && errno == EINTR) continue;
    validate(count > 0, ExitCode::io,
             "cannot write {} ({}); free some space or choose another place", path,
             std::strerror(errno));
    done += static_cast<std::size_t>(count);
  }
}

}  // namespace superpose
