#include "io/run_metadata.hpp"

#include <cstdlib>
#include <ctime>

#include "core/error.hpp"
#include "core/files.hpp"
#include "io/seal.hpp"

namespace superpose::io {
namespace {

constexpr const char* root = "/";

template <class T>
std::map<std::string, T> read_map(const File& file, const std::string& prefix) {
  std::map<std::string, T> map;
  for (const auto& name : file.attribute_names(root))
    if (name.rfind(prefix, 0) == 0) map[name.substr(prefix.size())] = file.attribute<T>(root, name);
  return map;
}

}  // namespace

std::map<std::string, std::string> slurm_environment() {
  std::map<std::string, std::string> found;
  for (const char* name :
       {"SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_RESTART_COUNT"})
    if (const char* value = std::getenv(name)) found[name] = value;
  return found;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

void write(File& file, const FileKind& kind, const RunMetadata& metadata) {
  file.set_attribute(root, "file_type", kind.type);
  file.set_attribute(root, "format_version", kind.version);
  visit_attributes(metadata, [&](const std::string& name, const auto& value) {
    file.set_attribute(root, name, value);
  });
}

RunMetadata read_metadata(const File& file) {
  const auto text = [&](const char* name) { return file.attribute<std::string>(root, name); };
  RunMetadata metadata;
  metadata.superpose_version = text("superpose_version");
  metadata.git_hash = text("git_hash");
  metadata.command_line = text("command_line");
  metadata.configuration = text("configuration");
  metadata.hosts = text("hosts");
  metadata.n_ranks = file.attribute<std::int64_t>(root, "n_ranks");
  metadata.created = text("created");
  metadata.libraries = read_map<std::string>(file, "library_");
  for (const auto& [key, value] : read_map<std::string>(file, "SLURM_"))
    metadata.slurm["SLURM_" + key] = value;
  metadata.seeds = read_map<std::uint64_t>(file, "seed_");
  metadata.data_hashes = read_map<std::string>(file, "data_hash_");
  if (file.has_attribute(root, sequence_version_attribute))
    metadata.sequence_version = file.attribute<std::int64_t>(root, sequence_version_attribute);
  return metadata;
}

void require_kind(const File& file, const FileKind& kind, ExitCode code) {
  const bool typed =
      file.has_attribute(root, "file_type") && file.has_attribute(root, "format_version");
  validate(typed, code, "{} is not a {} file (it does not say what it is); give one", file.path(),
           kind.type);
  const auto type = file.attribute<std::string>(root, "file_type");
  validate(type == kind.type, code, "{} is not a {} file (it is {}); give one", file.path(),
           kind.type, type);
  const auto version = file.attribute<std::int64_t>(root, "format_version");
  validate(version <= kind.version, code,
           "cannot read {} (format version {}, this program knows up to {}); use a newer superpose",
           file.path(), version, kind.version);
  validate(version >= kind.oldest, code,
           "cannot read {} (format version {}, this program knows {} and later); use an older "
           "superpose",
           file.path(), version, kind.oldest);
}

File open_checked(const std::string& path, const FileKind& kind, ExitCode code) {
  const auto seal = check_seal(path);
  validate(seal != SealState::broken, code,
           "{} is damaged (its seal does not match: bytes have changed since it was written; "
           "superpose inspect names what they belong to)",
           path);
  validate(!is_regular_file(path) || File::is_hdf5(path), code,
           "{} is not an HDF5 file; give a {} file", path, kind.type);
  File file = File::open(path);
  require_kind(file, kind, code);
  const auto version = file.attribute<std::int64_t>(root, "format_version");
  validate(seal == SealState::intact || version < first_sealed_version, code,
           "{} has no seal (it is incomplete, or another program has changed it)", path);
  const auto link = file.link_to_another_file();
  validate(link.empty(), code,
           "{} is not whole (its object {} is in another file, which nothing checks); copy both "
           "into one file",
           path, link);
  return file;
}

}  // namespace superpose::io
