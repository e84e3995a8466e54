#include "sweep/process.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "core/error.hpp"

namespace superpose::sweep {
namespace {

[[noreturn]] void execute(const Command& command) {
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  std::fprintf(stderr, "superpose: cannot start %s (%s)\n", words[0], std::strerror(errno));
  ::_exit(no_such_program);
}

pid_t fork_child() {
  const pid_t child = ::fork();
  validate(child >= 0, ExitCode::io, "cannot start a process ({}); see ulimit -u",
           std::strerror(errno));
  return child;
}

std::vector<std::string> variables_that_begin_with(const std::vector<std::string>& beginnings) {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    const auto begins = [&](const std::string& beginning) {
      return variable.compare(0, beginning.size(), beginning) == 0;
    };
    if (std::any_of(beginnings.begin(), beginnings.end(), begins))
      names.emplace_back(variable.substr(0, variable.find('=')));
  }
  return names;
}

}  // namespace

std::string shell_word(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || std::string_view("/._-=,:+%").find(c) != std::string_view::npos;
  });
  if (plain) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string shell_comment(const std::string& text) {
  std::string line = "# " + text;
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return std::iscntrl(c) != 0; }, ' ');
  return line + "\n";
}

std::string command_line(const Command& command) {
  std::string text;
  for (const auto& word : command) text += (text.empty() ? "" : " ") + shell_word(word);
  return text;
}

Outcome run(const Command& command) {
  std::array<int, 2> ends{};
  validate(::pipe(ends.data()) == 0, ExitCode::io, "cannot make a pipe ({})", std::strerror(errno));
  const pid_t child = fork_child();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    execute(command);
  }
  ::close(ends[1]);
  Outcome outcome;
  std::array<char, 4096> buffer{};
  while (true) {
    const auto n = ::read(ends[0], buffer.data(), buffer.size());
    if (n > 0) outcome.output.append(buffer.data(), static_cast<std::size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR)) break;
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  outcome.code = exit_code(status);
  return outcome;
}

pid_t start(const Command& command, const std::map<std::string, std::string>& variables,
            const std::vector<std::string>& dropped) {
  const pid_t child = fork_child();
  if (child > 0) return child;
  ::setpgid(0, 0);
  for (const auto& name : variables_that_begin_with(dropped)) ::unsetenv(name.c_str());
  for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
  execute(command);
}

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace superpose::sweep
