#pragma once
/// Short forms for the tables of the theory jobs.

#include <string>
#include <vector>

#include "io/history.hpp"

namespace superpose::theory {

/// A column of integers, and one of numbers without a unit.
inline io::Column count(const std::string& name, const std::string& description) {
  return {name, "1", description, DType::i64, {}};
}
inline io::Column real(const std::string& name, const std::string& description) {
  return {name, "1", description, DType::f64, {}};
}

/// The value of a column without a second dimension.
inline std::vector<double> one(double value) {
  return {value};
}

}  // namespace superpose::theory
