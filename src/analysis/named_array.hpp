#pragma once
/// Host memory with the names that a file gives it.

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/tensor.hpp"

namespace superpose::analysis {

/// What a dataset is called, measured in and about.
struct DatasetLayout {
  std::string name;
  std::vector<std::string> dims;
  std::vector<std::size_t> shape;
  std::string description;      ///< netCDF's attribute long_name
  std::string frontier_rule{};  ///< by which the frontier is counted that it is about; "" for none

  std::size_t size() const {
    std::size_t n = 1;
    for (const auto extent : shape) n *= extent;
    return n;
  }
  template <class T>
  ConstNamedTensor tensor(const T* data) const {
    return {name, dims, shape, dtype_of<T>(), data};
  }
};

/// Row-major values of a dataset.
template <class T>
struct NamedArray {
  DatasetLayout layout;
  std::vector<T> values;

  NamedArray(DatasetLayout layout_, T fill)
      : layout(std::move(layout_)), values(layout.size(), fill) {}

  ConstNamedTensor tensor() const { return layout.tensor(values.data()); }

  /// Place of the element at `index`, or of the first one below it if there are dimensions left.
  T* at(std::initializer_list<std::size_t> index) {
    SUPERPOSE_EXPECT(index.size() <= layout.shape.size());
    std::size_t offset = 0, dimension = 0;
    for (const std::size_t i : index) {
      SUPERPOSE_EXPECT(i < layout.shape[dimension]);
      offset = offset * layout.shape[dimension++] + i;
    }
    for (; dimension < layout.shape.size(); ++dimension) offset *= layout.shape[dimension];
    return values.data() + offset;
  }
};

}  // namespace superpose::analysis
