#include "kokkos_kernels/layer_norm.hpp"
#include "operand.hpp"

namespace superpose::kernels {
namespace {

constexpr double epsilon = 1e-5;

struct Input {
  HostMatrix x, weight, bias;
};

Input random_input(Shape shape) {
  return {random_matrix(shape.n_rows, shape.n_columns, 1), random_matrix(1, shape.n_columns, 2),
          random_matrix(1, shape.n_columns, 3)};
}

struct Result {
  HostMatrix y, mean, rstd;
};

Result plain_forward(const Input& in) {
  const int n = in.x.n_columns;
  Result out{in.x, HostMatrix(1, in.x.n_rows), HostMatrix(1, in.x.n_rows)};
  for (int r = 0; r < in.x.n_rows; ++r) {
    double mean = 0, variance = 0;
    for (int c = 0; c < n; ++c) mean += in.x(r, c) / n;
    for (int c = 0; c < n; ++c) variance += (in.x(r, c) - mean) * (in.x(r, c) - mean) / n;
    const double rstd = 1 / std::sqrt(variance + epsilon);
    for (int c = 0; c < n; ++c)
      out.y(r, c) = (in.x(r, c) - mean) * rstd * in.weight(0, c) + in.bias(0, c);
    out.mean(0, r) = mean;
    out.rstd(0, r) = rstd;
  }
  return out;
}

template <class X>
Result run_forward(const Input& in) {
  using T = Real<X>;
  const auto y = to_matrix<X>(in.x);
  const LayerNorm<T> norm{to_vector<T>(in.weight), to_vector<T>(in.bias),
                          Vector<T>("test_mean", in.x.n_rows), Vector<T>("test_rstd", in.x.n_rows),
                          epsilon};
  layer_norm_forward<X>(Exec(), to_matrix<T>(in.x), norm, y);
  return {to_host(y), to_host(norm.mean), to_host(norm.rstd)};
}

struct Gradient {
  HostMatrix x, weight, bias;
};

Gradient zero_gradient(const Input& in) {
  const int n = in.x.n_columns;
  return {HostMatrix(in.x.n_rows, n), HostMatrix(1, n), HostMatrix(1, n)};
}

/// `n_sums`: of blocks of rows, that there is scratch for.
template <class T>
Gradient run_backward(const Input& in, const HostMatrix& dy, const Gradient& before,
                      int n_sums = 0) {
  const Result forward = plain_forward(in);
  const auto dx = to_matrix<T>(before.x);
  const LayerNorm<T> norm{to_vector<T>(in.weight), to_vector<T>(in.bias),
                          to_vector<T>(forward.mean), to_vector<T>(forward.rstd), epsilon};
  const LayerNormGradient<T> dnorm{to_vector<T>(before.weight), to_vector<T>(before.bias),
                                   Vector<T>("test_scratch", 2 * n_sums * in.x.n_columns)};
  layer_norm_backward<T>(Exec(), to_matrix<T>(dy), to_matrix<T>(in.x), norm, dx, dnorm);
  return {to_host(dx), to_host(dnorm.weight), to_host(dnorm.bias)};
}

template <class T>
class LayerNormFloats : public testing::Test {};
TYPED_TEST_SUITE(LayerNormFloats, FloatTypes);

template <class X>
class LayerNormOperand : public testing::Test {};
TYPED_TEST_SUITE(LayerNormOperand, OperandTypes);

TYPED_TEST(LayerNormOperand, ForwardEqualsThePlainLoop) {
  for (const auto shape : row_shapes) {
    const Input in = random_input(shape);
    const Result expected = plain_forward(in), actual = run_forward<TypeParam>(in);
    EXPECT_TRUE(near_operand<TypeParam>(actual.y, expected.y))
        << shape.n_rows << "x" << shape.n_columns;
    EXPECT_TRUE(near<Real<TypeParam>>(actual.mean, expected.mean));
    EXPECT_TRUE(near<Real<TypeParam>>(actual.rstd, expected.rstd));
  }
}

TYPED_TEST(LayerNormFloats, ConstantRowGivesTheBias) {
  const Input in{HostMatrix(2, 96, 0.5), random_matrix(1, 96, 2), random_matrix(1, 96, 3)};
  const Result actual = run_forward<TypeParam>(in);
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 96; ++c) EXPECT_EQ(actual.y(r, c), in.bias(0, c)) << r << "," << c;
}

TEST(LayerNormFloat, KeepsItsDigitsUnderALargeMean) {
  Input in = random_input({3, 128});
  for (double& value : in.x.values) value = static_cast<float>(value + 1000);
  // The mean of squares minus the square of the mean would be off by a tenth here.
  EXPECT_TRUE(within(run_forward<float>(in).y, plain_forward(in).y, 1e-3));
}

TYPED_TEST(LayerNormFloats, BackwardAddsToAllGradients) {
  for (const auto shape : row_shapes) {
    const Input in = random_input(shape);
    const auto dy = random_matrix(shape.n_rows, shape.n_columns, 4);
    const Gradient before{random_matrix(shape.n_rows, shape.n_columns, 5),
                          random_matrix(1, shape.n_columns, 6),
                          random_matrix(1, shape.n_columns, 7)};
    const Gradient alone = run_backward<double>(in, dy, zero_gradient(in));
    const Gradient added = run_backward<TypeParam>(in, dy, before);
    // dx is rstd times a difference: its rounding errors are those of the terms, times rstd.
    const double rounding =
        std::numeric_limits<TypeParam>::epsilon() * largest_magnitude(plain_forward(in).rstd);
    EXPECT_TRUE(within(added.x, sum(before.x, alone.x), 8 * rounding));
    EXPECT_TRUE(near<TypeParam>(added.weight, sum(before.weight, alone.weight)));
    EXPECT_TRUE(near<TypeParam>(added.bias, sum(before.bias, alone.bias)));
  }
}

TYPED_TEST(LayerNormFloats, BackwardAddsRowsInOrder) {
  const Input in = random_input({21, 130});
  const auto dy = random_matrix(21, 130, 4);
  const Gradient actual = run_backward<TypeParam>(in, dy, zero_gradient(in));
  for (int c = 0; c < 130; ++c) {
    TypeParam sum = 0;
    for (int r = 0; r < 21; ++r) sum += static_cast<TypeParam>(dy(r, c));
    EXPECT_EQ(actual.bias(0, c), sum) << c;
  }
}

TYPED_TEST(LayerNormFloats, WeightGradientsOfManyRowsMayPassThroughScratch) {
  for (const auto shape : {Shape{128, 5}, Shape{129, 130}, Shape{5000, 33}}) {
    const Input in = random_input(shape);
    const auto dy = random_matrix(shape.n_rows, shape.n_columns, 4);
    const Gradient before{random_matrix(shape.n_rows, shape.n_columns, 5),
                          random_matrix(1, shape.n_columns, 6),
                          random_matrix(1, shape.n_columns, 7)};
    const Gradient expected = run_backward<double>(in, dy, before);
    for (const int n_sums : {1, 3, 100}) {
      const Gradient actual = run_backward<TypeParam>(in, dy, before, n_sums);
      EXPECT_TRUE(near<TypeParam>(actual.weight, expected.weight, 256)) << shape.n_rows;
      EXPECT_TRUE(near<TypeParam>(actual.bias, expected.bias, 256)) << shape.n_rows;
      const Gradient again = run_backward<TypeParam>(in, dy, before, n_sums);
      EXPECT_TRUE(within(again.weight, actual.weight, 0)) << shape.n_rows;
      EXPECT_TRUE(within(again.bias, actual.bias, 0)) << shape.n_rows;
    }
  }
}

TEST(LayerNormGradient, IsTheDerivativeOfForward) {
  for (const auto shape : row_shapes) {
    Input in = random_input(shape);
    const auto dy = random_matrix(shape.n_rows, shape.n_columns, 4);
    const auto loss = [&] { return inner_product(dy, run_forward<double>(in).y); };
    const Gradient gradient = run_backward<double>(in, dy, zero_gradient(in));
    EXPECT_TRUE(is_gradient(gradient.x, in.x, loss)) << shape.n_rows << "x" << shape.n_columns;
    EXPECT_TRUE(is_gradient(gradient.weight, in.weight, loss));
    EXPECT_TRUE(is_gradient(gradient.bias, in.bias, loss));
  }
}

}  // namespace
}  // namespace superpose::kernels
