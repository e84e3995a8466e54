#include "io/seal.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>

#include "core/error.hpp"
#include "core/files.hpp"

namespace superpose::io {
namespace {

constexpr const char* mark = "superpose seal ";
constexpr std::size_t block_bytes = std::size_t{1} << 20;

/// XXH3 of 64 bits, fed piece by piece.
class Checksum {
 public:
  Checksum() : state_(XXH3_createState(), XXH3_freeState) { XXH3_64bits_reset(state_.get()); }
  void add(const void* data, std::size_t bytes) { XXH3_64bits_update(state_.get(), data, bytes); }
  std::uint64_t value() const { return XXH3_64bits_digest(state_.get()); }

 private:
  std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state_;
};

/// The seal without its checksum, which covers these words too.
std::string words_of(const Seal& seal, std::uint64_t bytes) {
  return fmt::format("{}1 bytes={} step={} score={} ", mark, bytes, seal.step, seal.score);
}

/// The whole line for contents of so many bytes that `sum` has seen.
std::string line_of(const Seal& seal, std::uint64_t bytes, Checksum& sum) {
  const auto words = words_of(seal, bytes);
  sum.add(words.data(), words.size());
  const auto line = fmt::format("{}xxh3_64={:016x}", words, sum.value());
  SUPERPOSE_EXPECT(line.size() < seal_bytes);
  return fmt::format("{:<{}}\n", line, seal_bytes - 1);
}

std::ifstream open_file(const std::string& path) {
  require_regular_file(path, ExitCode::io);
  std::ifstream file(path, std::ios::binary);
  validate(file.is_open(), ExitCode::io,
           "cannot open {} ({}); give the path of a file that superpose wrote", path,
           std::strerror(errno));
  return file;
}

std::uint64_t size_of_file(std::ifstream& file) {
  file.seekg(0, std::ios::end);
  const auto size = static_cast<std::uint64_t>(file.tellg());
  file.seekg(0);
  return size;
}

/// Reads the next `bytes` bytes into the sum.
void add_file(std::ifstream& file, std::uint64_t bytes, const std::string& path, Checksum& sum) {
  std::vector<char> block(block_bytes);
  while (bytes > 0) {
    const auto part = std::min<std::uint64_t>(bytes, block.size());
    file.read(block.data(), static_cast<std::streamsize>(part));
    validate(file.good(), ExitCode::io, "cannot read {} ({}); copy it again, or take another", path,
             std::strerror(errno));
    sum.add(block.data(), part);
    bytes -= part;
  }
}

/// The last characters of the file, where a seal would be; empty if it is shorter.
std::string last_line(std::ifstream& file, std::uint64_t size) {
  if (size < seal_bytes) return "";
  std::string line(seal_bytes, '\0');
  file.seekg(static_cast<std::streamoff>(size - seal_bytes));
  file.read(line.data(), seal_bytes);
  file.seekg(0);
  return line;
}

bool has_mark(const std::string& line) {
  return line.rfind(mark, 0) == 0;
}

/// What a line says about a file of `size` bytes; nothing if it is no seal of such a file.
std::optional<Seal> parse(const std::string& line, std::uint64_t size) {
  Seal seal;
  unsigned long long bytes = 0;
  long long step = 0;
  const int n = std::sscanf(line.c_str(), "superpose seal 1 bytes=%llu step=%lld score=%lf", &bytes,
                            &step, &seal.score);
  if (n != 3 || bytes + seal_bytes != size) return std::nullopt;
  seal.step = step;
  return seal;
}

}  // namespace

void append_seal(std::vector<std::byte>& contents, const Seal& seal) {
  Checksum sum;
  sum.add(contents.data(), contents.size());
  const auto line = line_of(seal, contents.size(), sum);
  const auto* bytes = reinterpret_cast<const std::byte*>(line.data());
  contents.insert(contents.end(), bytes, bytes + line.size());
}

void append_seal(const std::string& path, const Seal& seal) {
  Checksum sum;
  auto file = open_file(path);
  const auto size = size_of_file(file);
  add_file(file, size, path, sum);
  const auto line = line_of(seal, size, sum);
  std::ofstream end(path, std::ios::binary | std::ios::app);
  end.write(line.data(), static_cast<std::streamsize>(line.size()));
  end.close();  // the last bytes are written here
  validate(end.good(), ExitCode::io,
           "cannot write {} ({}); free some space or choose another place", path,
           std::strerror(errno));
}

std::optional<Seal> read_seal(const std::string& path) {
  if (!is_regular_file(path)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) return std::nullopt;
  const auto size = size_of_file(file);
  return parse(last_line(file, size), size);
}

SealState check_seal(const std::string& path) {
  auto file = open_file(path);
  const auto size = size_of_file(file);
  const auto line = last_line(file, size);
  if (!has_mark(line)) return SealState::absent;
  const auto seal = parse(line, size);
  if (!seal) return SealState::broken;
  Checksum sum;
  add_file(file, size - seal_bytes, path, sum);
  return line == line_of(*seal, size - seal_bytes, sum) ? SealState::intact : SealState::broken;
}

}  // namespace superpose::io
