#pragma once
#include <cstddef>

namespace superpose {

/// Where a row-major matrix lies in a flat buffer, perhaps as columns of a wider one.
struct MatrixPlace {
  std::size_t offset = 0;  ///< of the first element
  int n_rows = 0;
  int n_columns = 0;
  int row_length = 0;  ///< elements from one row to the next
  std::size_t end() const {
    return offset + static_cast<std::size_t>(n_rows - 1) * static_cast<std::size_t>(row_length) +
           static_cast<std::size_t>(n_columns);
  }
};

}  // namespace superpose
