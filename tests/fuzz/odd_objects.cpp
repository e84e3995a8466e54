#include "tests/fuzz/odd_objects.hpp"

#include <hdf5.h>
#include <hdf5_hl.h>

#include <array>

#include "io/hdf5_handle.hpp"

namespace superpose::fuzz {
namespace {

using io::Attribute;
using io::Dataset;
using io::Dataspace;
using io::Datatype;
using io::PropertyList;

/// io::File keeps its identifier to itself; HDF5 tells it.
hid_t open_file() {
  hid_t file = H5I_INVALID_HID;
  H5Fget_obj_ids(H5F_OBJ_ALL, H5F_OBJ_FILE, 1, &file);
  return file;
}

/// A dataset that is its own scale, and has another dimension's name if that dimension is there.
void make_dataset(hid_t file, const OddObject& object, hid_t type, hid_t space,
                  hid_t creation = H5P_DEFAULT) {
  const Dataset dataset(
      H5Dcreate2(file, object.name.c_str(), type, space, H5P_DEFAULT, creation, H5P_DEFAULT));
  const Dataset scale(H5Dopen2(file, object.target.c_str(), H5P_DEFAULT));
  if (scale >= 0) {
    H5DSattach_scale(dataset, scale, 0);
  } else {
    H5DSset_scale(dataset, object.name.c_str());
  }
}

void make_huge(hid_t file, const OddObject& object) {
  const std::array<hsize_t, 2> extents{object.extent, object.extent};
  const int rank = object.extent % 2 == 0 ? 1 : 2;
  const Dataspace space(H5Screate_simple(rank, extents.data(), nullptr));
  make_dataset(file, object, object.extent % 3 == 0 ? H5T_IEEE_F64LE : H5T_STD_I64LE, space);
}

void make_chunked(hid_t file, const OddObject& object) {
  const hsize_t extent = object.extent, chunk = 4, any = H5S_UNLIMITED;
  const Dataspace space(H5Screate_simple(1, &extent, &any));
  const PropertyList creation(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_chunk(creation, 1, &chunk);
  make_dataset(file, object, object.extent % 3 == 0 ? H5T_IEEE_F64LE : H5T_STD_I64LE, space,
               creation);
}

void make_compound(hid_t file, const OddObject& object) {
  const Datatype type(H5Tcreate(H5T_COMPOUND, 16));
  H5Tinsert(type, "a", 0, H5T_STD_I64LE);
  H5Tinsert(type, "b", 8, H5T_IEEE_F64LE);
  make_dataset(file, object, type, Dataspace(H5Screate(H5S_SCALAR)));
}

void make_text(hid_t file, const OddObject& object) {
  const Datatype type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type, H5T_VARIABLE);
  make_dataset(file, object, type, Dataspace(H5Screate(H5S_SCALAR)));
}

void make_named_type(hid_t file, const OddObject& object) {
  const Datatype type(H5Tcopy(H5T_STD_I64LE));
  H5Tcommit2(file, object.name.c_str(), type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
}

void make_attribute(hid_t file, const OddObject& object, hid_t type, hid_t space) {
  // The library would follow what these hold as addresses.
  if (object.name == "DIMENSION_LIST" || object.name == "REFERENCE_LIST") return;
  H5Adelete_by_name(file, object.target.c_str(), object.name.c_str(), H5P_DEFAULT);
  const Attribute attribute(H5Acreate_by_name(file, object.target.c_str(), object.name.c_str(),
                                              type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  constexpr std::array<std::int64_t, 3> bytes{0x4141414141414141, -1, 3};
  if (attribute >= 0) H5Awrite(attribute, type, bytes.data());
}

void make_list_attribute(hid_t file, const OddObject& object) {
  const hsize_t three = 3;
  make_attribute(file, object, H5T_STD_I64LE, Dataspace(H5Screate_simple(1, &three, nullptr)));
}

void make_fixed_text_attribute(hid_t file, const OddObject& object) {
  const Datatype type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type, 1 + object.extent % 24);
  H5Tset_strpad(type, H5T_STR_SPACEPAD);
  make_attribute(file, object, type, Dataspace(H5Screate(H5S_SCALAR)));
}

void make_in(hid_t file, const OddObject& object) {
  const Dataspace scalar(H5Screate(H5S_SCALAR)), none(H5Screate(H5S_NULL));
  const char* name = object.name.c_str();
  const char* target = object.target.c_str();
  switch (object.kind) {
    case OddKind::soft_link:
      H5Lcreate_soft(target, file, name, H5P_DEFAULT, H5P_DEFAULT);
      return;
    case OddKind::hard_link:
      H5Lcreate_hard(file, target, file, name, H5P_DEFAULT, H5P_DEFAULT);
      return;
    case OddKind::huge_dataset:
      return make_huge(file, object);
    case OddKind::chunked_dataset:
      return make_chunked(file, object);
    case OddKind::compound_dataset:
      return make_compound(file, object);
    case OddKind::text_dataset:
      return make_text(file, object);
    case OddKind::empty_dataset:
      return make_dataset(file, object, H5T_STD_I64LE, none);
    case OddKind::named_type:
      return make_named_type(file, object);
    case OddKind::big_endian_dataset:
      return make_dataset(file, object, H5T_STD_I64BE, scalar);
    case OddKind::list_attribute:
      return make_list_attribute(file, object);
    case OddKind::fixed_text_attribute:
      return make_fixed_text_attribute(file, object);
    case OddKind::empty_attribute:
      return make_attribute(file, object, H5T_STD_I64LE, none);
    case OddKind::narrow_attribute:
      return make_attribute(file, object, H5T_STD_I32LE, scalar);
  }
}

}  // namespace

void make(const OddObject& object) {
  const hid_t file = open_file();
  if (file < 0) return;
  if (!is_attribute(object.kind)) H5Ldelete(file, object.name.c_str(), H5P_DEFAULT);
  make_in(file, object);
}

}  // namespace superpose::fuzz
