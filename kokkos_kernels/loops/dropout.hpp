#pragma once
/// Counter-based dropout: no mask is stored; backward draws the same bits again. The draw for an
/// element depends on (seed, epoch, problem, position, site, column) only, so it is the same on
/// every rank and in every packing of the batch.
///
/// Its place in a Philox counter bounds the model: 2^16 positions, 2^8 heads, 2^12 layers
/// (checked in src/config/run_config.cpp).

#include <Kokkos_Core.hpp>
#include <cstdint>

#include "core/random.hpp"
#include "core/types.hpp"

namespace superpose::kernels {

/// One row's draws. Philox blocks of 8 x 16 bits; block i of a chunk serves columns
/// i, i + 16, ..., i + 112 of its 128 columns, so that a vector loop over i fills whole registers.
struct DropoutRow {
  static constexpr int width = 16;              ///< Philox blocks drawn side by side
  static constexpr int halves = 8;              ///< 16-bit halves of the words of one block
  static constexpr int chunk = width * halves;  ///< columns they serve

  std::uint32_t key[2];
  std::uint32_t position, problem, epoch, site;
  std::uint32_t threshold;  ///< of 2^16: a draw below it is dropped
  float scale;              ///< 1 / (1 - threshold / 2^16)

  KOKKOS_FORCEINLINE_FUNCTION bool active() const { return threshold != 0; }

  /// First word of the counter of block i of a chunk.
  KOKKOS_FORCEINLINE_FUNCTION std::uint32_t counter(int chunk_index, int i) const {
    return counter_at(position, chunk_index, i);
  }
  /// The same of the row at another position.
  static KOKKOS_FORCEINLINE_FUNCTION std::uint32_t counter_at(std::uint32_t position,
                                                              int chunk_index, int i) {
    return position << 16 | static_cast<std::uint32_t>(chunk_index * width + i);
  }

  KOKKOS_FORCEINLINE_FUNCTION void draw(int chunk_index, int i, std::uint32_t& a, std::uint32_t& b,
                                        std::uint32_t& c, std::uint32_t& d) const {
    a = counter(chunk_index, i);
    draw(a, b, c, d);
  }

  /// The block whose counter's first word is a.
  KOKKOS_FORCEINLINE_FUNCTION void draw(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c,
                                        std::uint32_t& d) const {
    b = problem;
    c = epoch;
    d = site;
    std::uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; ++round) {  // Philox4x32-10; equality with Random123 is tested
      const std::uint64_t p0 = std::uint64_t{0xD2511F53} * a, p1 = std::uint64_t{0xCD9E8D57} * c;
      a = static_cast<std::uint32_t>(p1 >> 32) ^ b ^ k0;
      b = static_cast<std::uint32_t>(p1);
      c = static_cast<std::uint32_t>(p0 >> 32) ^ d ^ k1;
      d = static_cast<std::uint32_t>(p0);
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
  }

  KOKKOS_FORCEINLINE_FUNCTION float multiplier(std::uint32_t word, int half) const {
    const std::uint32_t bits = (word >> (16 * half)) & 0xffffU;
    return bits < threshold ? 0.0F : scale;
  }
};

/// Dropout at one site of the model, for all rows of a batch.
struct Dropout {
  double probability = 0;  ///< 0 in evaluation
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  std::uint32_t site = 0;  ///< below 2^16: which layer and which of its dropouts

  /// The draws of one row; `head` tells attention's heads apart.
  KOKKOS_FORCEINLINE_FUNCTION DropoutRow row(int problem, int position, int head = 0) const {
    DropoutRow result{};
    result.key[0] = static_cast<std::uint32_t>(seed);
    result.key[1] = static_cast<std::uint32_t>(seed >> 32);
    result.position = static_cast<std::uint32_t>(position);
    result.problem = static_cast<std::uint32_t>(problem);
    result.epoch = epoch;
    result.site = static_cast<std::uint32_t>(Purpose::dropout) << 24 | site << 8 |
                  static_cast<std::uint32_t>(head);
    result.threshold = static_cast<std::uint32_t>(probability * 65536.0);
    // Of the probability as drawn, so that the expectation is exactly one.
    result.scale = 65536.0F / static_cast<float>(65536U - result.threshold);
    return result;
  }
};

}  // namespace superpose::kernels
