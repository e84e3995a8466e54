#include <cstring>

#include "kokkos_kernels/convert.hpp"
#include "operand.hpp"

namespace superpose::kernels {
namespace {

float float_of(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

bool is_nan(std::uint32_t bits) {
  return (bits & 0x7fffffffU) > 0x7f800000U;
}

/// The neighbour that is nearer to the float of these bits, the even one of two as near. The one
/// away from zero may be infinity: as a double it is one spacing further.
std::uint32_t nearest(std::uint32_t bits) {
  const std::uint32_t toward_zero = bits >> 16;
  const std::uint32_t below = bits & 0xffffU;
  if (below < 0x8000U) return toward_zero;
  if (below > 0x8000U) return toward_zero + 1;
  return toward_zero + toward_zero % 2;
}

/// Each bfloat16, and the floats a little and about half way above it.
std::vector<std::uint32_t> floats_around_all_bfloat16() {
  std::vector<std::uint32_t> result;
  for (std::uint32_t high = 0; high < 0x10000U; ++high)
    for (const std::uint32_t low : {0U, 1U, 0x7fffU, 0x8000U, 0x8001U, 0xffffU})
      result.push_back(high << 16 | low);
  return result;
}

TEST(ConvertToBfloat16, RoundsToNearestTiesToEven) {
  const auto bits = floats_around_all_bfloat16();
  const int n = static_cast<int>(bits.size());
  const Matrix<float> from("test_from", 1, n);
  const Matrix<bfloat16> to("test_to", 1, n);
  const auto from_host = Kokkos::create_mirror_view(from);
  std::memcpy(from_host.data(), bits.data(), n * sizeof(float));  // as bits: some signal
  Kokkos::deep_copy(from, from_host);
  convert<bfloat16>(Exec(), from, to);
  const auto to_host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), to);
  for (int i = 0; i < n; ++i) {
    const std::uint32_t actual = to_host(0, i).bits;
    if (is_nan(bits[i])) {
      ASSERT_TRUE(is_nan(actual << 16)) << std::hex << bits[i];
    } else {
      ASSERT_EQ(actual, nearest(bits[i])) << std::hex << bits[i];
    }
  }
}

TEST(ConvertToBfloat16, IsExactBack) {
  for (std::uint32_t high = 0; high < 0x10000U; ++high) {
    if (is_nan(high << 16)) continue;
    bfloat16 x;
    x.bits = static_cast<std::uint16_t>(high);
    ASSERT_EQ(static_cast<float>(x), float_of(high << 16)) << std::hex << high;
  }
}

template <class X>
class Convert : public testing::Test {};
TYPED_TEST_SUITE(Convert, OperandTypes);

TYPED_TEST(Convert, EqualsThePlainLoop) {
  for (const auto [R, N] : row_shapes) {
    const auto from = random_matrix(R, N, 1);
    const auto to = to_matrix<TypeParam>(HostMatrix(R, N, 5));
    convert<TypeParam>(Exec(), to_matrix<Real<TypeParam>>(from), to);
    EXPECT_TRUE(within(to_host(to), rounded<TypeParam>(from), 0)) << R << "x" << N;
  }
}

TYPED_TEST(Convert, TakesPartsOfLongerRows) {
  const auto from = random_matrix(5, 70, 1);
  HostMatrix expected(6, 50, 5);
  const auto to = to_matrix<TypeParam>(expected);
  const auto source = to_matrix<Real<TypeParam>>(from);
  convert<TypeParam>(Exec(), rows(columns(source, {20, 53}), {1, 4}),
                     rows(columns(to, {2, 35}), {3, 6}));
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 33; ++c) expected(3 + r, 2 + c) = from(1 + r, 20 + c);
  EXPECT_TRUE(within(to_host(to), rounded<TypeParam>(expected), 0));
}

}  // namespace
}  // namespace superpose::kernels
