#include "io/json_file.hpp"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>

#include "core/error.hpp"

namespace superpose::io {

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

std::string to_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

void check_writable(const std::string& path) {
  const std::ofstream file(path, std::ios::app);
  validate(file.is_open(), ExitCode::io, "cannot write {} ({}); choose another --json file", path,
           std::strerror(errno));
}

void write_json(const std::string& path, const Json& json) {
  std::ofstream out(path);
  out << to_text(json) << '\n';
  out.close();
  validate(out.good(), ExitCode::io, "cannot write {} ({}); choose another --json file", path,
           std::strerror(errno));
}

}  // namespace superpose::io
