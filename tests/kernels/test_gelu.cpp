#include "kokkos_kernels/gelu.hpp"
#include "operand.hpp"

namespace superpose::kernels {
namespace {

constexpr double pi = 3.14159265358979323846;

/// Entries between -6 and 6: both tails and the bend between them.
HostMatrix random_input(Shape shape) {
  HostMatrix x = random_matrix(shape.n_rows, shape.n_columns, 1);
  for (double& value : x.values) value = static_cast<float>(6 * value);
  return x;
}

HostMatrix plain_gelu(HostMatrix x) {
  for (double& v : x.values)
    v = v / 2 * (1 + std::tanh(std::sqrt(2 / pi) * (v + 0.044715 * v * v * v)));
  return x;
}

template <class X>
HostMatrix run_forward(const HostMatrix& x) {
  const auto y = to_matrix<X>(x);
  gelu_forward<X>(Exec(), to_matrix<X>(x), y);
  return to_host(y);
}

template <class X>
HostMatrix run_backward(const HostMatrix& x, const HostMatrix& dy) {
  const auto dx = to_matrix<X>(HostMatrix(x.n_rows, x.n_columns, 5));
  gelu_backward<X>(Exec(), to_matrix<X>(x), to_matrix<X>(dy), dx);
  return to_host(dx);
}

template <class T>
class Gelu : public testing::Test {};
TYPED_TEST_SUITE(Gelu, FloatTypes);

template <class X>
class GeluOperand : public testing::Test {};
TYPED_TEST_SUITE(GeluOperand, OperandTypes);

TYPED_TEST(GeluOperand, ForwardEqualsTheFormula) {
  for (const auto shape : row_shapes) {
    const auto x = rounded<TypeParam>(random_input(shape));
    EXPECT_TRUE(near_operand<TypeParam>(run_forward<TypeParam>(x), plain_gelu(x), 4));
  }
}

// torch.nn.functional.gelu(torch.tensor([-3, -0.5, 0.25, 2], dtype=torch.float64),
//                          approximate="tanh")
TYPED_TEST(Gelu, ForwardEqualsPyTorch) {
  const auto expected = host_row(
      {-0.0036373920817729943, -0.15428599017485606, 0.149675350701685, 1.954597694087775});
  EXPECT_TRUE(near<TypeParam>(run_forward<TypeParam>(host_row({-3, -0.5, 0.25, 2})), expected, 4));
}

TYPED_TEST(Gelu, IsTheIdentityOrZeroFarFromTheOrigin) {
  const auto y = run_forward<TypeParam>(host_row({-12, 0, 12}));
  EXPECT_NEAR(y(0, 0), 0, 1e-30);
  EXPECT_EQ(y(0, 1), 0);
  EXPECT_EQ(y(0, 2), 12);
}

TYPED_TEST(GeluOperand, BackwardMayOverwriteItsInput) {
  for (const auto shape : row_shapes) {
    const auto x = rounded<TypeParam>(random_input(shape));
    const auto dy = rounded<TypeParam>(random_matrix(shape.n_rows, shape.n_columns, 2));
    const auto in_place = to_matrix<TypeParam>(dy);
    gelu_backward<TypeParam>(Exec(), to_matrix<TypeParam>(x), in_place, in_place);
    const auto expected = run_backward<double>(x, dy);
    EXPECT_TRUE(near_operand<TypeParam>(to_host(in_place), expected));
    EXPECT_TRUE(within(run_backward<TypeParam>(x, dy), to_host(in_place), 0));
  }
}

TEST(GeluGradient, IsTheDerivativeOfForward) {
  for (const auto shape : row_shapes) {
    auto x = random_input(shape);
    const auto dy = random_matrix(shape.n_rows, shape.n_columns, 2);
    const auto loss = [&] { return inner_product(dy, run_forward<double>(x)); };
    EXPECT_TRUE(is_gradient(run_backward<double>(x, dy), x, loss));
  }
}

}  // namespace
}  // namespace superpose::kernels
