#pragma once
/// HDF5 files for the targets: what a valid file holds, changed piece by piece as the bytes of the
/// input choose, then written as a sound HDF5 file. Damage of the bytes themselves is not what is
/// looked for: HDF5 1.10 does not withstand it, and the program asks a checksum before it asks
/// HDF5.

#include <string>
#include <variant>
#include <vector>

#include "core/tensor.hpp"
#include "tests/fuzz/choices.hpp"
#include "tests/fuzz/odd_objects.hpp"

namespace superpose::fuzz {

struct AttributePlan {
  std::string object, name;
  std::variant<std::int64_t, std::uint64_t, double, std::string> value;
};

struct DatasetPlan {
  std::string name;
  std::vector<std::string> dims;
  std::vector<std::size_t> shape;
  DType dtype = DType::f64;
  std::vector<std::int64_t> values;  ///< their bytes, repeated, are those of the dataset
  bool coordinate = false;           ///< a dimension of its own name
};

struct FilePlan {
  std::vector<std::string> groups;
  std::vector<DatasetPlan> datasets;
  std::vector<AttributePlan> attributes;
  std::vector<OddObject> odd_objects;  ///< written in the place of what is there
  bool checksums = false;              ///< each dataset gets the right one, as checkpoints do
};

FilePlan checkpoint_plan();
FilePlan run_plan();

/// Makes changes until the choices are used up.
void change(FilePlan& plan, Choices& choices);

/// What HDF5 or io::File refuse to make is left out.
void write(const FilePlan& plan, const std::string& path);

}  // namespace superpose::fuzz
