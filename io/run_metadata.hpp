#pragma once
/// Where a file comes from: root attributes of every file the program writes (FORMAT.md).

#include <cstdint>
#include <map>
#include <string>

#include "core/error.hpp"
#include "io/hdf5_file.hpp"

namespace superpose::io {

/// What a file holds and in which version of its layout.
struct FileKind {
  std::string type;          ///< e.g. "superpose_checkpoint"
  std::int64_t version = 1;  ///< this program writes it
  std::int64_t oldest = 1;   ///< the oldest version this program still reads
};

struct RunMetadata {
  std::string superpose_version;
  std::string git_hash;
  std::string command_line;
  std::string configuration;  ///< the effective configuration, TOML
  std::string hosts;          ///< names, comma between
  std::int64_t n_ranks = 1;
  std::string created;                             ///< ISO 8601, UTC
  std::map<std::string, std::string> libraries;    ///< "HDF5" -> "1.10.8"
  std::map<std::string, std::string> slurm;        ///< "SLURM_JOB_ID" -> "17"
  std::map<std::string, std::uint64_t> seeds;      ///< "train" -> 0
  std::map<std::string, std::string> data_hashes;  ///< "train" -> hash of the problem file
  /// Of the rule that made training sequences of problems (data::sequence_version). 0: not stated,
  /// by what is no training, or by a program before there were two.
  std::int64_t sequence_version = 0;
};

/// The SLURM ids in the environment: job, array job, array task, restart count.
std::map<std::string, std::string> slurm_environment();

/// The present, "2025-01-31T12:34:56Z".
std::string utc_now();

inline constexpr const char* sequence_version_attribute = "sequence_version";

/// Calls `visit(name, value)` for each attribute that states it; values are texts or integers.
template <class Visit>
void visit_attributes(const RunMetadata& metadata, const Visit& visit) {
  const auto visit_map = [&](const std::string& prefix, const auto& map) {
    for (const auto& [key, value] : map) visit(prefix + key, value);
  };
  visit("superpose_version", metadata.superpose_version);
  visit("git_hash", metadata.git_hash);
  visit("command_line", metadata.command_line);
  visit("configuration", metadata.configuration);
  visit("hosts", metadata.hosts);
  visit("n_ranks", metadata.n_ranks);
  visit("created", metadata.created);
  visit_map("library_", metadata.libraries);
  visit_map("", metadata.slurm);
  visit_map("seed_", metadata.seeds);
  visit_map("data_hash_", metadata.data_hashes);
  if (metadata.sequence_version > 0) visit(sequence_version_attribute, metadata.sequence_version);
}

void write(File& file, const FileKind& kind, const RunMetadata& metadata);
RunMetadata read_metadata(const File& file);

/// Error (code) unless the file is of this type and in a version between oldest and version.
void require_kind(const File& file, const FileKind& kind, ExitCode code);

/// From this version on files of all kinds end with a seal (seal.hpp).
inline constexpr std::int64_t first_sealed_version = 2;

/// Opens a file of this kind to read, its seal first. Error (code) if it is damaged, incomplete or
/// of another kind or version; Error (io) if it cannot be opened.
File open_checked(const std::string& path, const FileKind& kind, ExitCode code);

}  // namespace superpose::io
