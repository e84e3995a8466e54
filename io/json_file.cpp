#include "io/json_file.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/log.hpp"

namespace superpose::io {
namespace {

constexpr const char* standard_output = "-";

}  // namespace

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

std::string to_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

JsonOutput::JsonOutput(const Output& output, bool writes) {
  if (output.path == standard_output) log::be_quiet();
  if (output.path.empty() || !writes) return;
  path_ = output.path == standard_output ? output.path : prepare_output(output);
}

void JsonOutput::write(const Json& json) const {
  const auto text = to_text(json) + "\n";
  if (path_ == standard_output)
    fmt::print("{}", text);
  else
    write_output(path_, text);
}

}  // namespace superpose::io
