#include "core/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "core/error.hpp"
#include "core/plain_text.hpp"

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

}  // namespace

void set_rank(int rank) {
  progress().set_level(rank == 0 ? spdlog::level::info : spdlog::level::off);
  if (rank != 0) warnings().set_pattern(fmt::format("[rank {}] %v", rank));
}

void be_quiet() {
  progress().set_level(spdlog::level::off);
}

void info_line(const std::string& line) {
  errno = 0;
  progress().info(printable(line));
  note_failure();
}
void warning_line(const std::string& line) {
  warnings().warn(printable(line));
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
