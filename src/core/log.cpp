#include "core/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstdio>
#include <memory>

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

bool& closed() {
  static bool is_closed = false;
  return is_closed;
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

void info_line(const std::string& line) {
  errno = 0;
  progress().info(printable(line));
  if (std::ferror(stdout) != 0 && errno == EPIPE) closed() = true;
}
void warning_line(const std::string& line) {
  warnings().warn(printable(line));
}
bool output_is_closed() {
  return closed();
}

}  // namespace superpose::log
