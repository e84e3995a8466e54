#include "io/foreign_file.hpp"

#include <nlohmann/json.hpp>
#include <string_view>

#include "core/open_objects.hpp"
#include "core/plain_text.hpp"

namespace superpose::io {

using nlohmann::json;

json parse_foreign_json(std::string_view text, const std::string& source, int max_depth,
                        ExitCode code) {
  OpenObjects objects(code);
  const auto check = [&](int depth, json::parse_event_t event, json& value) {
    using Event = json::parse_event_t;
    const bool opens = event == Event::object_start || event == Event::array_start;
    validate(!opens || depth < max_depth, code, "it is nested more than {} deep", max_depth);
    if (event == Event::object_start) objects.begin();
    if (event == Event::object_end) objects.end();
    if (event == Event::key) objects.add(value.get_ref<const std::string&>());
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), check);
  } catch (const Error& error) {
    fail(code, "{} cannot be used ({})", source, error.what());
  } catch (const json::parse_error& error) {
    fail(code, "{} cannot be used (it is no valid JSON: {})", source, valid_utf8(error.what()));
  } catch (const json::out_of_range& error) {  // a number too large for a double
    fail(code, "{} cannot be used ({})", source, error.what());
  }
}

}  // namespace superpose::io
