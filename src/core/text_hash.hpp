#pragma once
#include <string>

namespace superpose {

/// XXH3-64 of the bytes, as 16 hexadecimal digits.
std::string text_hash(const std::string& text);

}  // namespace superpose
