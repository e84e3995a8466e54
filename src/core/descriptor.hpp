#pragma once
#include <string>
#include <string_view>

namespace superpose {

/// An open file descriptor.
class Descriptor {
 public:
  /// `flags` as open() takes them. Error (io) with the path and the system's reason.
  Descriptor(const std::string& path, int flags);
  /// create_new_file (core/files.hpp), opened for writing.
  static Descriptor of_new_file(const std::string& path);
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  operator int() const { return fd_; }

 private:
  Descriptor(const std::string& path, int fd, const char* what);

  int fd_;
};

/// Writes all of `contents` to an open file. Error (io) with its path.
void write_all(int file, std::string_view contents, const std::string& path);

}  // namespace superpose
