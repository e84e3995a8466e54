#pragma once
/// What other programs can put into an HDF5 file and io::File never does.

#include <cstdint>
#include <string>

namespace superpose::fuzz {

enum class OddKind : std::uint8_t {
  soft_link,        ///< to `target`, which need not be there
  hard_link,        ///< to `target`
  huge_dataset,     ///< `extent` x `extent` numbers, never written: takes no space
  chunked_dataset,  ///< `extent` numbers, never written
  compound_dataset,
  text_dataset,
  empty_dataset,  ///< without a dataspace
  named_type,
  big_endian_dataset,
  list_attribute,  ///< three integers
  fixed_text_attribute,
  empty_attribute,   ///< without a dataspace
  narrow_attribute,  ///< a number of 32 bits
};
constexpr std::size_t n_odd_kinds = 13;

constexpr bool is_attribute(OddKind kind) {
  return kind >= OddKind::list_attribute;
}

struct OddObject {
  OddKind kind = OddKind::soft_link;
  std::string name;    ///< of the object, or of the attribute of `target`
  std::string target;  ///< a link's, an attribute's object, a dataset's dimension
  std::uint64_t extent = 0;
};

/// Makes it in the only HDF5 file that is open; in the place of what has its name. Failures are
/// ignored.
void make(const OddObject& object);

}  // namespace superpose::fuzz
