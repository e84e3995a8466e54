#include "io/hdf5_handle.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace superpose::io {
namespace {

/// Upward the walk starts where the error arose.
herr_t take_innermost(unsigned level, const H5E_error2_t* entry, void* text) {
  if (level == 0 && entry->desc != nullptr) *static_cast<std::string*>(text) = entry->desc;
  return 0;
}

}  // namespace

void fail_hdf5(const char* action, const std::string& object, const std::string& file) {
  std::string reason;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_innermost, &reason);
  if (reason.empty()) reason = "HDF5 gives no reason";
  if (reason.rfind("truncated file", 0) == 0)  // not HDF5's own terms
    reason = "it is cut off: its writing or copying did not end; copy it again, or take another";
  std::replace(reason.begin(), reason.end(), '\n', ' ');  // HDF5 puts dates with line ends in
  if (object.empty()) fail(ExitCode::io, "cannot {} {} ({})", action, file, reason);
  fail(ExitCode::io, "cannot {} {} in {} ({})", action, object, file, reason);
}

void prepare_library() {
  H5dont_atexit();  // fails, harmlessly, from the second call on
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  // No seal covers another file: links to one lead nowhere. Fails, harmlessly, from the second call
  // on.
  H5Lunregister(H5L_TYPE_EXTERNAL);
}

hid_t memory_type(DType type) {
  switch (type) {
    case DType::f32:
      return H5T_NATIVE_FLOAT;
    case DType::f64:
      return H5T_NATIVE_DOUBLE;
    case DType::i32:
      return H5T_NATIVE_INT32;
    case DType::i64:
      return H5T_NATIVE_INT64;
    case DType::u8:
      return H5T_NATIVE_UINT8;
  }
  return H5I_INVALID_HID;
}

hid_t stored_type(DType type) {
  switch (type) {
    case DType::f32:
      return H5T_IEEE_F32LE;
    case DType::f64:
      return H5T_IEEE_F64LE;
    case DType::i32:
      return H5T_STD_I32LE;
    case DType::i64:
      return H5T_STD_I64LE;
    case DType::u8:
      return H5T_STD_U8LE;
  }
  return H5I_INVALID_HID;
}

DType dtype_of_stored(hid_t type, const std::string& object, const std::string& file) {
  for (const DType candidate : {DType::f32, DType::f64, DType::i32, DType::i64, DType::u8})
    if (H5Tequal(type, stored_type(candidate)) > 0) return candidate;
  fail(ExitCode::io, "cannot read {} in {} (its type is none of f32, f64, i32, i64, u8)", object,
       file);
}

}  // namespace superpose::io
