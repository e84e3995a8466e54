#include "jobs/as_error.hpp"

#include <cstdio>
#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

namespace superpose::jobs {
namespace {

/// Long paths are what some of these errors are about.
std::string shortened(const std::string& path) {
  constexpr std::size_t most = 200;
  return path.size() <= most ? path : path.substr(0, most) + "...";
}

/// Of Kokkos, which tells by its words alone: the host's memory, and a device's.
bool is_out_of_memory(const std::exception& exception) {
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) return true;
  const std::string what = exception.what();
  return what.find("failed to allocate memory") != std::string::npos ||
         what.find("Allocation of size") != std::string::npos;
}

}  // namespace

Error as_error(const std::exception& exception) {
  if (const auto* error = dynamic_cast<const Error*>(&exception)) return *error;
  if (is_out_of_memory(exception))
    return {ExitCode::failure,
            "out of memory; use more nodes, or fewer ranks on each, or a smaller model or batch"};
  if (const auto* error = dynamic_cast<const std::filesystem::filesystem_error*>(&exception))
    return {ExitCode::io, fmt::format("cannot use '{}' ({}); choose another path, or start in "
                                      "another working directory",
                                      shortened(error->path1().string()), error->code().message())};
  if (const auto* error = dynamic_cast<const std::system_error*>(&exception);
      error != nullptr && std::ferror(stdout) != 0)
    return {ExitCode::io, fmt::format("stdout cannot be written ({}): what is printed is not all; "
                                      "make room, or send it elsewhere",
                                      error->code().message())};
  if (const auto* error = dynamic_cast<const std::system_error*>(&exception))
    return {ExitCode::io, fmt::format("the system refused a call ({}); see ulimit -a and df",
                                      error->code().message())};
  if (dynamic_cast<const nlohmann::json::exception*>(&exception) != nullptr)
    return {ExitCode::data, fmt::format("a file cannot be read as JSON ({}); superpose inspect "
                                        "FILE says which",
                                        shortened(exception.what()))};
  return {ExitCode::failure,
          fmt::format("{} (this is a defect of superpose); please report it", exception.what())};
}

}  // namespace superpose::jobs
