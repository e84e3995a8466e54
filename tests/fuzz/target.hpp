#pragma once
/// What the targets have in common. A target reads one input; only superpose::Error with the right
/// exit code may come out of a reader, everything else that does ends the process and is a finding.

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "core/error.hpp"

/// libFuzzer calls this with inputs it makes up, replay.cpp with those of the corpus.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace superpose::fuzz {

inline std::string text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A property of the readers: broken, it is a finding.
inline void require(bool holds, const std::string& property) {
  if (!holds) throw std::logic_error("finding: " + property);
}

/// Whether `read` accepts its input. Refusal is an Error with this code and a message.
template <class Read>
bool accepts(ExitCode code, Read&& read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    require(error.code() == code,
            fmt::format("exit code {} of \"{}\"", static_cast<int>(error.code()), error.what()));
    require(*error.what() != '\0', "an Error without a message");
    return false;
  }
}

}  // namespace superpose::fuzz
