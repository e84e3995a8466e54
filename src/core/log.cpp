#include "core/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "core/error.hpp"
#include "core/plain_text.hpp"
#include "core/timer.hpp"

namespace superpose::log {
namespace {

std::shared_ptr<spdlog::logger> make_logger(const char* name, spdlog::sink_ptr sink,
                                            const char* pattern) {
  auto logger = std::make_shared<spdlog::logger>(name, std::move(sink));
  logger->set_pattern(pattern);
  logger->flush_on(spdlog::level::info);
  return logger;
}

spdlog::logger& progress() {
  static const auto logger =
      make_logger("progress", std::make_shared<spdlog::sinks::stdout_sink_st>(), "%v");
  return *logger;
}

int& failure() {
  static int number = 0;
  return number;
}

/// To be called after output, errno 0 before it.
void note_failure() {
  if (failure() == 0 && std::ferror(stdout) != 0) failure() = errno == 0 ? EIO : errno;
}

spdlog::logger& warnings() {
  static const auto logger =
      make_logger("warnings", std::make_shared<spdlog::sinks::stderr_sink_st>(), "%v");
  return *logger;
}

/// Who prints what. One a process, as its streams are.
struct Speaker {
  int rank = 0;
  Verbosity verbosity = Verbosity::normal;
  bool stdout_is_taken = false;
  std::string status;  ///< on the terminal now
  Stopwatch since_start;

  bool prints_progress() const {
    return rank == 0 && verbosity != Verbosity::quiet && !stdout_is_taken;
  }
};

Speaker& speaker() {
  static Speaker state;
  return state;
}

void apply() {
  progress().set_level(speaker().prints_progress() ? spdlog::level::info : spdlog::level::off);
}

constexpr std::string_view erased_line = "\r\x1b[K";

/// Without the status line, which comes back below whatever `print` prints.
template <class Print>
void above_status(const Print& print) {
  const auto& status = speaker().status;
  if (!status.empty()) fmt::print(stderr, "{}", erased_line);
  print();
  if (status.empty()) return;
  std::fflush(stdout);
  fmt::print(stderr, "{}", status);
  std::fflush(stderr);
}

}  // namespace

void set_rank(int rank) {
  speaker().rank = rank;
  apply();
  if (rank != 0) warnings().set_pattern(fmt::format("[rank {}] %v", rank));
}

void set_verbosity(Verbosity verbosity) {
  speaker().verbosity = verbosity;
  apply();
}

void be_quiet() {
  speaker().stdout_is_taken = true;
  apply();
}

void info_line(const std::string& line) {
  errno = 0;
  above_status([&] { progress().info(printable(line)); });
  note_failure();
}
void warning_line(const std::string& line) {
  above_status([&] { warnings().warn(printable(line)); });
}
bool prints_details() {
  return speaker().rank == 0 && speaker().verbosity == Verbosity::verbose;
}
void detail_line(const std::string& line) {
  if (prints_details())
    warning_line(fmt::format("[{:8.3f} s] {}", speaker().since_start.seconds(), line));
}

int status_columns() {
  const char* terminal = std::getenv("TERM");
  const bool moves_cursor = terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
  if (!speaker().prints_progress() || !moves_cursor || ::isatty(STDERR_FILENO) == 0) return 0;
  constexpr int usual = 80;
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : usual;
}

void set_status(const std::string& line) {
  if (speaker().status.empty() && line.empty()) return;
  speaker().status = line;
  fmt::print(stderr, "{}{}", erased_line, line);
  std::fflush(stderr);
}

int output_failure() {
  return failure();
}
void finish_output() {
  if (failure() == 0) {
    errno = 0;
    std::fflush(stdout);
    note_failure();
  }
  validate(failure() == 0, ExitCode::io,
           "stdout cannot be written ({}): what is printed is not all; make room, or send it "
           "elsewhere",
           std::strerror(failure()));
}

}  // namespace superpose::log
