#include "core/plain_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace superpose {
namespace {

using Byte = unsigned char;

/// Bytes of the control character that `text` begins with; 0 if it begins with something else.
std::size_t control_bytes(std::string_view text) {
  const Byte first = static_cast<Byte>(text[0]);
  if (first < 0x20 || first == 0x7f) return 1;
  const Byte second = text.size() > 1 ? static_cast<Byte>(text[1]) : 0;
  return first == 0xc2 && second >= 0x80 && second < 0xa0 ? 2 : 0;
}

/// Bytes of a UTF-8 character that begins so; 0 if none does.
std::size_t length_of(Byte first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/// Whether the second byte may follow the first: no character is written longer than need be, none
/// is a surrogate or beyond U+10FFFF.
bool may_follow(Byte first, Byte second) {
  const Byte least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const Byte most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  return second >= least && second <= most;
}

/// Bytes of the UTF-8 character that `text` begins with; 0 if it begins with none.
std::size_t character_bytes(std::string_view text) {
  const Byte first = static_cast<Byte>(text[0]);
  const auto length = length_of(first);
  if (length == 0 || length > text.size()) return 0;
  const auto rest = text.substr(1, length - 1);
  const bool continued = std::all_of(rest.begin(), rest.end(),
                                     [](char c) { return (static_cast<Byte>(c) & 0xc0) == 0x80; });
  if (!continued) return 0;
  return rest.empty() || may_follow(first, static_cast<Byte>(rest[0])) ? length : 0;
}

}  // namespace

bool has_control_characters(const std::string& text) {
  for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(1))
    if (control_bytes(rest) > 0) return true;
  return false;
}

std::string printable(const std::string& text) {
  if (!has_control_characters(text)) return text;
  std::string shown;
  for (std::string_view rest = text; !rest.empty();) {
    const auto control = control_bytes(rest);
    const bool layout = rest[0] == '\n' || rest[0] == '\t';
    const auto length = std::max<std::size_t>(control, 1);
    for (const char c : rest.substr(0, length))
      shown += control == 0 || layout ? std::string(1, c) : fmt::format("\\x{:02x}", Byte(c));
    rest.remove_prefix(length);
  }
  return shown;
}

std::string valid_utf8(const std::string& text) {
  std::string valid;
  for (std::string_view rest = text; !rest.empty();) {
    const auto length = character_bytes(rest);
    valid += length > 0 ? rest.substr(0, length) : std::string_view("\xef\xbf\xbd");
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return valid;
}

}  // namespace superpose
