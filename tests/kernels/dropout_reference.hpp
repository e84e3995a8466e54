#pragma once
/// Dropout written straightforwardly: the multiplier of one element, from Random123 itself.

#include <Random123/philox.h>

#include "kokkos_kernels/loops/dropout.hpp"

namespace superpose::kernels {

/// Multiplier of `column` in the row (problem, position). Column c of a chunk of 128 takes 16 bits
/// number c / 16 of Philox block c % 16.
inline double dropout_multiplier(const Dropout& dropout, int problem, int position, int column,
                                 int head = 0) {
  const auto threshold = static_cast<std::uint32_t>(dropout.probability * 65536);
  if (threshold == 0) return 1;
  const std::uint32_t chunk = column / 128, block = column % 16, part = column % 128 / 16;
  const r123::Philox4x32::key_type key{
      {static_cast<std::uint32_t>(dropout.seed), static_cast<std::uint32_t>(dropout.seed >> 32)}};
  const r123::Philox4x32::ctr_type counter{
      {static_cast<std::uint32_t>(position) << 16 | (chunk * 16 + block),
       static_cast<std::uint32_t>(problem), dropout.epoch,
       static_cast<std::uint32_t>(Purpose::dropout) << 24 | dropout.site << 8 |
           static_cast<std::uint32_t>(head)}};
  const std::uint32_t word = r123::Philox4x32()(counter, key).v[part / 2];
  const std::uint32_t bits = part % 2 == 0 ? word & 0xffffU : word >> 16;
  return bits < threshold ? 0 : static_cast<float>(65536.0 / (65536.0 - threshold));
}

/// The dropout used where a kernel is tested with one: p = 0.2 is no multiple of 2^-16.
inline Dropout test_dropout() {
  return {0.2, 0x123456789abcdef0U, 7, 3};
}

}  // namespace superpose::kernels
