#include "core/text_hash.hpp"

#include <fmt/format.h>
#include <xxhash.h>

namespace superpose {

std::string text_hash(const std::string& text) {
  return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

}  // namespace superpose
