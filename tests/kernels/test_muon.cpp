#include <algorithm>

#include "kokkos_kernels/muon.hpp"
#include "reference.hpp"

namespace superpose::kernels {
namespace {

HostMatrix product(const HostMatrix& a, const HostMatrix& b) {
  HostMatrix c(a.n_rows, b.n_columns);
  for (int i = 0; i < a.n_rows; ++i)
    for (int j = 0; j < b.n_columns; ++j)
      for (int k = 0; k < a.n_columns; ++k) c(i, j) += a(i, k) * b(k, j);
  return c;
}

HostMatrix transpose(const HostMatrix& a) {
  HostMatrix t(a.n_columns, a.n_rows);
  for (int i = 0; i < a.n_rows; ++i)
    for (int j = 0; j < a.n_columns; ++j) t(j, i) = a(i, j);
  return t;
}

HostMatrix combination(double a, const HostMatrix& x, double b, const HostMatrix& y) {
  HostMatrix result = x;
  for (std::size_t i = 0; i < x.values.size(); ++i)
    result.values[i] = a * x.values[i] + b * y.values[i];
  return result;
}

/// Jordan's iteration as it is written, for a matrix that lies down.
HostMatrix plain_orthogonalize(HostMatrix x) {
  const double norm = std::sqrt(inner_product(x, x));
  for (double& value : x.values) value /= norm;
  for (int i = 0; i < 5; ++i) {
    const auto a = product(x, transpose(x));
    const auto b = combination(-4.7750, a, 2.0315, product(a, a));
    x = combination(3.4445, x, 1, product(b, x));
  }
  return x;
}

const MuonStep settings{1e-2, 0.95, 0.1, 0.5};  // rate, momentum, decay, scale of the gradient

struct State {
  HostMatrix parameter, m;
};

void plain_step(const HostMatrix& gradient, State& state) {
  const auto g = combination(settings.gradient_scale, gradient, 0, gradient);
  const double keep = settings.momentum;
  state.m = combination(keep, state.m, 1 - keep, g);
  const auto x = combination(keep, state.m, 1 - keep, g);
  const bool tall = x.n_rows > x.n_columns;
  const auto o = tall ? transpose(plain_orthogonalize(transpose(x))) : plain_orthogonalize(x);
  const double length = settings.learning_rate * 0.2 * std::sqrt(std::max(x.n_rows, x.n_columns));
  const double decay = 1 - settings.learning_rate * settings.weight_decay;
  state.parameter = combination(decay, state.parameter, -length, o);
}

template <class T>
void muon_step(const Matrix<T>& gradient, const Matrix<T>& m, const Matrix<T>& parameter) {
  const int n_rows = static_cast<int>(m.extent(0)), n_columns = static_cast<int>(m.extent(1));
  const int R = std::min(n_rows, n_columns), K = std::max(n_rows, n_columns);
  const Matrix<T> x("test_x", R, K);
  muon_momentum<T>(Exec(), settings, gradient, m, x);
  orthogonalize<T>(Exec(), OrthogonalizeSpace<T>(R, K), x);
  muon_update<T>(Exec(), settings, x, parameter);
}

/// A step for each of `gradients`.
template <class T>
State run(const std::vector<HostMatrix>& gradients, const HostMatrix& parameter) {
  const auto p = to_matrix<T>(parameter);
  const Matrix<T> m("test_m", parameter.n_rows, parameter.n_columns);
  for (const auto& gradient : gradients) muon_step<T>(to_matrix<T>(gradient), m, p);
  return {to_host(p), to_host(m)};
}

template <class T>
class Muon : public testing::Test {};
TYPED_TEST_SUITE(Muon, FloatTypes);

TYPED_TEST(Muon, EqualsThePlainLoopOverThreeSteps) {
  for (const auto& [n_rows, n_columns] :
       std::vector<std::pair<int, int>>{{1, 1}, {1, 9}, {8, 8}, {16, 64}, {64, 16}, {33, 47}}) {
    State expected{random_matrix(n_rows, n_columns, 9), HostMatrix(n_rows, n_columns)};
    std::vector<HostMatrix> gradients;
    for (int t = 0; t < 3; ++t) {
      gradients.push_back(random_matrix(n_rows, n_columns, 20 + t));
      plain_step(gradients.back(), expected);
    }
    const State actual = run<TypeParam>(gradients, random_matrix(n_rows, n_columns, 9));
    EXPECT_TRUE(near<TypeParam>(actual.m, expected.m, 16)) << n_rows << " x " << n_columns;
    EXPECT_TRUE(near<TypeParam>(actual.parameter, expected.parameter, 64))
        << n_rows << " x " << n_columns;
  }
}

// torch.set_default_dtype(torch.float64)
// def newton_schulz(g):
//     x = g.T if g.shape[0] > g.shape[1] else g
//     x = x / x.norm()
//     for _ in range(5):
//         a = x @ x.T
//         x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
//     return x.T if g.shape[0] > g.shape[1] else x
// p = torch.tensor([0.5, -1.25, 2.0, 1e-3, -0.75, 0.25]).view(shape); m = torch.zeros(shape)
// for g in ([0.1, -2.0, 0.0, 1.0, -0.3, 1.5], [0.0, 2.0, 0.7, 0.25, 4.0, -3.0]):
//     g = torch.tensor(g).view(shape)
//     m.lerp_(g, 1 - 0.95)
//     p.mul_(1 - 1e-2 * 0.1).sub_(1e-2 * 0.2 * math.sqrt(3) * newton_schulz(g.lerp(m, 0.95)))
TYPED_TEST(Muon, EqualsPyTorch) {
  const std::vector<std::pair<std::pair<int, int>, std::vector<double>>> cases = {
      {{2, 3},
       {0.49889396574250305, -1.2454937683477394, 1.9939574618146272, -0.0012001563932215807,
        -0.7500193474433685, 0.24831565989495977}},
      {{3, 2},
       {0.4993865081180251, -1.2476448763740646, 1.9931168161690025, -0.001944600051700421,
        -0.7476502599290753, 0.2496418518765781}}};
  for (const auto& [shape, values] : cases) {
    HostMatrix p(shape.first, shape.second), first = p, second = p, expected = p;
    p.values = {0.5, -1.25, 2.0, 1e-3, -0.75, 0.25};
    first.values = {0.2, -4.0, 0.0, 2.0, -0.6, 3.0};  // twice the script's: settings halve them
    second.values = {0.0, 4.0, 1.4, 0.5, 8.0, -6.0};
    expected.values = values;
    EXPECT_TRUE(near<TypeParam>(run<TypeParam>({first, second}, p).parameter, expected, 16));
  }
}

TYPED_TEST(Muon, MovesColumnsOfAWiderMatrixAlone) {
  const auto whole = random_matrix(8, 24, 1), gradient = random_matrix(8, 24, 2);
  const auto p = to_matrix<TypeParam>(whole), g = to_matrix<TypeParam>(gradient);
  const Matrix<TypeParam> m("test_m", 8, 24);
  const Range middle{8, 16};
  muon_step<TypeParam>(columns(g, middle), columns(m, middle), columns(p, middle));
  HostMatrix part(8, 8), of_gradient(8, 8);
  for (int r = 0; r < 8; ++r)
    for (int c = 0; c < 8; ++c) {
      part(r, c) = whole(r, 8 + c);
      of_gradient(r, c) = gradient(r, 8 + c);
    }
  State alone{part, HostMatrix(8, 8)};
  plain_step(of_gradient, alone);
  HostMatrix expected = whole;
  for (int r = 0; r < 8; ++r)
    for (int c = 0; c < 8; ++c) expected(r, 8 + c) = alone.parameter(r, c);
  EXPECT_TRUE(near<TypeParam>(to_host(p), expected, 64));
}

TYPED_TEST(Muon, BringsSingularValuesNearOne) {
  // The singular values of diag(1, 0.5, 0.1) times a rotation of the first two rows.
  HostMatrix x(3, 4);
  x(0, 0) = 0.6;
  x(0, 1) = -0.4;
  x(1, 0) = 0.8;
  x(1, 1) = 0.3;
  x(2, 3) = 0.1;
  const auto device = to_matrix<TypeParam>(x);
  orthogonalize<TypeParam>(Exec(), OrthogonalizeSpace<TypeParam>(3, 4), device);
  const auto o = to_host(device), gram = product(o, transpose(o));
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) EXPECT_NEAR(gram(i, j), i == j ? 1 : 0, 0.5) << i << " " << j;
}

TYPED_TEST(Muon, WithoutGradientOnlyDecays) {
  const auto parameter = random_matrix(5, 7, 1);
  const State state = run<TypeParam>({HostMatrix(5, 7)}, parameter);
  const auto expected = combination(1 - 1e-2 * 0.1, parameter, 0, parameter);
  EXPECT_TRUE(near<TypeParam>(state.parameter, expected, 2));
}

}  // namespace
}  // namespace superpose::kernels
