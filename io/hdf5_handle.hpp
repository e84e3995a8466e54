#pragma once
/// Owners of HDF5 identifiers and the check of HDF5's return codes. Included by the sources of io
/// only, so that no other folder sees <hdf5.h>.

#include <hdf5.h>

#include <string>
#include <utility>

#include "core/tensor.hpp"

namespace superpose::io {

/// Owns an identifier; the type carries the function that closes it.
template <herr_t (*close_function)(hid_t)>
class Handle {
 public:
  explicit Handle(hid_t id) : id_(id) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (id_ >= 0) close_function(id_);
  }
  operator hid_t() const { return id_; }

  /// Closes now and returns HDF5's code: a dataset may write its last bytes here.
  herr_t close() { return close_function(std::exchange(id_, H5I_INVALID_HID)); }

 private:
  hid_t id_;
};

using Group = Handle<H5Gclose>;
using Object = Handle<H5Oclose>;
using Dataset = Handle<H5Dclose>;
using Dataspace = Handle<H5Sclose>;
using Datatype = Handle<H5Tclose>;
using Attribute = Handle<H5Aclose>;
using PropertyList = Handle<H5Pclose>;

/// Error (io) "cannot <action> <object> in <file> (<innermost message of HDF5>)"; without an object
/// the file is meant.
[[noreturn]] void fail_hdf5(const char* action, const std::string& object, const std::string& file);

/// Returns `code`, an identifier, size or status, unless it is negative: then fail_hdf5.
template <class Code>
Code check(Code code, const char* action, const std::string& object, const std::string& file) {
  if (code < 0) fail_hdf5(action, object, file);
  return code;
}

/// To be called before anything else of HDF5. Stops it from printing its error stack (the innermost
/// message reaches the user in an Error), from closing files as the process ends (File closes them,
/// and HDF5 1.10 crashes there over a file whose closing failed), and from following links to other
/// files.
void prepare_library();

hid_t memory_type(DType type);
hid_t stored_type(DType type);  ///< little-endian on every machine

/// The DType a stored type is read as; Error (io) if there is none.
DType dtype_of_stored(hid_t type, const std::string& object, const std::string& file);

}  // namespace superpose::io
