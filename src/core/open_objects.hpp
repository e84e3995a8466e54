#pragma once
#include <set>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace superpose {

/// The keys of each JSON object that is being read, from the outermost to the innermost.
class OpenObjects {
 public:
  explicit OpenObjects(ExitCode code) : code_(code) {}

  void begin() { keys_.emplace_back(); }
  void end() { keys_.pop_back(); }
  /// Error if the object has it already: readers differ in which of two values they take.
  void add(const std::string& key) {
    validate(keys_.back().insert(key).second, code_, "key {} is there twice", key);
  }

 private:
  ExitCode code_;
  std::vector<std::set<std::string>> keys_;
};

}  // namespace superpose
