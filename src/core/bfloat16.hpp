#pragma once
/// bfloat16 for storage: the upper half of a float, 8 significant bits. Arithmetic is done in
/// float; Kokkos' own bhalf_t takes four bytes in CPU builds.

#include <Kokkos_Core.hpp>
#include <cstdint>
#include <cstring>

namespace superpose {

struct bfloat16 {
  std::uint16_t bits;

  bfloat16() = default;

  /// Rounds to nearest, ties to even, as the matrix libraries and PyTorch do; NaN stays NaN.
  KOKKOS_FORCEINLINE_FUNCTION explicit bfloat16(float value) {
    std::uint32_t word;
    memcpy(&word, &value, sizeof word);
    const std::uint32_t rounded = (word + 0x7fffU + (word >> 16 & 1U)) >> 16;
    const bool is_nan = (word & 0x7fffffffU) > 0x7f800000U;  // rounding up could make it infinite
    bits = static_cast<std::uint16_t>(is_nan ? 0x7fc0U : rounded);
  }

  KOKKOS_FORCEINLINE_FUNCTION operator float() const {
    const std::uint32_t word = static_cast<std::uint32_t>(bits) << 16;
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
  }
};
static_assert(sizeof(bfloat16) == 2, "tensors of bfloat16 are handed to matrix libraries");

namespace detail {
template <class X>
struct RealOf {
  using type = X;
};
template <>
struct RealOf<bfloat16> {
  using type = float;
};
}  // namespace detail

/// What sums, softmax, norms and weights are held in where the operands of matrix products are X:
/// float for bfloat16, X itself otherwise.
template <class X>
using Real = typename detail::RealOf<X>::type;

}  // namespace superpose
