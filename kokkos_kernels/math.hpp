#pragma once
/// Elementary functions for kernels, free of branches so that row loops vectorise.

#include <Kokkos_Core.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace superpose::kernels {

/// e^x. float: 1.5 ulp over [-87, 88], clamped outside; double: the library's.
KOKKOS_FORCEINLINE_FUNCTION float exponential(float x) {
  x = x < -87.0F ? -87.0F : x;
  x = x > 88.0F ? 88.0F : x;
  const float n = ::rintf(x * 1.44269504088896341F);
  float r = ::fmaf(n, -0.693359375F, x);  // ln 2 in two parts (Cody and Waite)
  r = ::fmaf(n, 2.12194440e-4F, r);
  float p = 1.9875691500e-4F;  // minimax for e^r on [-ln2/2, ln2/2] (Cephes expf)
  p = ::fmaf(p, r, 1.3981999507e-3F);
  p = ::fmaf(p, r, 8.3334519073e-3F);
  p = ::fmaf(p, r, 4.1665795894e-2F);
  p = ::fmaf(p, r, 1.6666665459e-1F);
  p = ::fmaf(p, r, 5.0000001201e-1F);
  p = ::fmaf(p, r * r, r + 1.0F);
  const std::int32_t bits = (static_cast<std::int32_t>(n) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return p * power;
}

KOKKOS_FORCEINLINE_FUNCTION double exponential(double x) {
  return ::exp(x);
}

// Not ::sqrt and ::log: for a float these may be the C library's, in double.
KOKKOS_FORCEINLINE_FUNCTION float square_root(float x) {
  return ::sqrtf(x);
}
KOKKOS_FORCEINLINE_FUNCTION double square_root(double x) {
  return ::sqrt(x);
}
KOKKOS_FORCEINLINE_FUNCTION float logarithm(float x) {
  return ::logf(x);
}
KOKKOS_FORCEINLINE_FUNCTION double logarithm(double x) {
  return ::log(x);
}

/// 1 / (1 + e^-x)
template <class T>
KOKKOS_FORCEINLINE_FUNCTION T logistic(T x) {
  return T(1) / (T(1) + exponential(-x));
}

}  // namespace superpose::kernels
