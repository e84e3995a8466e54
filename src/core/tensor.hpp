#pragma once
/// Named tensors: what passes between the model (which knows parameters) and io (which knows
/// files).

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace superpose {

enum class DType { f32, f64, i32, i64, u8 };
constexpr std::array<const char*, 5> names_of(DType) {
  return {"f32", "f64", "i32", "i64", "u8"};
}

constexpr std::size_t size_of(DType type) {
  switch (type) {
    case DType::f64:
    case DType::i64:
      return 8;
    case DType::u8:
      return 1;
    default:
      return 4;
  }
}

template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
  return DType::f32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::f64;
}
template <>
constexpr DType dtype_of<std::int32_t>() {
  return DType::i32;
}
template <>
constexpr DType dtype_of<std::int64_t>() {
  return DType::i64;
}
template <>
constexpr DType dtype_of<std::uint8_t>() {
  return DType::u8;
}

/// A view of row-major host memory owned by someone else, with the name and dimension names under
/// which it is stored. `dims` and `shape` have the same length; a scalar has none.
template <class Memory>
struct BasicNamedTensor {
  std::string name;               ///< e.g. "h.0.attn.c_attn.weight"
  std::vector<std::string> dims;  ///< e.g. {"n_embd", "n_qkv"}
  std::vector<std::size_t> shape;
  DType dtype = DType::f32;
  Memory* data = nullptr;  ///< host memory, size() * size_of(dtype) bytes

  std::size_t size() const {
    std::size_t n = 1;
    for (auto extent : shape) n *= extent;
    return n;
  }
  std::size_t bytes() const { return size() * size_of(dtype); }

  /// What may be written to may be read.
  template <class From = Memory, class = std::enable_if_t<!std::is_const_v<From>>>
  operator BasicNamedTensor<const From>() const {
    return {name, dims, shape, dtype, data};
  }
};
using NamedTensor = BasicNamedTensor<void>;             ///< to read into, or to write from
using ConstNamedTensor = BasicNamedTensor<const void>;  ///< to write from

}  // namespace superpose
