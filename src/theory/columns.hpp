#pragma once
/// Short forms for the tables of the theory jobs.

#include <string>
#include <vector>

#include "core/moments.hpp"
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

/// Half of the 95 % interval of a mean, by Student's t. NaN below two measurements.
double half_width(const Moments& moments);

/// A mean and half of its 95 % interval: columns, and values of a row.
void add_mean_columns(std::vector<io::Column>& columns, const std::string& name,
                      const std::string& description);
void add_mean(io::Row& row, const std::string& name, const Moments& moments);

}  // namespace superpose::theory
