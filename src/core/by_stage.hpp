#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace superpose {

/// What a list by stages says of `stage` >= 0: its last entry holds for all later stages.
/// `otherwise` if it is empty.
inline double by_stage(const std::vector<double>& list, int stage, double otherwise) {
  if (list.empty()) return otherwise;
  return list[std::min(static_cast<std::size_t>(stage), list.size() - 1)];
}

}  // namespace superpose
