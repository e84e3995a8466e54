#include "sweep/folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "config/run_config.hpp"
#include "core/durable_file.hpp"
#include "core/error.hpp"
#include "core/files.hpp"
#include "core/plain_text.hpp"
#include "core/text_hash.hpp"
#include "sweep/csv.hpp"
#include "sweep/process.hpp"

namespace superpose::sweep {
namespace {

namespace fs = std::filesystem;

void make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  validate(!error, ExitCode::io, "cannot make the folder '{}' ({}); choose another sweep.directory",
           path, error.message());
  struct stat folder {};
  const bool own = ::stat(path.c_str(), &folder) == 0 && folder.st_uid == ::geteuid();
  validate(own, ExitCode::usage,
           "the folder '{}' is another user's (number {}; its commands would be run as yours); "
           "choose another sweep.directory",
           path, folder.st_uid);
}

std::vector<std::string> read_lines(const std::string& path) {
  std::vector<std::string> lines;
  if (!is_regular_file(path)) return lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string read_all(const std::string& path) {
  if (!is_regular_file(path)) return "";
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// What a job runs: it may be called otherwise since axes have got other names.
std::string without_comment(const std::string& job) {
  return job.rfind('#', 0) == 0 ? job.substr(std::min(job.find('\n'), job.size())) : job;
}

std::string problem_path(const SweepFolder& folder, const data::GeneratorOptions& options) {
  return fmt::format("{}/problems/{}.json", folder.root(),
                     text_hash(config::effective_config(options)));
}

/// "[ -e FILE ] || serial generate FILE --count=..."; several points may do so at once: each writes
/// a file of its own, of the same bytes, and renames it.
std::string generate_command(const SweepFolder& folder, data::GeneratorOptions options) {
  const auto path = shell_word(problem_path(folder, options));
  std::string command = fmt::format("[ -e {} ] || serial generate {}", path, path);
  for (const auto& setting : config::read_toml(config::effective_config(options), "")) {
    const auto* text = std::get_if<std::string>(&setting.value);
    const auto value = text ? *text : config::to_string(setting.value);
    command += " " + shell_word(fmt::format("--{}={}", setting.key, value));
  }
  return command + "\n";
}

/// The run's own settings, as they go into its config.toml: wherever the job starts, it finds them.
train::RunOptions placed(const SweepFolder& folder, const Point& point) {
  auto run = point.options.run;
  run.output.directory = folder.point(point.identity);
  const auto& problems = point.options.problems;
  if (problems.wanted) {
    run.data.train = {problem_path(folder, problems.options)};
    run.data.valid = problem_path(folder, problems.valid_options());
  }
  for (auto& path : run.data.train) path = fs::absolute(path).string();
  if (!run.data.valid.empty()) run.data.valid = fs::absolute(run.data.valid).string();
  return run;
}

struct PointFiles {
  std::string config, job;
};

PointFiles files_of(const SweepFolder& folder, const Sweep& sweep, const Point& point) {
  PointFiles files{config::effective_config(placed(folder, point)),
                   job_script(folder, sweep, point)};
  validate(valid_utf8(files.config) == files.config, ExitCode::usage,
           "the folder '{}' or a problem file has a path that is not UTF-8 (a configuration cannot "
           "hold it); work in another directory, or choose another sweep.directory",
           folder.root());
  return files;
}

/// Whether a configuration that is there has these settings. An earlier version of the program did
/// not know all of them: its text is another, and what it lacks has the defaults.
bool has_settings(const std::string& path, const std::string& config) {
  const auto text = read_all(path);
  if (text == config) return true;
  try {
    return config::effective_config(config::parse_run_config(text, path)) == config;
  } catch (const Error&) {
    return false;
  }
}

/// Error (usage) if a point that is there would not run what this sweep says.
void require_same(const std::string& path, const PointFiles& expected) {
  const bool same = has_settings(path + "/config.toml", expected.config) &&
                    without_comment(read_all(path + "/job.sh")) == without_comment(expected.job);
  validate(same, ExitCode::usage,
           "config.toml or job.sh in '{}' is not what this sweep runs there (one was changed, or "
           "the folder was moved); remove both files to have them written anew, or choose another "
           "sweep.directory",
           path);
}

/// Files of the folder itself. In a folder that is no sweep's yet they would be someone else's.
void write_own(const std::string& path, const std::string& text, bool is_new) {
  if (is_regular_file(path) && read_all(path) == text) return;
  validate(!is_new || !fs::exists(fs::symlink_status(path)), ExitCode::usage,
           "'{}' is there and would be lost (its folder is no sweep's yet); choose another "
           "sweep.directory, or move it",
           path);
  replace_text(path, text);
}

std::string points_csv(const Sweep& sweep, const std::vector<Point>& points) {
  std::string text = csv_axes(sweep) + "identity\n";
  for (const auto& point : points) text += csv_labels(sweep, point) + point.identity + "\n";
  return text;
}

}  // namespace

SweepFolder::SweepFolder(const std::string& directory)
    : root_(fs::absolute(directory).lexically_normal().string()) {
  if (root_.size() > 1 && root_.back() == '/') root_.pop_back();
}

std::string SweepFolder::point(const std::string& identity) const {
  return root_ + "/points/" + identity;
}

std::size_t SweepFolder::prepare(const Sweep& sweep, const std::vector<Point>& points) const {
  const bool is_new = !fs::exists(root_ + "/points");
  if (is_new) {
    make_folder(root_);
    write_own(root_ + "/sweep.toml", sweep.text, is_new);
    write_own(root_ + "/points.csv", points_csv(sweep, points), is_new);
  }
  for (const auto* folder : {"", "/points", "/submissions", "/logs", "/problems"})
    make_folder(root_ + folder);
  std::size_t n_new = 0;
  for (const auto& point : points) {
    const auto path = this->point(point.identity);
    const auto files = files_of(*this, sweep, point);
    make_folder(path);
    if (fs::exists(path + "/job.sh")) {
      require_same(path, files);
      continue;
    }
    replace_text(path + "/config.toml", files.config);
    replace_text(path + "/job.sh", files.job);  // last: the point is complete
    ++n_new;
  }
  write_own(root_ + "/points.csv", points_csv(sweep, points), false);
  write_own(root_ + "/sweep.toml", sweep.text, false);
  return n_new;
}

std::vector<Submission> SweepFolder::submissions() const {
  std::vector<Submission> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root_ + "/submissions", error)) {
    if (entry.path().extension() != ".points") continue;
    Submission submission{entry.path().string(), "", Scheduler::slurm, {}};
    const auto job = words(read_all(fs::path(entry.path()).replace_extension(".job").string()));
    if (!job.empty()) submission.job = job.front();
    if (job.size() > 1)
      submission.scheduler = enum_of<Scheduler>(job[1]).value_or(Scheduler::slurm);
    for (const auto& line : read_lines(submission.list))
      submission.points.push_back(fs::path(line).filename().string());
    found.push_back(std::move(submission));
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.list < b.list; });
  return found;
}

std::string SweepFolder::new_submission(const std::vector<std::string>& identities) const {
  const auto before = submissions();  // some of which may have been removed
  const int last = before.empty() ? 0 : std::atoi(fs::path(before.back().list).stem().c_str());
  auto path = fmt::format("{}/submissions/{:04}.points", root_, last + 1);
  std::string text;
  for (const auto& identity : identities) text += point(identity) + "\n";
  replace_text(path, text);
  return path;
}

void SweepFolder::record_job(const std::string& list, const std::string& job, Scheduler scheduler) {
  const auto system = scheduler == Scheduler::slurm ? "" : std::string(" ") + to_string(scheduler);
  replace_text(fs::path(list).replace_extension(".job").string(), job + system + "\n");
}

std::string job_script(const SweepFolder& folder, const Sweep& sweep, const Point& point) {
  const auto path = folder.point(point.identity);
  const auto config = shell_word(path + "/config.toml");
  std::string text =
      shell_comment(describe(sweep, point) + "; written by superpose sweep, run by slurm/point.sh");
  const auto& problems = point.options.problems;
  if (sweep.options.job == SweepJob::bench) {
    for (const auto* scaling : {"strong", "weak"})
      text += fmt::format("ranks bench {} --scaling {} --json {}\n", config, scaling,
                          shell_word(fmt::format("{}/bench_{}.json", path, scaling)));
    return text;
  }
  if (problems.wanted)
    text += generate_command(folder, problems.options) +
            generate_command(folder, problems.valid_options());
  text += fmt::format("ranks train {}\n", config);
  const auto run = placed(folder, point);
  if (!run.data.valid.empty())
    text += fmt::format("ranks evaluate {} {} --json {}\n", shell_word(path),
                        shell_word(run.data.valid), shell_word(path + "/evaluation.json"));
  return text;
}

}  // namespace superpose::sweep
