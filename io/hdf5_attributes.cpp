#include <hdf5_hl.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <type_traits>

#include "core/error.hpp"
#include "core/plain_text.hpp"
#include "io/hdf5_file.hpp"
#include "io/hdf5_handle.hpp"

namespace superpose::io {
namespace {

/// Text of any length, UTF-8: h5py gives it back as str.
Datatype text_type() {
  Datatype type(check(H5Tcopy(H5T_C_S1), "set up", "text", ""));
  check(H5Tset_size(type, H5T_VARIABLE), "set up", "text", "");
  check(H5Tset_cset(type, H5T_CSET_UTF8), "set up", "text", "");
  return type;
}

template <class T>
Datatype stored_number() {
  if constexpr (std::is_same_v<T, double>) return Datatype(H5Tcopy(H5T_IEEE_F64LE));
  if constexpr (std::is_same_v<T, std::int64_t>) return Datatype(H5Tcopy(H5T_STD_I64LE));
  if constexpr (std::is_same_v<T, std::uint64_t>) return Datatype(H5Tcopy(H5T_STD_U64LE));
}

template <class T>
hid_t native_number() {
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<T, std::int64_t>) return H5T_NATIVE_INT64;
  if constexpr (std::is_same_v<T, std::uint64_t>) return H5T_NATIVE_UINT64;
}

/// Text of fixed length, as other programs write it.
std::string read_fixed_text(hid_t attribute, hid_t stored, const std::string& label,
                            const std::string& path) {
  std::string value(H5Tget_size(stored), '\0');  // 0 if it fails: the read then says so
  check(H5Aread(attribute, stored, value.data()), "read attribute", label, path);
  return value.substr(0, value.find('\0'));
}

std::string read_text(hid_t attribute, const std::string& label, const std::string& path) {
  const Datatype stored(check(H5Aget_type(attribute), "read attribute", label, path));
  validate(H5Tget_class(stored) == H5T_STRING, ExitCode::io,
           "cannot read attribute {} in {} (it is not text)", label, path);
  if (H5Tis_variable_str(stored) <= 0) return read_fixed_text(attribute, stored, label, path);
  char* value = nullptr;
  // The stored type, not text_type(): HDF5 does not convert between character sets.
  check(H5Aread(attribute, stored, &value), "read attribute", label, path);
  const std::unique_ptr<char, void (*)(void*)> owner(value, std::free);
  return value == nullptr ? "" : value;
}

herr_t take_name(hid_t, const char* name, const H5A_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->push_back(name);
  return 0;
}

}  // namespace

template <class T>
void File::set_attribute(const std::string& object, const std::string& name, const T& value) {
  const std::string label = object + "@" + name;
  const Dataspace scalar(check(H5Screate(H5S_SCALAR), "describe", label, path_));
  const auto store = [&](hid_t stored, hid_t native, const void* data) {
    const hid_t id =
        has_attribute(object, name)
            ? H5Aopen_by_name(id_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT)
            : H5Acreate_by_name(id_, object.c_str(), name.c_str(), stored, scalar, H5P_DEFAULT,
                                H5P_DEFAULT, H5P_DEFAULT);
    const Attribute attribute(check(id, "create attribute", label, path_));
    check(H5Awrite(attribute, native, data), "write attribute", label, path_);
  };
  if constexpr (std::is_same_v<T, std::string>) {
    const Datatype type = text_type();
    const auto text = valid_utf8(value);
    const char* characters = text.c_str();
    store(type, type, &characters);
  } else {
    store(stored_number<T>(), native_number<T>(), &value);
  }
}

template <class T>
T File::attribute(const std::string& object, const std::string& name) const {
  const std::string label = object + "@" + name;
  const Attribute attribute(
      check(H5Aopen_by_name(id_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
            "open attribute", label, path_));
  const Dataspace space(check(H5Aget_space(attribute), "describe", label, path_));
  validate(H5Sget_simple_extent_npoints(space) == 1, ExitCode::io,
           "cannot read attribute {} in {} (it is not a single value)", label, path_);
  if constexpr (std::is_same_v<T, std::string>) {
    return read_text(attribute, label, path_);
  } else {
    T value{};
    check(H5Aread(attribute, native_number<T>(), &value), "read attribute", label, path_);
    return value;
  }
}

bool File::has_attribute(const std::string& object, const std::string& name) const {
  return check(H5Aexists_by_name(id_, object.c_str(), name.c_str(), H5P_DEFAULT),
               "look for attribute", object + "@" + name, path_) > 0;
}

std::vector<std::string> File::attribute_names(const std::string& object) const {
  std::vector<std::string> names;
  check(H5Aiterate_by_name(id_, object.c_str(), H5_INDEX_NAME, H5_ITER_INC, nullptr, take_name,
                           &names, H5P_DEFAULT),
        "list the attributes of", object, path_);
  std::sort(names.begin(), names.end());
  return names;
}

void File::write_labels(const std::string& dimension, const std::vector<std::string>& labels) {
  const hsize_t extent = labels.size();
  const Dataspace space(check(H5Screate_simple(1, &extent, nullptr), "describe", dimension, path_));
  const Datatype type = text_type();
  const Dataset dataset(
      check(H5Dcreate2(id_, dimension.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
            "create dataset", dimension, path_));
  std::vector<std::string> valid;
  for (const auto& label : labels) valid.push_back(valid_utf8(label));
  std::vector<const char*> texts;
  for (const auto& label : valid) texts.push_back(label.c_str());
  check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()), "write", dimension,
        path_);
  check(H5DSset_scale(dataset, dimension.substr(dimension.rfind('/') + 1).c_str()),
        "make a dimension of", dimension, path_);
}

bool File::is_text(const std::string& path) const {
  const Object object(check(H5Oopen(id_, path.c_str(), H5P_DEFAULT), "open", path, path_));
  if (H5Iget_type(object) != H5I_DATASET) return false;
  const Datatype type(check(H5Dget_type(object), "describe", path, path_));
  return H5Tget_class(type) == H5T_STRING;
}

template void File::set_attribute(const std::string&, const std::string&, const std::string&);
template void File::set_attribute(const std::string&, const std::string&, const std::int64_t&);
template void File::set_attribute(const std::string&, const std::string&, const std::uint64_t&);
template void File::set_attribute(const std::string&, const std::string&, const double&);
template std::string File::attribute(const std::string&, const std::string&) const;
template std::int64_t File::attribute(const std::string&, const std::string&) const;
template std::uint64_t File::attribute(const std::string&, const std::string&) const;
template double File::attribute(const std::string&, const std::string&) const;

}  // namespace superpose::io
