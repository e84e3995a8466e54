/// Target: a problem file.

#include <sys/mman.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "data/problem_file.hpp"
#include "data/problem_record.hpp"
#include "tests/fuzz/target.hpp"

namespace superpose::fuzz {
namespace {

/// A file that is in memory only, for a reader that takes a path.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& text) : descriptor_(::memfd_create("problems", 0)) {
    if (descriptor_ < 0 ||
        ::write(descriptor_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throw std::runtime_error("no file in memory");
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }
  std::string path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

 private:
  int descriptor_;
};

/// A record without its sentences is accepted, but cannot be written: they are empty texts then.
bool is_whole(const data::Problem& problem) {
  return !problem.question.empty() && !problem.answer.empty() && !problem.steps.empty();
}

void check_record(const data::Problem& problem) {
  const std::string text = data::record_text(problem);
  std::string again;
  const bool read = accepts(ExitCode::data, [&] {
    again = data::record_text(data::problem_from_record(nlohmann::json::parse(text)));
  });
  require(read && again == text, "a problem written reads back to it:\n" + text);
}

}  // namespace
}  // namespace superpose::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace superpose;
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  data::ProblemFile read;
  fuzz::accepts(ExitCode::data, [&] { read = data::read_problems(file.path()); });
  for (const auto& problem : read.problems)
    if (fuzz::is_whole(problem)) fuzz::check_record(problem);
  return 0;
}
