#include "dropout_reference.hpp"
#include "kokkos_kernels/layer_norm.hpp"
#include "operand.hpp"

namespace superpose::kernels {
namespace {

constexpr double epsilon = 1e-5;

struct Input {
  HostMatrix x, branch, weight, bias;
};

Input random_input(Shape shape) {
  const auto [R, C] = shape;
  return {random_matrix(R, C, 1), random_matrix(R, C, 2), random_matrix(1, C, 3),
          random_matrix(1, C, 4)};
}

RowDropout row_dropout(int n_rows) {
  std::vector<int> problem, position;
  for (int r = 0; r < n_rows; ++r) problem.push_back(40 + r / 3), position.push_back(r % 3);
  return {{to_indices(problem), to_indices(position)}, test_dropout()};
}

/// The norm of forward: its statistics are still to be written.
template <class T>
LayerNorm<T> new_norm(const Input& in) {
  return {to_vector<T>(in.weight), to_vector<T>(in.bias), Vector<T>("test_mean", in.x.n_rows),
          Vector<T>("test_rstd", in.x.n_rows), epsilon};
}

// --- forward -------------------------------------------------------------------------------------

struct Result {
  HostMatrix y, ln, mean, rstd;
};

Result plain_forward(const Input& in) {
  const int R = in.x.n_rows, C = in.x.n_columns;
  Result out{in.x, in.x, HostMatrix(1, R), HostMatrix(1, R)};
  for (int r = 0; r < R; ++r) {
    double mean = 0, variance = 0;
    for (int c = 0; c < C; ++c) {
      out.y(r, c) += dropout_multiplier(test_dropout(), 40 + r / 3, r % 3, c) * in.branch(r, c);
      mean += out.y(r, c) / C;
    }
    for (int c = 0; c < C; ++c) variance += (out.y(r, c) - mean) * (out.y(r, c) - mean) / C;
    const double rstd = 1 / std::sqrt(variance + epsilon);
    for (int c = 0; c < C; ++c)
      out.ln(r, c) = (out.y(r, c) - mean) * rstd * in.weight(0, c) + in.bias(0, c);
    out.mean(0, r) = mean;
    out.rstd(0, r) = rstd;
  }
  return out;
}

/// Where the device's result is written: over x, over the branch, or in a matrix of its own.
enum class Over { nothing, x, branch };

template <class X>
Result run_forward(const Input& in, Over over = Over::nothing) {
  using T = Real<X>;
  const int R = in.x.n_rows, C = in.x.n_columns;
  const auto x = to_matrix<T>(in.x), branch = to_matrix<T>(in.branch);
  const auto y = over == Over::x        ? x
                 : over == Over::branch ? branch
                                        : to_matrix<T>(HostMatrix(R, C, 5));
  const auto ln = to_matrix<X>(HostMatrix(R, C, 5));
  const auto norm = new_norm<T>(in);
  residual_layer_norm_forward<X>(Exec(), x, branch, row_dropout(R), norm, y, ln);
  return {to_host(y), to_host(ln), to_host(norm.mean), to_host(norm.rstd)};
}

template <class X>
Result run_unfused_forward(const Input& in) {
  using T = Real<X>;
  const int R = in.x.n_rows;
  const auto y = to_matrix<T>(in.x);
  const auto ln = to_matrix<X>(in.x);
  const auto norm = new_norm<T>(in);
  residual_forward<T>(Exec(), to_matrix<T>(in.x), to_matrix<T>(in.branch), row_dropout(R), y);
  layer_norm_forward<X>(Exec(), y, norm, ln);
  return {to_host(y), to_host(ln), to_host(norm.mean), to_host(norm.rstd)};
}

void expect_same(const Result& actual, const Result& expected) {
  EXPECT_TRUE(within(actual.y, expected.y, 0));
  EXPECT_TRUE(within(actual.ln, expected.ln, 0));
  EXPECT_TRUE(within(actual.mean, expected.mean, 0));
  EXPECT_TRUE(within(actual.rstd, expected.rstd, 0));
}

template <class X>
class ResidualLayerNorm : public testing::Test {};
TYPED_TEST_SUITE(ResidualLayerNorm, OperandTypes);

TYPED_TEST(ResidualLayerNorm, ForwardEqualsThePlainLoop) {
  using T = Real<TypeParam>;
  for (const auto shape : row_shapes) {
    const Input in = random_input(shape);
    const Result expected = plain_forward(in), actual = run_forward<TypeParam>(in);
    EXPECT_TRUE(near<T>(actual.y, expected.y, 4)) << shape.n_rows << "x" << shape.n_columns;
    EXPECT_TRUE(near_operand<TypeParam>(actual.ln, expected.ln));
    EXPECT_TRUE(near<T>(actual.mean, expected.mean));
    EXPECT_TRUE(near<T>(actual.rstd, expected.rstd));
  }
}

TYPED_TEST(ResidualLayerNorm, ForwardHasTheBitsOfItsTwoParts) {
  for (const auto shape : row_shapes) {
    const Input in = random_input(shape);
    expect_same(run_forward<TypeParam>(in), run_unfused_forward<TypeParam>(in));
  }
}

TYPED_TEST(ResidualLayerNorm, ForwardMayOverwriteEitherInput) {
  const Input in = random_input({6, 130});
  const Result expected = run_forward<TypeParam>(in);
  expect_same(run_forward<TypeParam>(in, Over::x), expected);
  expect_same(run_forward<TypeParam>(in, Over::branch), expected);
}

// --- backward ------------------------------------------------------------------------------------

/// Gradients by ln and by y, the latter beside the norm's.
struct Upstream {
  HostMatrix dln, dy;
};

Upstream random_upstream(Shape shape) {
  return {random_matrix(shape.n_rows, shape.n_columns, 5),
          random_matrix(shape.n_rows, shape.n_columns, 6)};
}

struct Gradient {
  HostMatrix x, branch, weight, bias;
};

/// The norm as forward leaves it.
template <class T>
LayerNorm<T> known_norm(const Input& in) {
  const Result forward = plain_forward(in);
  return {to_vector<T>(in.weight), to_vector<T>(in.bias), to_vector<T>(forward.mean),
          to_vector<T>(forward.rstd), epsilon};
}

/// Gradients of the norm's weights are added to `before`.
template <class X>
Gradient run_backward(const Input& in, const Upstream& upstream, const HostMatrix& before) {
  using T = Real<X>;
  const int R = in.x.n_rows, C = in.x.n_columns;
  const auto y = to_matrix<T>(plain_forward(in).y);
  const auto norm = known_norm<T>(in);
  const auto dy = to_matrix<T>(upstream.dy);
  const auto dbranch = to_matrix<X>(HostMatrix(R, C, 5));
  const LayerNormGradient<T> dnorm{to_vector<T>(before), to_vector<T>(before), {}};
  layer_norm_residual_backward<X>(Exec(), to_matrix<T>(upstream.dln), y, norm, row_dropout(R), dy,
                                  dbranch, dnorm);
  return {to_host(dy), to_host(dbranch), to_host(dnorm.weight), to_host(dnorm.bias)};
}

template <class X>
Gradient run_unfused_backward(const Input& in, const Upstream& upstream, const HostMatrix& before) {
  using T = Real<X>;
  const int R = in.x.n_rows, C = in.x.n_columns;
  const auto y = to_matrix<T>(plain_forward(in).y);
  const auto norm = known_norm<T>(in);
  const auto dy = to_matrix<T>(upstream.dy);
  const auto dbranch = to_matrix<X>(HostMatrix(R, C, 5));
  const LayerNormGradient<T> dnorm{to_vector<T>(before), to_vector<T>(before), {}};
  layer_norm_backward<T>(Exec(), to_matrix<T>(upstream.dln), y, norm, dy, dnorm);
  residual_backward<X>(Exec(), dy, row_dropout(R), dbranch);
  return {to_host(dy), to_host(dbranch), to_host(dnorm.weight), to_host(dnorm.bias)};
}

TYPED_TEST(ResidualLayerNorm, BackwardHasTheBitsOfItsTwoParts) {
  for (const auto shape : row_shapes) {
    const Input in = random_input(shape);
    const Upstream upstream = random_upstream(shape);
    const auto before = random_matrix(1, shape.n_columns, 7);
    const Gradient actual = run_backward<TypeParam>(in, upstream, before);
    const Gradient expected = run_unfused_backward<TypeParam>(in, upstream, before);
    EXPECT_TRUE(within(actual.x, expected.x, 0)) << shape.n_rows << "x" << shape.n_columns;
    EXPECT_TRUE(within(actual.branch, expected.branch, 0));
    EXPECT_TRUE(within(actual.weight, expected.weight, 0));
    EXPECT_TRUE(within(actual.bias, expected.bias, 0));
  }
}

TYPED_TEST(ResidualLayerNorm, BackwardIsThatOfDoubleRounded) {
  for (const auto shape : row_shapes) {
    const Input in = random_input(shape);
    const Upstream upstream = random_upstream(shape);
    const HostMatrix before(1, shape.n_columns);
    const Gradient expected = run_backward<double>(in, upstream, before);
    const Gradient actual = run_backward<TypeParam>(in, upstream, before);
    // Rounding errors are those of the terms of a difference, times rstd.
    const double rounding = 8 * std::numeric_limits<Real<TypeParam>>::epsilon() *
                            largest_magnitude(plain_forward(in).rstd);
    EXPECT_TRUE(within(actual.x, expected.x, rounding)) << shape.n_rows << "x" << shape.n_columns;
    EXPECT_TRUE(near<Real<TypeParam>>(actual.weight, expected.weight));
    EXPECT_TRUE(near<Real<TypeParam>>(actual.bias, expected.bias));
  }
}

TEST(ResidualLayerNormGradient, IsTheDerivativeOfForward) {
  for (const auto shape : row_shapes) {
    Input in = random_input(shape);
    const Upstream upstream = random_upstream(shape);
    const auto loss = [&] {
      const Result forward = run_forward<double>(in);
      return inner_product(upstream.dln, forward.ln) + inner_product(upstream.dy, forward.y);
    };
    const auto gradient = run_backward<double>(in, upstream, HostMatrix(1, shape.n_columns));
    EXPECT_TRUE(is_gradient(gradient.x, in.x, loss)) << shape.n_rows << "x" << shape.n_columns;
    EXPECT_TRUE(is_gradient(gradient.branch, in.branch, loss));
    EXPECT_TRUE(is_gradient(gradient.weight, in.weight, loss));
    EXPECT_TRUE(is_gradient(gradient.bias, in.bias, loss));
  }
}

}  // namespace
}  // namespace superpose::kernels
