#pragma once
/// What a set of problems looks like: the rows that `superpose generate` prints and
/// tests/unit/test_generator.cpp compares with those of the published data (RECORDS.md, Reference
/// statistics).

#include <string>
#include <vector>

#include "data/problem.hpp"

namespace superpose::data {

/// Mean and sample standard deviation of one quantity over the problems where it is defined.
struct Statistic {
  std::string name;
  double mean = 0;
  double sd = 0;
  int n = 0;  ///< problems where it is defined (e.g. the degree of F3 needs 3 hops)
};

/// All rows, in the order of the reference table. Problems are expected to be derived.
std::vector<Statistic> statistics(const std::vector<Problem>& problems);

/// Lines "name  mean  sd".
std::string table(const std::vector<Statistic>& rows);

}  // namespace superpose::data
