#include "io/output_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

#include "core/durable_file.hpp"
#include "core/error.hpp"
#include "core/files.hpp"
#include "core/log.hpp"
#include "core/plain_text.hpp"
#include "io/hdf5_file.hpp"
#include "io/json_file.hpp"
#include "io/seal.hpp"

namespace superpose::io {
namespace {

namespace fs = std::filesystem;

constexpr int most_links = 40;  // as the kernel follows

/// What a link points to, be it there or not; any other path as it is.
fs::path followed(fs::path path) {
  std::error_code error;
  for (int i = 0; i < most_links && fs::is_symlink(path, error); ++i) {
    const auto target = fs::read_symlink(path, error);
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  return path;
}

/// Options that leave an output as it is.
constexpr std::array without_effect{"--force", "-q", "--quiet", "-v", "--verbose"};

/// An option with underscores in its name, which may be typed with hyphens; any other word as it
/// is.
std::string with_underscores(std::string word) {
  const auto end = word.begin() + static_cast<long>(std::min(word.find('='), word.size()));
  if (word.rfind("--", 0) == 0) std::replace(word.begin() + 2, end, '-', '_');
  return word;
}

/// The command without the program's path, which ends before the first blank, in the one spelling
/// of its options and without those that do not count.
std::string arguments_of(const std::string& command_line) {
  std::istringstream words(command_line);
  std::string word, arguments;
  std::getline(words, word, ' ');
  while (std::getline(words, word, ' '))
    if (std::count(without_effect.begin(), without_effect.end(), word) == 0)
      arguments += with_underscores(word) + " ";
  return arguments;
}

bool is_hdf5(const std::string& path) {
  constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
  std::string begin(signature.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin == signature;
}

/// Error (io) or Json::exception if the file does not say.
std::string command_line_in(const std::string& path) {
  if (is_hdf5(path)) {
    validate(check_seal(path) != SealState::broken, ExitCode::io, "damaged");
    return File::open(path).attribute<std::string>("/", "command_line");
  }
  std::ifstream file(path);
  const auto json = Json::parse(file);
  // Of a file in another program's format, superpose's own words are one object of it.
  return (json.contains("superpose") ? json.at("superpose") : json)
      .at("command_line")
      .get<std::string>();
}

void require_no_input(const fs::path& path, const Output& output) {
  for (const auto& input : output.inputs) {
    std::error_code unknown;
    validate(!fs::equivalent(path, input, unknown), ExitCode::usage,
             "'{}' is what this command reads (it would be lost); name another output",
             output.path);
  }
}

/// Error (usage) if something is there that may not be replaced.
void require_replaceable(const fs::path& path, const Output& output, const Recognise& recognise) {
  std::error_code unknown;
  const auto status = fs::status(path, unknown);
  if (!fs::exists(status)) return;
  validate(fs::is_regular_file(status), ExitCode::usage,
           "'{}' is there and would be lost (it is no file); name a file", output.path);
  require_no_input(path, output);
  if (output.force) return;
  const auto what = recognise(path.string());
  validate(what.empty(), ExitCode::usage,
           "'{}' is there and would be lost (it is {}); name another output, or add --force",
           output.path, what);
}

/// Makes the folder and, for a moment, a file in it.
void try_to_write(const fs::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code error;
  fs::create_directories(folder, error);
  validate(!error, ExitCode::io, "cannot create the folder '{}' ({}); choose another one",
           folder.string(), error.message());
  const auto temporary = temporary_name(path.string());
  const int file = create_new_file(temporary);
  validate(file >= 0, ExitCode::io, "cannot write '{}' ({}); choose another place", path.string(),
           std::strerror(errno));
  ::close(file);
  ::unlink(temporary.c_str());
}

}  // namespace

Recognise written_by(const std::string& command_line) {
  return [command_line](const std::string& path) -> std::string {
    try {
      const auto writer = command_line_in(path);
      // Files are UTF-8, a command line need not be.
      if (arguments_of(writer) == arguments_of(valid_utf8(command_line))) return "";
      return "of another command, '" + writer + "'";
    } catch (const Error&) {
    } catch (const Json::exception&) {
    }
    return "no whole output of superpose";
  };
}

std::string prepare_output(const Output& output, const Recognise& recognise) {
  validate(!output.path.empty(), ExitCode::usage, "an output has no name (it is ''); name a file");
  const auto path = followed(output.path);
  require_replaceable(path, output, recognise);
  try_to_write(path);
  return path.string();
}

std::string prepare_output(const Output& output) {
  return prepare_output(output, written_by(output.command_line));
}

void write_output(const std::string& path, const std::vector<std::byte>& contents) {
  write_output(path, {reinterpret_cast<const char*>(contents.data()), contents.size()});
}

void write_output(const std::string& path, std::string_view text) {
  replace_file(path, text, temporary_name(path));
  log::detail("wrote {}: {} bytes", path, text.size());
}

void write_outputs(const std::vector<PreparedFile>& files) {
  const auto remove_temporaries = [&] {
    for (const auto& file : files) ::unlink(temporary_name(file.path).c_str());
  };
  try {
    for (const auto& file : files) write_temporary(temporary_name(file.path), file.contents);
    for (const auto& file : files) publish(temporary_name(file.path), file.path);
  } catch (const Error&) {
    remove_temporaries();
    throw;
  }
}

}  // namespace superpose::io
