#pragma once
/// Files that are complete or not there: written under a temporary name, forced to the disk, then
/// renamed. All errors are Error (io) with the path and the system's reason.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace superpose {

/// Error unless the file system of `directory` has `bytes` bytes free for this user.
void require_free_space(const std::string& directory, std::uint64_t bytes);

/// Makes an empty file in place of whatever has that name; follows no link.
void make_file(const std::string& path);

/// Allocates the first `bytes` bytes of a file, so that filling them cannot run
/// out of space later. File systems without fallocate are left to the check above.
void reserve_space(const std::string& path, std::uint64_t bytes);

/// fsync: the file's bytes written on this node are on the disk.
void sync_file(const std::string& path);

/// Renames `temporary` to `path`, replacing it at once, and makes the new name durable where the
/// file system can. Who has the old file open goes on reading the old file.
void publish(const std::string& temporary, const std::string& path);

/// Gives `path` these contents, by way of `path`.tmp; what was there stays until they are complete.
void replace_file(const std::string& path, const std::vector<std::byte>& contents);
/// The same by way of a file of another name, on the same file system.
void replace_file(const std::string& path, std::string_view contents, const std::string& temporary);

/// Makes a file of these contents in place of whatever has that name, and forces it to the disk; if
/// that fails, no file. To be published.
void write_temporary(const std::string& temporary, std::string_view contents);

/// As replace_file for a text that can be made again, as a sweep's many small files: it is whole
/// for whoever reads it, but not forced to the disk. Two processes may write the same one.
void replace_text(const std::string& path, const std::string& text);

}  // namespace superpose
