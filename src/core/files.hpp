#pragma once
/// The way to create a file and the check before one is read. Names in a run directory can be
/// foreseen, and what stands there need not be ours.

#include <string>

#include "core/error.hpp"

namespace superpose {

/// Makes a new, empty file and opens it for writing: what has that name is removed first, and no
/// symbolic link is followed. Returns the descriptor, or -1 with the reason in errno.
int create_new_file(const std::string& path);

/// A name beside `path` for what will be renamed to it; another for each process.
std::string temporary_name(const std::string& path);

/// Renames what a program cannot use, and a user may want to look at, to the first of
/// `path`.damaged, `path`.damaged.2, ... that is free. The new name.
std::string set_aside(const std::string& path);

/// Whether there is a regular file, be it by way of links.
bool is_regular_file(const std::string& path);

/// Error if something else stands there: a pipe waits for a writer, a device may never end. Nothing
/// at all, or what cannot be looked at, is left to whoever opens it.
void require_regular_file(const std::string& path, ExitCode code);

/// The bytes of a file. Error (code) if there is none, or no regular file, or it cannot be read.
std::string read_whole_file(const std::string& path, ExitCode code);

}  // namespace superpose
