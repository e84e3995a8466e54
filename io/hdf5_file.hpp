#pragma once
/// An HDF5 file as the program uses it: groups, datasets of NamedTensor with named dimensions, and
/// attributes. Objects are addressed by path ("parameters/wte.weight"; "/" is the root). Every
/// HDF5 return code is checked: a failure is Error (io) with the file, the object and HDF5's
/// innermost message.
///
/// Named dimensions are HDF5 dimension scales in the manner of netCDF-4: a scale lives in a group
/// and serves every dataset in it and below, so datasets that name the same dimension share it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/tensor.hpp"
#include "distributed/communicator.hpp"

namespace superpose::io {

/// An open file.
class File {
 public:
  static File create(const std::string& path);   ///< replaces what is there
  static File open(const std::string& path);     ///< to read
  static bool is_hdf5(const std::string& path);  ///< whether it begins as such a file does
  static File modify(const std::string& path);   ///< to read and write what is there
  /// To fill datasets that are there, by all ranks. Only write_rows, write_part, flush and close
  /// may be called: they leave HDF5's own structures unchanged, so that a write that fails on one
  /// rank cannot keep the ranks from closing the file. Collective; an Error is every rank's.
  static File fill(const std::string& path, const distributed::Communicator& communicator);
  /// A file that lives in memory; `path` is its name in messages.
  static File in_memory(const std::string& path);

  File(File&& other) noexcept;
  File& operator=(File&&) = delete;
  /// Closes if close() was not called; errors are then lost, so writers call close().
  ~File();

  void close();
  /// Leaves the file open, for a way out after an error: closing a file opened by fill is
  /// collective and would wait for ranks that are elsewhere.
  void abandon();
  void flush();  ///< of a file opened by fill: down to the disk, on every rank
  const std::string& path() const { return path_; }
  /// The bytes of the file as they would be on disk.
  std::vector<std::byte> image();

  // --- Structure --------------------------------------------------------------------------------
  /// Makes the group and those above it unless they are there.
  void create_group(const std::string& group);
  /// A dimension without coordinates, e.g. "n_embd" (root) or "evaluation/stage".
  void create_dimension(const std::string& dimension, std::size_t extent);
  /// A dimension with coordinates: a one-dimensional dataset that is its own scale.
  void write_coordinate(const ConstNamedTensor& coordinate);
  /// A dimension whose coordinates are texts (UTF-8); its dataset has no NamedTensor.
  void write_labels(const std::string& dimension, const std::vector<std::string>& labels);
  /// Dataset for `tensor`, without its values. Its dimensions exist in its group or above.
  void create_dataset(const ConstNamedTensor& tensor);

  bool exists(const std::string& path) const;
  bool is_group(const std::string& path) const;
  /// Differs between objects of the file; an object that has several names has one.
  std::uint64_t identity(const std::string& path) const;
  /// Names in a group in the order they were made (by alphabet if the file does not tell),
  /// dimensions without coordinates left out.
  std::vector<std::string> children(const std::string& group) const;
  /// The same with dimensions, and without opening what the names stand for: it lists a group whose
  /// objects are damaged.
  std::vector<std::string> links(const std::string& group) const;
  /// The first object that is a link to another file, or of a kind that only its maker can follow;
  /// empty if there is none.
  std::string link_to_another_file() const;
  /// Whether this is a dimension without coordinates.
  bool is_bare_dimension(const std::string& path) const;
  /// Whether this is a dataset of texts.
  bool is_text(const std::string& path) const;
  /// Name, dimensions, shape and type of a dataset of numbers; data is null.
  NamedTensor layout(const std::string& dataset) const;

  // --- Values -----------------------------------------------------------------------------------
  void write(const ConstNamedTensor& tensor);  ///< create_dataset, then all its rows
  /// Rows [begin, end) of the first dimension; `tensor.data` holds the whole tensor. A scalar is
  /// one row. Collective in a file opened by fill: a rank with nothing to write passes
  /// begin == end.
  void write_rows(const ConstNamedTensor& tensor, std::size_t begin, std::size_t end);
  /// Rows [begin, begin + part.shape[0]) of the dataset `part.name`; `part.data` holds these rows
  /// alone. Collective in a file opened by fill: a rank with nothing to write passes a part without
  /// rows.
  void write_part(const ConstNamedTensor& part, std::size_t begin);
  /// Fills `tensor.data` from the dataset of its name; Error (io) if shape or type differ.
  void read(const NamedTensor& tensor) const;

  // --- Attributes: T is std::string, std::int64_t, std::uint64_t or double ----------------------
  /// Makes the attribute, or gives it another value of the same type.
  template <class T>
  void set_attribute(const std::string& object, const std::string& name, const T& value);
  template <class T>
  T attribute(const std::string& object, const std::string& name) const;
  bool has_attribute(const std::string& object, const std::string& name) const;
  /// Names by alphabet.
  std::vector<std::string> attribute_names(const std::string& object) const;

 private:
  File(std::int64_t id, std::string path, bool parallel);
  void write_selected(const ConstNamedTensor& tensor, std::int64_t in_memory, std::int64_t in_file);
  void attach_dimensions(std::int64_t dataset, const ConstNamedTensor& tensor);
  std::string find_dimension(const std::string& dataset, const std::string& dimension) const;

  std::int64_t id_;  ///< hid_t; spelled out so that this header does not need <hdf5.h>
  std::string path_;
  bool parallel_;
};

}  // namespace superpose::io
