#pragma once
/// The rule for files that a user names as outputs. A file is written beside its name and renamed
/// when it is whole. What is there already is replaced only if the same command wrote it, or with
/// --force; a file that the command reads is never replaced. Links are followed: the rule holds for
/// what they point to.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace superpose::io {

/// An output that a command was asked for.
struct Output {
  std::string path;                 ///< as the user named it
  std::string command_line;         ///< as output files quote it
  std::vector<std::string> inputs;  ///< files that the command reads
  bool force = false;               ///< --force: other files may be replaced, but no input
};

/// What a file that is there is, in words that follow "it is"; empty if the same command wrote it.
using Recognise = std::function<std::string(const std::string& path)>;

/// By the command line that JSON and HDF5 files of superpose quote; --force in it does not count.
Recognise written_by(const std::string& command_line);

/// Before the work, not after it: makes the folder, tries to make a file there, and returns the
/// path to write to. Error (usage) if the rule forbids it; Error (io) if no file can be made.
std::string prepare_output(const Output& output, const Recognise& recognise);
std::string prepare_output(const Output& output);

/// Gives the prepared path these contents and forces them to the disk. Processes that write the
/// same output at once do not meet. Error (io).
void write_output(const std::string& path, const std::vector<std::byte>& contents);
void write_output(const std::string& path, std::string_view text);

/// The same for outputs that belong together: all are whole on the disk before the first of them
/// takes its name.
struct PreparedFile {
  std::string path, contents;
};
void write_outputs(const std::vector<PreparedFile>& files);

}  // namespace superpose::io
