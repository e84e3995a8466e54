#include "io/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/enum_names.hpp"
#include "core/error.hpp"
#include "core/files.hpp"
#include "core/text_hash.hpp"
#include "io/foreign_file.hpp"
#include "io/json_file.hpp"

namespace superpose::io {
namespace {

using nlohmann::json;

constexpr const char* metadata_key = "__metadata__";
constexpr std::size_t length_bytes = 8;
// A model of 4,096 layers, the most that can be configured, has a header of some 5 MB. Parsed, JSON
// takes many times the memory of its text.
constexpr std::uint64_t most_header_bytes = std::uint64_t{1} << 24;
constexpr int header_depth = 3;  // header, tensor, shape

struct TypeInfo {
  const char* name;
  std::size_t bytes;
};
constexpr TypeInfo types[] = {{"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F64", 8},     {"I64", 8},
                              {"I32", 4}, {"I16", 2}, {"I8", 1},   {"U64", 8},     {"U32", 4},
                              {"U16", 2}, {"U8", 1},  {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};

const char* type_name(DType type) {
  constexpr const char* names[] = {"F32", "F64", "I32", "I64", "U8"};  // in the order of DType
  return names[index_of(type)];
}

/// Error (checkpoint) that the file is unusable for this reason.
template <class... Args>
void require(bool holds, const std::string& source, fmt::format_string<Args...> format,
             Args&&... args) {
  if (!holds)
    fail(ExitCode::checkpoint, "{} is no usable safetensors file ({})", source,
         fmt::format(format, std::forward<Args>(args)...));
}

/// A number of the header: 64 bits at most, not negative.
std::optional<std::size_t> count_in(const json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  return value.get<std::size_t>();
}

std::optional<std::vector<std::size_t>> counts_in(const json& value) {
  if (!value.is_array()) return std::nullopt;
  std::vector<std::size_t> counts;
  for (const auto& element : value) {
    const auto count = count_in(element);
    if (!count) return std::nullopt;
    counts.push_back(*count);
  }
  return counts;
}

/// Bytes of a tensor; none if 64 bits cannot count them.
std::optional<std::size_t> bytes_of(std::size_t element_bytes,
                                    const std::vector<std::size_t>& shape) {
  std::size_t bytes = element_bytes;
  for (const auto extent : shape)
    if (__builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
  return bytes;
}

/// The member of an object; null if there is none.
json member(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? json() : *found;
}

SafetensorsEntry entry_of(const std::string& name, const json& value, const std::string& source) {
  require(value.is_object(), source, "tensor {} is no object", name);
  const auto dtype = member(value, "dtype");
  const auto shape = counts_in(member(value, "shape"));
  const auto place = counts_in(member(value, "data_offsets"));
  require(dtype.is_string(), source, "tensor {} has no dtype", name);
  require(shape.has_value(), source, "the shape of tensor {} is no list of sizes", name);
  require(place && place->size() == 2, source, "the data_offsets of tensor {} are not two places",
          name);
  SafetensorsEntry entry{name, dtype.get<std::string>(), *shape, place->at(0), place->at(1)};
  const auto* type = std::find_if(std::begin(types), std::end(types),
                                  [&](const auto& info) { return entry.dtype == info.name; });
  require(type != std::end(types), source, "tensor {} has the unknown dtype {}", name, entry.dtype);
  const auto bytes = bytes_of(type->bytes, entry.shape);
  require(bytes.has_value(), source, "the shape of tensor {} has more elements than can be counted",
          name);
  require(entry.begin <= entry.end && entry.end - entry.begin == *bytes, source,
          "tensor {} of shape [{}] and dtype {} takes {} bytes, not those from {} to {}", name,
          fmt::join(entry.shape, ", "), entry.dtype, *bytes, entry.begin, entry.end);
  return entry;
}

void check_metadata(const json& value, const std::string& source) {
  const bool texts = value.is_object() && std::all_of(value.begin(), value.end(),
                                                      [](const auto& v) { return v.is_string(); });
  require(texts, source, "{} is no object of texts", metadata_key);
}

/// One after the other without gaps, from 0 to the end of the data.
void require_all_bytes(const std::vector<SafetensorsEntry>& entries, std::size_t data_bytes,
                       const std::string& source) {
  std::size_t end = 0;
  const std::string* before = nullptr;
  for (const auto& entry : entries) {
    require(entry.begin >= end, source, "tensors {} and {} overlap", before ? *before : "",
            entry.name);
    require(entry.begin == end, source, "no tensor has the bytes from {} to {}", end, entry.begin);
    end = entry.end;
    before = &entry.name;
  }
  require(end <= data_bytes, source, "it ends {} bytes early: it is truncated", end - data_bytes);
  require(end == data_bytes, source, "{} bytes follow the last tensor", data_bytes - end);
}

/// The length of the header that the file tells.
std::size_t header_length(const std::string& contents, const std::string& source) {
  require(contents.size() >= length_bytes, source, "it has {} bytes, fewer than its length takes",
          contents.size());
  std::uint64_t length = 0;
  std::memcpy(&length, contents.data(), length_bytes);
  require(length <= most_header_bytes, source, "it tells of a header of {} bytes, more than {}",
          length, most_header_bytes);
  require(length <= contents.size() - length_bytes, source,
          "its header of {} bytes is truncated to {}", length, contents.size() - length_bytes);
  return length;
}

float from_half(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16U, fraction = half & 0x3ffU;
  const std::uint32_t exponent = (half >> 10U) & 0x1fU;
  constexpr std::uint32_t infinite = 31, bias = 127 - 15;
  if (exponent == 0) {  // subnormal: a multiple of 2^-24
    const float value = static_cast<float>(fraction) * 0x1p-24F;
    return sign == 0 ? value : -value;
  }
  const std::uint32_t wide = exponent == infinite ? 255 : exponent + bias;
  const std::uint32_t bits = sign | (wide << 23U) | (fraction << 13U);
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

float from_bfloat16(std::uint16_t upper) {
  const std::uint32_t bits = std::uint32_t{upper} << 16U;
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

std::vector<float> widened(const char* data, std::size_t size, float (*widen)(std::uint16_t)) {
  std::vector<float> values(size);
  for (std::size_t i = 0; i < size; ++i) {
    std::uint16_t narrow = 0;
    std::memcpy(&narrow, data + i * sizeof narrow, sizeof narrow);
    values[i] = widen(narrow);
  }
  return values;
}

}  // namespace

std::size_t SafetensorsEntry::size() const {
  std::size_t n = 1;
  for (const auto extent : shape) n *= extent;
  return n;
}

std::string to_safetensors(const std::vector<ConstNamedTensor>& tensors,
                           const std::map<std::string, std::string>& metadata) {
  Json header{{metadata_key, metadata}};
  std::size_t end = 0;
  for (const auto& tensor : tensors) {
    header[tensor.name] = {{"dtype", type_name(tensor.dtype)},
                           {"shape", tensor.shape},
                           {"data_offsets", {end, end + tensor.bytes()}}};
    end += tensor.bytes();
  }
  std::string text = header.dump();
  text.append((length_bytes - text.size() % length_bytes) % length_bytes, ' ');
  const std::uint64_t length = text.size();
  std::string contents(reinterpret_cast<const char*>(&length), length_bytes);
  contents.reserve(length_bytes + text.size() + end);
  contents += text;
  for (const auto& tensor : tensors)
    contents.append(static_cast<const char*>(tensor.data), tensor.bytes());
  return contents;
}

Safetensors::Safetensors(std::string contents, std::string source)
    : contents_(std::move(contents)), source_(std::move(source)) {
  const auto length = header_length(contents_, source_);
  data_ = length_bytes + length;
  const std::string_view text = std::string_view(contents_).substr(length_bytes, length);
  require(!text.empty() && text.front() == '{', source_, "its header is no JSON object");
  const auto header = parse_foreign_json(text, fmt::format("the header of {}", source_),
                                         header_depth, ExitCode::checkpoint);
  for (const auto& [name, value] : header.items()) {
    if (name == metadata_key)
      check_metadata(value, source_);
    else
      entries_.push_back(entry_of(name, value, source_));
  }
  std::sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  require_all_bytes(entries_, contents_.size() - data_, source_);
}

Safetensors Safetensors::read(const std::string& path) {
  return {read_whole_file(path, ExitCode::checkpoint), path};
}

std::vector<float> Safetensors::values(const SafetensorsEntry& entry) const {
  const char* data = contents_.data() + data_ + entry.begin;
  if (entry.dtype == "F16") return widened(data, entry.size(), from_half);
  if (entry.dtype == "BF16") return widened(data, entry.size(), from_bfloat16);
  validate(entry.dtype == "F32", ExitCode::checkpoint,
           "{}: tensor {} is {} (weights are F32, or F16 or BF16, which become it without "
           "rounding); convert it first",
           source_, entry.name, entry.dtype);
  std::vector<float> values(entry.size());
  if (!values.empty()) std::memcpy(values.data(), data, entry.end - entry.begin);
  return values;
}

bool Safetensors::same_bytes(const SafetensorsEntry& a, const SafetensorsEntry& b) const {
  return std::string_view(contents_).substr(data_ + a.begin, a.end - a.begin) ==
         std::string_view(contents_).substr(data_ + b.begin, b.end - b.begin);
}

std::string Safetensors::hash() const {
  return text_hash(contents_);
}

}  // namespace superpose::io
