#pragma once
/// What writing and reading a checkpoint have in common. Internal to io.

#include <xxhash.h>

#include <cstdint>
#include <map>
#include <string>

#include "core/tensor.hpp"
#include "io/hdf5_file.hpp"
#include "io/run_metadata.hpp"

namespace superpose::io::checkpoint_layout {

inline const FileKind kind{"superpose_checkpoint", 3, 1};
inline constexpr const char* name_prefix = "checkpoint_";
inline constexpr const char* checksum_attribute = "xxh3_64";
/// In version 1, which had no seal: 1 once all values are on disk.
inline constexpr const char* complete_attribute = "complete";

/// XXH3, 64 bits, of a tensor's bytes in row-major order.
inline std::uint64_t checksum(const ConstNamedTensor& tensor) {
  return XXH3_64bits(tensor.data, tensor.bytes());
}

/// "checkpoint_", digits, then `ending`.
bool is_name(const std::string& file_name, const std::string& ending);

/// Once a seal has been found where the version asks for one.
inline bool is_complete(const File& file) {
  if (file.attribute<std::int64_t>("/", "format_version") >= first_sealed_version) return true;
  return file.has_attribute("/", complete_attribute) &&
         file.attribute<std::int64_t>("/", complete_attribute) == 1;
}

/// The attributes of a group, "counters" or "values", by name.
template <class T>
std::map<std::string, T> read_group(const File& file, const std::string& group) {
  std::map<std::string, T> values;
  for (const auto& name : file.attribute_names(group))
    values[name] = file.attribute<T>(group, name);
  return values;
}

/// Error (checkpoint) if weights among the parameters are not finite: no training leaves such.
void require_finite(const NamedTensor& tensor, const std::string& file);

/// Error (checkpoint) if a training cannot have counted so.
void require_possible(std::int64_t step, const std::map<std::string, std::int64_t>& counters,
                      const std::string& file);

}  // namespace superpose::io::checkpoint_layout
