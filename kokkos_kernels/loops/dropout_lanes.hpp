#pragma once
/// Dropout's draws for the lanes of a CPU's vectors.

#include <cstring>

#include "kokkos_kernels/loops/dropout.hpp"
#if defined(__AVX2__) && !defined(__CUDACC__)
#include <immintrin.h>
#define SUPERPOSE_PHILOX_LANES
#endif

namespace superpose::kernels {

#ifdef SUPERPOSE_PHILOX_LANES
namespace detail {

#ifdef __AVX512F__
constexpr int philox_bytes = 64;
#else
constexpr int philox_bytes = 32;
#endif
/// Numbers of 32 bits in places of 64: a product needs all of them, and ignores what lies above.
typedef std::uint64_t PhiloxVector __attribute__((vector_size(philox_bytes)));

inline PhiloxVector multiply_low_halves(PhiloxVector x, PhiloxVector y) {
#ifdef __AVX512F__
  return (PhiloxVector)_mm512_maskz_mul_epu32(0xff, (__m512i)x,
                                              (__m512i)y);  // gcc warns of the plain one
#else
  return (PhiloxVector)_mm256_mul_epu32((__m256i)x, (__m256i)y);
#endif
}

/// DropoutRow::draw of the counters in the lower halves of a; what lies above is not defined.
inline void draw_low_halves(const DropoutRow& row, PhiloxVector& a, PhiloxVector& b,
                            PhiloxVector& c, PhiloxVector& d) {
  const PhiloxVector zero{}, m0 = zero + 0xD2511F53U, m1 = zero + 0xCD9E8D57U;
  b = zero + row.problem, c = zero + row.epoch, d = zero + row.site;
  std::uint32_t k0 = row.key[0], k1 = row.key[1];
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const PhiloxVector p0 = multiply_low_halves(m0, a), p1 = multiply_low_halves(m1, c);
    a = (p1 >> 32) ^ b ^ (zero + k0);
    b = p1;
    c = (p0 >> 32) ^ d ^ (zero + k1);
    d = p0;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
}

/// The same of as many counters as fill a vector: even ones and odd ones apart.
inline void draw_vector(const DropoutRow& row, const std::uint32_t* counter,
                        std::uint32_t* const (&word)[4]) {
  PhiloxVector even[4], odd[4];
  std::memcpy(&even[0], counter, sizeof even[0]);
  odd[0] = even[0] >> 32;
  draw_low_halves(row, even[0], even[1], even[2], even[3]);
  draw_low_halves(row, odd[0], odd[1], odd[2], odd[3]);
  for (int w = 0; w < 4; ++w) {
    const PhiloxVector both = (even[w] & 0xFFFFFFFFU) | (odd[w] << 32);
    std::memcpy(word[w], &both, sizeof both);
  }
}

}  // namespace detail
#endif

/// words[w][l] is word w of the block that `row` draws at counter[l].
template <int lanes>
KOKKOS_FORCEINLINE_FUNCTION void draw_lanes(const DropoutRow& row,
                                            const std::uint32_t (&counter)[lanes],
                                            std::uint32_t (&words)[4][lanes]) {
#ifdef SUPERPOSE_PHILOX_LANES
  constexpr int length = detail::philox_bytes / 4;
  if constexpr (lanes % length == 0) {
    for (int l = 0; l < lanes; l += length)
      detail::draw_vector(row, counter + l,
                          {words[0] + l, words[1] + l, words[2] + l, words[3] + l});
    return;
  }
#endif
#pragma omp simd
  for (int l = 0; l < lanes; ++l) {
    words[0][l] = counter[l];
    row.draw(words[0][l], words[1][l], words[2][l], words[3][l]);
  }
}

}  // namespace superpose::kernels
