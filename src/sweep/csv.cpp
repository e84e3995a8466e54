#include "sweep/csv.hpp"

namespace superpose::sweep {
namespace {

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::string csv_axes(const Sweep& sweep, bool with_seeds) {
  std::string text;
  for (const auto& axis : sweep.axes)
    if (with_seeds || axis.name != seed_axis) text += field(axis.name) + ",";
  return text;
}

std::string csv_labels(const Sweep& sweep, const Point& point, bool with_seeds) {
  std::string text;
  for (std::size_t axis = 0; axis < sweep.axes.size(); ++axis)
    if (with_seeds || sweep.axes[axis].name != seed_axis)
      text += field(sweep.axes[axis].values[point.at[axis]].label) + ",";
  return text;
}

}  // namespace superpose::sweep
