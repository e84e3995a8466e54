#include "data/problem_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "core/descriptor.hpp"
#include "core/durable_file.hpp"
#include "core/error.hpp"
#include "core/files.hpp"
#include "core/log.hpp"
#include "core/open_objects.hpp"
#include "core/text_hash.hpp"
#include "data/problem_record.hpp"

namespace superpose::data {
namespace {

using nlohmann::json;

std::vector<Problem> parse(const std::string& path, const std::string& text) {
  std::vector<Problem> problems;
  OpenObjects objects(ExitCode::data);
  // Each record is turned into a Problem as soon as it ends and then dropped: the tree of a whole
  // file would take several times the memory of its text.
  const auto take_record = [&](int depth, json::parse_event_t event, json& value) {
    using Event = json::parse_event_t;
    validate(depth > 0 || event == Event::array_start || event == Event::array_end, ExitCode::data,
             "{} is not a list of problems at its top level", path);
    try {
      if (event == Event::object_start) objects.begin();
      if (event == Event::object_end) objects.end();
      if (event == Event::key) objects.add(value.get<std::string>());
      if (depth != 1 || event == Event::object_start) return true;
      validate(event == Event::object_end, ExitCode::data, "not an object");
      problems.push_back(problem_from_record(value));
    } catch (const Error& error) {
      fail(error.code(), "{}: problem {} (counted from 0): {}", path, problems.size(),
           error.what());
    }
    return false;
  };
  try {
    const json rest = json::parse(text, take_record);
    SUPERPOSE_EXPECT(rest.empty());
  } catch (const json::parse_error& error) {
    fail(ExitCode::data, "{} is not valid JSON (at byte {} of {}: {})", path, error.byte,
         text.size(), error.what());
  } catch (const json::out_of_range& error) {  // a number too large for a double
    fail(ExitCode::data, "{} cannot be read ({})", path, error.what());
  }
  return problems;
}

/// A file under a temporary name that takes its final name in commit() and else is removed.
class PendingFile {
 public:
  explicit PendingFile(const std::string& path)
      : path_(path), temporary_(temporary_name(path)), file_(Descriptor::of_new_file(temporary_)) {}
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  ~PendingFile() {
    if (!committed_) ::unlink(temporary_.c_str());
  }

  void append(const std::string& text) { write_all(file_, text, temporary_); }

  /// Whether a file of these bytes is there already.
  bool is_there() const {
    if (!is_regular_file(path_)) return false;
    std::ifstream now(path_, std::ios::binary), then(temporary_, std::ios::binary);
    using Bytes = std::istreambuf_iterator<char>;
    return now.is_open() && then.is_open() && std::equal(Bytes(now), Bytes(), Bytes(then), Bytes());
  }

  void commit() {
    sync_file(temporary_);
    publish(temporary_, path_);
    committed_ = true;
  }

 private:
  std::string path_, temporary_;
  Descriptor file_;
  bool committed_ = false;
};

}  // namespace

ProblemFile read_problems(const std::string& path) {
  const auto text = read_whole_file(path, ExitCode::data);
  ProblemFile file;
  file.hash = text_hash(text);
  file.problems = parse(path, text);
  validate(!file.problems.empty(), ExitCode::data, "{} holds no problem (its list is empty)", path);
  for (const auto& problem : file.problems)
    file.max_nodes = std::max(file.max_nodes, problem.graph.n_nodes);
  file.sizes = {file.problems.size()};
  file.hashes = {file.hash};
  log::detail("read {}: {} problems, hash {}", path, file.problems.size(), file.hash);
  return file;
}

ProblemFile read_problems(const std::vector<std::string>& paths) {
  ProblemFile all;
  for (const auto& path : paths) {
    auto file = read_problems(path);
    std::move(file.problems.begin(), file.problems.end(), std::back_inserter(all.problems));
    all.sizes.push_back(file.sizes.front());
    all.max_nodes = std::max(all.max_nodes, file.max_nodes);
    all.hash += file.hash;
    all.hashes.push_back(file.hash);
  }
  if (paths.size() > 1) all.hash = text_hash(all.hash);
  return all;
}

void write_problems(const std::string& path, const std::vector<Problem>& problems,
                    Existing existing) {
  PendingFile file(path);
  std::string text = "[";
  for (std::size_t i = 0; i < problems.size(); ++i) {
    if (i > 0) text += ", ";
    text += record_text(problems[i]);
    if (text.size() < (1U << 20)) continue;
    file.append(text);
    text.clear();
  }
  file.append(text + "]");
  if (file.is_there()) return;
  validate(existing == Existing::replaced || !is_regular_file(path), ExitCode::usage,
           "'{}' is there and would be lost (it is not what this command writes); name another "
           "output, or add --force",
           path);
  file.commit();
}

}  // namespace superpose::data
