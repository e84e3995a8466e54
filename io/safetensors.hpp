#pragma once
/// Safetensors, the format in which Hugging Face keeps weights: 8 bytes with the length of the
/// header, little-endian; the header, a JSON object with the type, shape and place of each tensor;
/// then all values, row-major, one tensor after the other without gaps. Files come from anywhere:
/// nothing in a header is believed before it is checked.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/tensor.hpp"

namespace superpose::io {

/// A file of these tensors in their order, under their own names. `metadata` goes into the header;
/// transformers wants {"format", "pt"}. The header is filled up so that values begin at a multiple
/// of 8 bytes.
std::string to_safetensors(const std::vector<ConstNamedTensor>& tensors,
                           const std::map<std::string, std::string>& metadata);

/// A tensor of a file, as the header tells.
struct SafetensorsEntry {
  std::string name;
  std::string dtype;  ///< "F32", "BF16", "BOOL", ...
  std::vector<std::size_t> shape;
  std::size_t begin = 0;  ///< bytes from the end of the header
  std::size_t end = 0;

  std::size_t size() const;  ///< number of elements
};

/// A file in memory whose header is consistent: each key once, each tensor as many bytes as its
/// type and shape take, and all of them together exactly the bytes after the header.
class Safetensors {
 public:
  /// Error (checkpoint) if the contents are no whole safetensors file; `source` names it.
  Safetensors(std::string contents, std::string source);
  /// Error (checkpoint) if the file cannot be read, too.
  static Safetensors read(const std::string& path);

  const std::string& source() const { return source_; }
  const std::vector<SafetensorsEntry>& entries() const { return entries_; }  ///< in file order

  /// Values of a tensor in single precision; F16 and BF16 become it without rounding. Error
  /// (checkpoint) for any other type.
  std::vector<float> values(const SafetensorsEntry& entry) const;
  bool same_bytes(const SafetensorsEntry& a, const SafetensorsEntry& b) const;

  /// XXH3-64 of the whole file, 16 hexadecimal digits.
  std::string hash() const;

 private:
  std::string contents_;
  std::string source_;
  std::size_t data_ = 0;  ///< where the values begin
  std::vector<SafetensorsEntry> entries_;
};

}  // namespace superpose::io
