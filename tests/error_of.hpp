#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

#include "core/error.hpp"

namespace superpose::tests {

/// Code and message of the Error that `work` throws; a failure of the test if it throws none.
inline std::pair<ExitCode, std::string> error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  ADD_FAILURE() << "no Error";
  return {ExitCode::done, ""};
}

}  // namespace superpose::tests
