#include "io/hdf5_file.hpp"

#include <fmt/format.h>
#include <hdf5_hl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/error.hpp"
#include "core/files.hpp"
#include "io/agreement.hpp"
#include "io/hdf5_handle.hpp"

namespace superpose::io {
namespace {

/// netCDF-4's mark of a dimension without coordinates; xarray shows no variable for it.
constexpr const char* no_coordinates = "This is a netCDF dimension but not a netCDF variable. ";

/// Without HDF5's locks: no file is changed under its final name, and some network file systems
/// refuse them.
PropertyList plain_access(const std::string& path) {
  PropertyList access(check(H5Pcreate(H5P_FILE_ACCESS), "set up access to", "", path));
  check(H5Pset_file_locking(access, false, true), "set up access to", "", path);
  return access;
}

/// Version 1.8 objects carry checksums of their headers and attributes without a size limit.
PropertyList file_access(const std::string& path) {
  PropertyList access = plain_access(path);
  check(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V110), "set up access to", "",
        path);
  return access;
}

/// What files, as their root group, and groups have in common: links in the order of their making,
/// no time stamps.
PropertyList group_creation(hid_t kind, const std::string& group, const std::string& path) {
  PropertyList creation(check(H5Pcreate(kind), "set up", group, path));
  check(H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED),
        "set up", group, path);
  check(H5Pset_obj_track_times(creation, false), "set up", group, path);
  return creation;
}

hid_t create_file(const std::string& name, unsigned flags, hid_t access, const std::string& path) {
  const PropertyList creation = group_creation(H5P_FILE_CREATE, "", path);
  return check(H5Fcreate(name.c_str(), flags, creation, access), "create", "", path);
}

hid_t open_file(const std::string& path, unsigned flags, hid_t access) {
  require_regular_file(path, ExitCode::io);
  return check(H5Fopen(path.c_str(), flags, access), "open", "", path);
}

/// Error (io) if the values are in other files, which no seal covers.
void require_own_values(hid_t dataset, const std::string& name, const std::string& path) {
  const PropertyList creation(check(H5Dget_create_plist(dataset), "describe", name, path));
  const bool own = H5Pget_external_count(creation) == 0 && H5Pget_layout(creation) != H5D_VIRTUAL;
  validate(own, ExitCode::io,
           "cannot read {} in {} (its values are in other files, which nothing checks); copy it by "
           "h5repack",
           name, path);
}

Dataset open_dataset(hid_t file, const std::string& name, const std::string& path) {
  Dataset dataset(check(H5Dopen2(file, name.c_str(), H5P_DEFAULT), "open dataset", name, path));
  require_own_values(dataset, name, path);
  return dataset;
}

herr_t take_foreign_link(hid_t, const char* name, const H5L_info_t* link, void* found) {
  if (link->type == H5L_TYPE_HARD || link->type == H5L_TYPE_SOFT) return 0;
  *static_cast<std::string*>(found) = name;
  return 1;
}

/// Contiguous and with its place in the file from the start, so that filling it changes nothing
/// else; never filled by HDF5 (every element is written); no time stamps: same values, same bytes.
PropertyList dataset_creation(const std::string& path) {
  PropertyList creation(check(H5Pcreate(H5P_DATASET_CREATE), "set up", "dataset", path));
  check(H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY), "set up", "dataset", path);
  check(H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER), "set up", "dataset", path);
  check(H5Pset_obj_track_times(creation, false), "set up", "dataset", path);
  return creation;
}

Dataspace dataspace(const ConstNamedTensor& tensor, const std::string& path) {
  const std::vector<hsize_t> extents(tensor.shape.begin(), tensor.shape.end());
  const hid_t id =
      extents.empty() ? H5Screate(H5S_SCALAR)
                      : H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr);
  return Dataspace(check(id, "describe", tensor.name, path));
}

void select_rows(hid_t space, const ConstNamedTensor& tensor, std::size_t begin, std::size_t end,
                 const std::string& path) {
  if (begin == end) {
    check(H5Sselect_none(space), "select nothing of", tensor.name, path);
  } else if (!tensor.shape.empty()) {
    std::vector<hsize_t> start(tensor.shape.size(), 0);
    std::vector<hsize_t> count(tensor.shape.begin(), tensor.shape.end());
    start[0] = begin;
    count[0] = end - begin;
    check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr),
          "select rows of", tensor.name, path);
  }
}

/// "a/b/c" -> "a/b", "c" -> "".
std::string parent_of(const std::string& object) {
  const auto slash = object.rfind('/');
  return slash == std::string::npos ? "" : object.substr(0, slash);
}

std::string base_of(const std::string& object) {
  return object.substr(object.rfind('/') + 1);
}

std::string scale_name(hid_t dataset) {
  const auto length = H5DSget_scale_name(dataset, nullptr, 0);
  std::string name(length > 0 ? length + 1 : 0, '\0');
  if (length > 0 && H5DSget_scale_name(dataset, name.data(), name.size()) < 0) name.clear();
  return name.c_str();  // without the end that HDF5 counts
}

/// By creation, or by name in files of other programs that do not keep the order.
H5_index_t link_order(hid_t group) {
  const PropertyList creation(H5Gget_create_plist(group));
  unsigned order = 0;
  H5Pget_link_creation_order(creation, &order);
  return (order & H5P_CRT_ORDER_TRACKED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
}

herr_t take_link(hid_t, const char* name, const H5L_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->push_back(name);
  return 0;
}

/// Of a dataset of numbers, without its dimensions.
NamedTensor shape_and_type(hid_t dataset, const std::string& name, const std::string& path) {
  const Dataspace space(check(H5Dget_space(dataset), "describe", name, path));
  const Datatype type(check(H5Dget_type(dataset), "describe", name, path));
  const int rank = check(H5Sget_simple_extent_ndims(space), "describe", name, path);
  std::vector<hsize_t> extents(rank);
  check(H5Sget_simple_extent_dims(space, extents.data(), nullptr), "describe", name, path);
  NamedTensor tensor{name, {}, {extents.begin(), extents.end()}};
  tensor.dtype = dtype_of_stored(type, name, path);
  return tensor;
}

/// Name of a scale without its groups; empty if HDF5 does not tell.
std::string name_of_scale(hid_t scale) {
  const auto name = scale_name(scale);
  if (!name.empty() && name.rfind(no_coordinates, 0) != 0) return base_of(name);
  const auto length = H5Iget_name(scale, nullptr, 0);  // slow: it looks through the whole file
  std::string path(length > 0 ? length + 1 : 0, '\0');
  if (length > 0 && H5Iget_name(scale, path.data(), path.size()) < 0) return "";
  return length > 0 ? base_of(path.substr(0, static_cast<std::size_t>(length))) : "";
}

/// The first scale of a dimension gives its name.
herr_t take_scale(hid_t, unsigned, hid_t scale, void* name) {
  auto& taken = *static_cast<std::string*>(name);
  taken = name_of_scale(scale);
  return taken.empty() ? -1 : 1;  // -1 ends the iteration, whose caller checks its code
}

}  // namespace

File::File(std::int64_t id, std::string path, bool parallel)
    : id_(id), path_(std::move(path)), parallel_(parallel) {}

File::File(File&& other) noexcept
    : id_(std::exchange(other.id_, H5I_INVALID_HID)),
      path_(std::move(other.path_)),
      parallel_(other.parallel_) {}

File::~File() {
  if (id_ >= 0) H5Fclose(id_);
}

File File::create(const std::string& path) {
  prepare_library();
  ::unlink(path.c_str());  // as create_new_file does
  return File(create_file(path, H5F_ACC_EXCL, file_access(path), path), path, false);
}

File File::in_memory(const std::string& path) {
  prepare_library();
  // Not file_access: HDF5 1.10 puts a wrong checksum into the superblock of such an image.
  const PropertyList access = plain_access(path);
  constexpr std::size_t growth = std::size_t{1} << 20;
  check(H5Pset_fapl_core(access, growth, false), "keep in memory", "", path);
  // HDF5 looks whether there is a file of that name, even for a file in memory: there can be none.
  return File(create_file("/dev/null/" + path, H5F_ACC_TRUNC, access, path), path, false);
}

File File::open(const std::string& path) {
  prepare_library();
  return File(open_file(path, H5F_ACC_RDONLY, file_access(path)), path, false);
}

bool File::is_hdf5(const std::string& path) {
  prepare_library();
  return H5Fis_hdf5(path.c_str()) > 0;
}

File File::modify(const std::string& path) {
  prepare_library();
  return File(open_file(path, H5F_ACC_RDWR, file_access(path)), path, false);
}

File File::fill(const std::string& path, const distributed::Communicator& communicator) {
  agree(communicator, [&] { require_regular_file(path, ExitCode::io); });  // on each rank its own
  std::optional<File> file;
  try {
    agree(communicator, [&] {
      prepare_library();
      const PropertyList access = file_access(path);
      check(H5Pset_fapl_mpio(access, communicator.handle(), MPI_INFO_NULL), "use MPI-IO for", "",
            path);
      file.emplace(
          File(check(H5Fopen(path.c_str(), H5F_ACC_RDWR, access), "open", "", path), path, true));
    });
  } catch (const Error&) {  // of another rank
    if (file) file->abandon();
    throw;
  }
  return std::move(*file);
}

void File::close() {
  check(H5Fclose(std::exchange(id_, H5I_INVALID_HID)), "close", "", path_);
}

void File::abandon() {
  id_ = H5I_INVALID_HID;
}

void File::flush() {
  check(H5Fflush(id_, H5F_SCOPE_GLOBAL), "flush", "", path_);
}

std::vector<std::byte> File::image() {
  flush();
  const auto size = check(H5Fget_file_image(id_, nullptr, 0), "copy", "", path_);
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  check(H5Fget_file_image(id_, bytes.data(), bytes.size()), "copy", "", path_);
  return bytes;
}

void File::create_group(const std::string& group) {
  if (group.empty() || exists(group)) return;
  create_group(parent_of(group));
  const PropertyList creation = group_creation(H5P_GROUP_CREATE, group, path_);
  Group(check(H5Gcreate2(id_, group.c_str(), H5P_DEFAULT, creation, H5P_DEFAULT), "create group",
              group, path_));
}

void File::create_dimension(const std::string& dimension, std::size_t extent) {
  // One byte an element, never written: only the extent and the name matter.
  const ConstNamedTensor scale{dimension, {}, {extent}, DType::u8, nullptr};
  create_group(parent_of(dimension));
  const Dataspace space = dataspace(scale, path_);
  const Dataset dataset(check(H5Dcreate2(id_, dimension.c_str(), stored_type(scale.dtype), space,
                                         H5P_DEFAULT, dataset_creation(path_), H5P_DEFAULT),
                              "create dimension", dimension, path_));
  const std::string name = fmt::format("{}{:10}", no_coordinates, extent);
  check(H5DSset_scale(dataset, name.c_str()), "create dimension", dimension, path_);
}

void File::write_coordinate(const ConstNamedTensor& coordinate) {
  SUPERPOSE_EXPECT(coordinate.shape.size() == 1);
  ConstNamedTensor unattached = coordinate;
  unattached.dims.clear();  // a scale is not attached to itself
  write(unattached);
  const Dataset dataset(
      check(H5Dopen2(id_, coordinate.name.c_str(), H5P_DEFAULT), "open", coordinate.name, path_));
  check(H5DSset_scale(dataset, base_of(coordinate.name).c_str()), "make a dimension of",
        coordinate.name, path_);
}

void File::create_dataset(const ConstNamedTensor& tensor) {
  create_group(parent_of(tensor.name));
  const Dataspace space = dataspace(tensor, path_);
  const Dataset dataset(check(H5Dcreate2(id_, tensor.name.c_str(), stored_type(tensor.dtype), space,
                                         H5P_DEFAULT, dataset_creation(path_), H5P_DEFAULT),
                              "create dataset", tensor.name, path_));
  attach_dimensions(dataset, tensor);
}

void File::attach_dimensions(std::int64_t dataset, const ConstNamedTensor& tensor) {
  SUPERPOSE_EXPECT(tensor.dims.empty() || tensor.dims.size() == tensor.shape.size());
  for (std::size_t i = 0; i < tensor.dims.size(); ++i) {
    const std::string scale_path = find_dimension(tensor.name, tensor.dims[i]);
    const Dataset scale(
        check(H5Dopen2(id_, scale_path.c_str(), H5P_DEFAULT), "open dimension", scale_path, path_));
    const Dataspace space(check(H5Dget_space(scale), "describe", scale_path, path_));
    SUPERPOSE_EXPECT(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)) ==
                     tensor.shape[i]);
    check(H5DSattach_scale(dataset, scale, static_cast<unsigned>(i)), "name a dimension of",
          tensor.name, path_);
  }
}

std::string File::find_dimension(const std::string& dataset, const std::string& dimension) const {
  for (std::string group = parent_of(dataset);; group = parent_of(group)) {
    const std::string candidate = group.empty() ? dimension : group + "/" + dimension;
    if (exists(candidate)) return candidate;
    if (group.empty()) break;
  }
  throw std::logic_error(fmt::format("{}: dimension {} was not created", dataset, dimension));
}

bool File::exists(const std::string& path) const {
  if (path.empty() || path == "/") return true;
  // HDF5 asks for each link on the way.
  if (!exists(parent_of(path))) return false;
  return check(H5Lexists(id_, path.c_str(), H5P_DEFAULT), "look for", path, path_) > 0;
}

bool File::is_group(const std::string& path) const {
  const Object object(check(H5Oopen(id_, path.c_str(), H5P_DEFAULT), "open", path, path_));
  return H5Iget_type(object) == H5I_GROUP;
}

std::uint64_t File::identity(const std::string& path) const {
  // The one call for this that every version of HDF5 has.
  H5G_stat_t object{};
  check(H5Gget_objinfo(id_, path.empty() ? "/" : path.c_str(), true, &object), "open", path, path_);
  return std::uint64_t{object.objno[1]} << 32 | object.objno[0];
}

std::vector<std::string> File::links(const std::string& group) const {
  const Group opened(
      check(H5Gopen2(id_, group.empty() ? "/" : group.c_str(), H5P_DEFAULT), "open", group, path_));
  std::vector<std::string> names;
  check(H5Literate(opened, link_order(opened), H5_ITER_INC, nullptr, take_link, &names), "list",
        group, path_);
  return names;
}

std::string File::link_to_another_file() const {
  std::string found;
  check(H5Lvisit(id_, H5_INDEX_NAME, H5_ITER_NATIVE, take_foreign_link, &found), "list", "", path_);
  return found;
}

bool File::is_bare_dimension(const std::string& path) const {
  const Object object(check(H5Oopen(id_, path.c_str(), H5P_DEFAULT), "open", path, path_));
  return H5Iget_type(object) == H5I_DATASET && H5DSis_scale(object) > 0 &&
         scale_name(object).rfind(no_coordinates, 0) == 0;
}

std::vector<std::string> File::children(const std::string& group) const {
  const std::string prefix = group.empty() || group == "/" ? "" : group + "/";
  std::vector<std::string> shown = links(group);
  const auto hidden = [&](const std::string& name) { return is_bare_dimension(prefix + name); };
  shown.erase(std::remove_if(shown.begin(), shown.end(), hidden), shown.end());
  return shown;
}

NamedTensor File::layout(const std::string& dataset) const {
  const Dataset opened = open_dataset(id_, dataset, path_);
  NamedTensor tensor = shape_and_type(opened, dataset, path_);
  if (H5DSis_scale(opened) > 0) {
    tensor.dims.assign(1, base_of(dataset));
    return tensor;
  }
  for (unsigned i = 0; i < tensor.shape.size(); ++i) {
    std::string name;
    check(H5DSiterate_scales(opened, i, nullptr, take_scale, &name), "describe", dataset, path_);
    tensor.dims.push_back(name);
  }
  return tensor;
}

void File::write(const ConstNamedTensor& tensor) {
  create_dataset(tensor);
  write_rows(tensor, 0, tensor.shape.empty() ? 1 : tensor.shape[0]);
}

void File::write_rows(const ConstNamedTensor& tensor, std::size_t begin, std::size_t end) {
  if (tensor.size() == 0) return;  // has no storage, which MPI-IO takes for an error
  const Dataspace space = dataspace(tensor, path_);
  select_rows(space, tensor, begin, end, path_);
  // The selection in memory is the selection in the file: `data` is the whole tensor.
  write_selected(tensor, space, space);
}

void File::write_part(const ConstNamedTensor& part, std::size_t begin) {
  NamedTensor whole = layout(part.name);
  SUPERPOSE_EXPECT(whole.shape.size() == part.shape.size() && !part.shape.empty());
  if (whole.size() == 0) return;
  const Dataspace in_file = dataspace(whole, path_), in_memory = dataspace(part, path_);
  select_rows(in_file, whole, begin, begin + part.shape[0], path_);
  if (part.shape[0] == 0) check(H5Sselect_none(in_memory), "select nothing of", part.name, path_);
  write_selected(part, in_memory, in_file);
}

void File::write_selected(const ConstNamedTensor& tensor, std::int64_t in_memory,
                          std::int64_t in_file) {
  Dataset dataset(
      check(H5Dopen2(id_, tensor.name.c_str(), H5P_DEFAULT), "open", tensor.name, path_));
  const PropertyList transfer(check(H5Pcreate(H5P_DATASET_XFER), "set up", tensor.name, path_));
  if (parallel_)
    check(H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE), "set up", tensor.name, path_);
  check(H5Dwrite(dataset, memory_type(tensor.dtype), in_memory, in_file, transfer, tensor.data),
        "write", tensor.name, path_);
  check(dataset.close(), "write", tensor.name, path_);
}

void File::read(const NamedTensor& tensor) const {
  const Dataset dataset = open_dataset(id_, tensor.name, path_);
  const NamedTensor stored = shape_and_type(dataset, tensor.name, path_);
  validate(stored.shape == tensor.shape, ExitCode::io,
           "cannot read {} in {} (its shape is [{}], wanted is [{}])", tensor.name, path_,
           fmt::join(stored.shape, ", "), fmt::join(tensor.shape, ", "));
  validate(stored.dtype == tensor.dtype, ExitCode::io,
           "cannot read {} in {} (its numbers are of another type)", tensor.name, path_);
  check(H5Dread(dataset, memory_type(tensor.dtype), H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.data),
        "read", tensor.name, path_);
}

}  // namespace superpose::io
