#pragma once
/// The seal: a line of text at the end of every HDF5 file the program writes, with a checksum of
/// all bytes before it. HDF5 and its tools do not look beyond the end of their own data, and
/// HDF5 1.10 checks too little to be given damaged files: it crashes over one flipped bit in the
/// heap that holds text. So the seal is checked before HDF5 opens a file. It is also what makes a
/// file complete, and tells steps and scores of checkpoints without opening them. Layout:
/// FORMAT.md.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace superpose::io {

/// What the seal says beside the checksum; for checkpoints only.
struct Seal {
  std::int64_t step = 0;                                    ///< optimiser steps done
  double score = std::numeric_limits<double>::quiet_NaN();  ///< higher is better; NaN: not measured
};

enum class SealState {
  absent,  ///< no seal: format version 1, not complete, or cut off
  intact,  ///< the bytes are those that were written
  broken
};

inline constexpr std::size_t seal_bytes = 128;

/// Appends the seal to a file that is otherwise complete and closed. Error (io).
void append_seal(const std::string& path, const Seal& seal = {});
/// The same for a file in memory.
void append_seal(std::vector<std::byte>& contents, const Seal& seal = {});

/// What the seal says, without checking the rest; nothing if there is no readable seal.
std::optional<Seal> read_seal(const std::string& path);

/// Reads the whole file. Error (io) if it cannot be read.
SealState check_seal(const std::string& path);

}  // namespace superpose::io
