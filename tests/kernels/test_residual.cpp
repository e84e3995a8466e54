#include "dropout_reference.hpp"
#include "kokkos_kernels/residual.hpp"
#include "operand.hpp"

namespace superpose::kernels {
namespace {

/// Problem and position of each row.
struct Keys {
  std::vector<int> problem, position;

  RowKeys views() const { return {to_indices(problem), to_indices(position)}; }
};

/// Positions 0, 1, 2 of problem 40, then of problem 41, and so on.
Keys consecutive_keys(int n_rows) {
  Keys keys;
  for (int r = 0; r < n_rows; ++r) {
    keys.problem.push_back(40 + r / 3);
    keys.position.push_back(r % 3);
  }
  return keys;
}

HostMatrix plain_multipliers(const Keys& keys, const Dropout& dropout, int n_columns) {
  HostMatrix result(static_cast<int>(keys.problem.size()), n_columns);
  for (int r = 0; r < result.n_rows; ++r)
    for (int c = 0; c < n_columns; ++c)
      result(r, c) = dropout_multiplier(dropout, keys.problem[r], keys.position[r], c);
  return result;
}

HostMatrix plain_forward(const HostMatrix& x, const HostMatrix& y, const HostMatrix& multiplier) {
  HostMatrix out = x;
  for (std::size_t i = 0; i < x.values.size(); ++i)
    out.values[i] += multiplier.values[i] * y.values[i];
  return out;
}

template <class T>
HostMatrix run_forward(const HostMatrix& x, const HostMatrix& y, const Keys& keys,
                       const Dropout& dropout) {
  const auto out = to_matrix<T>(HostMatrix(x.n_rows, x.n_columns, 5));
  residual_forward<T>(Exec(), to_matrix<T>(x), to_matrix<T>(y), {keys.views(), dropout}, out);
  return to_host(out);
}

template <class X>
HostMatrix run_backward(const HostMatrix& dout, const Keys& keys, const Dropout& dropout) {
  const auto dy = to_matrix<X>(HostMatrix(dout.n_rows, dout.n_columns, 5));
  residual_backward<X>(Exec(), to_matrix<Real<X>>(dout), {keys.views(), dropout}, dy);
  return to_host(dy);
}

/// The multipliers the kernel applies, by column, in the row (problem, position).
HostMatrix drawn(const Dropout& dropout, int problem, int position, int n_columns) {
  return run_backward<float>(HostMatrix(1, n_columns, 1), {{problem}, {position}}, dropout);
}

// --- residual ------------------------------------------------------------------------------------

template <class T>
class Residual : public testing::Test {};
TYPED_TEST_SUITE(Residual, FloatTypes);

TYPED_TEST(Residual, ForwardEqualsThePlainLoop) {
  for (const auto [R, C] : row_shapes) {
    const auto x = random_matrix(R, C, 1), y = random_matrix(R, C, 2);
    const auto keys = consecutive_keys(R);
    const auto expected = plain_forward(x, y, plain_multipliers(keys, test_dropout(), C));
    EXPECT_TRUE(near<TypeParam>(run_forward<TypeParam>(x, y, keys, test_dropout()), expected, 4))
        << R << "x" << C;
  }
}

TYPED_TEST(Residual, OutputMayBeEitherInput) {
  const auto x = random_matrix(6, 130, 1), y = random_matrix(6, 130, 2);
  const auto keys = consecutive_keys(6);
  const auto expected = run_forward<TypeParam>(x, y, keys, test_dropout());
  const auto over_x = to_matrix<TypeParam>(x), over_y = to_matrix<TypeParam>(y);
  residual_forward<TypeParam>(Exec(), over_x, to_matrix<TypeParam>(y),
                              {keys.views(), test_dropout()}, over_x);
  residual_forward<TypeParam>(Exec(), to_matrix<TypeParam>(x), over_y,
                              {keys.views(), test_dropout()}, over_y);
  EXPECT_TRUE(within(to_host(over_x), expected, 0));
  EXPECT_TRUE(within(to_host(over_y), expected, 0));
}

template <class X>
class ResidualOperand : public testing::Test {};
TYPED_TEST_SUITE(ResidualOperand, OperandTypes);

TYPED_TEST(ResidualOperand, BackwardEqualsThePlainLoop) {
  for (const auto [R, C] : row_shapes) {
    const auto keys = consecutive_keys(R);
    const auto dout = random_matrix(R, C, 3);
    const auto expected =
        plain_forward(HostMatrix(R, C), dout, plain_multipliers(keys, test_dropout(), C));
    EXPECT_TRUE(
        near_operand<TypeParam>(run_backward<TypeParam>(dout, keys, test_dropout()), expected, 4));
  }
}

TEST(ResidualGradient, IsTheDerivativeOfForward) {
  for (const auto [R, C] : row_shapes) {
    HostMatrix x = random_matrix(R, C, 1), y = random_matrix(R, C, 2);
    const auto keys = consecutive_keys(R);
    const auto dout = random_matrix(R, C, 3);
    const auto loss = [&] {
      return inner_product(dout, run_forward<double>(x, y, keys, test_dropout()));
    };
    EXPECT_TRUE(is_gradient(run_backward<double>(dout, keys, test_dropout()), y, loss));
    EXPECT_TRUE(is_gradient(dout, x, loss));
  }
}

// --- dropout -------------------------------------------------------------------------------------

TEST(Dropout, DrawsAreThoseOfRandom123) {
  const DropoutRow row = test_dropout().row(1000000, 71, 5);
  for (int chunk = 0; chunk < 7; ++chunk)
    for (int i = 0; i < DropoutRow::width; ++i) {
      const auto block = static_cast<std::uint32_t>(chunk * DropoutRow::width + i);
      const r123::Philox4x32::ctr_type counter{
          {row.position << 16 | block, row.problem, row.epoch, row.site}};
      const auto expected = r123::Philox4x32()(counter, {{row.key[0], row.key[1]}});
      std::uint32_t a = 0, b = 0, c = 0, d = 0;
      row.draw(chunk, i, a, b, c, d);
      const r123::Philox4x32::ctr_type actual{{a, b, c, d}};
      EXPECT_EQ(actual, expected) << "chunk " << chunk << ", block " << i;
    }
}

/// 4 standard deviations of a count of n draws with probability p.
double four_sigma(double p, int n) {
  return 4 * std::sqrt(n * p * (1 - p));
}

TEST(Dropout, DropsItsShareAndKeepsTheMean) {
  constexpr int n_rows = 400, n_columns = 768, n = n_rows * n_columns;
  for (const double p : {0.1, 0.5, 0.9}) {
    const Dropout dropout{p, 11, 2, 1};
    const auto multipliers =
        run_backward<float>(HostMatrix(n_rows, n_columns, 1), consecutive_keys(n_rows), dropout);
    const auto n_dropped = std::count(multipliers.values.begin(), multipliers.values.end(), 0.0);
    EXPECT_NEAR(static_cast<double>(n_dropped), p * n, four_sigma(p, n) + n / 65536.0) << p;
    const double total = inner_product(multipliers, HostMatrix(n_rows, n_columns, 1));
    EXPECT_NEAR(total, n, four_sigma(p, n) / (1 - p)) << p;
  }
}

/// Two masks of probability p that have nothing to do with each other differ in 2p(1-p) of places.
void expect_independent(const HostMatrix& a, const HostMatrix& b, double p, const char* changed) {
  const int n = a.n_columns;
  int n_different = 0;
  for (int c = 0; c < n; ++c) n_different += a(0, c) != b(0, c);
  EXPECT_NEAR(n_different, 2 * p * (1 - p) * n, four_sigma(2 * p * (1 - p), n)) << changed;
}

TEST(Dropout, MaskDependsOnEveryPartOfItsIdentity) {
  constexpr int n = 4096;
  const Dropout base{0.5, 11, 2, 1};
  const auto mask = drawn(base, 30, 4, n);
  EXPECT_TRUE(within(drawn(base, 30, 4, n), mask, 0));
  const auto expect_changed = [&](const Dropout& dropout, int problem, int position,
                                  const char* changed) {
    expect_independent(mask, drawn(dropout, problem, position, n), 0.5, changed);
  };
  expect_changed(base, 31, 4, "problem");
  expect_changed(base, 30, 5, "position");
  expect_changed({0.5, 12, 2, 1}, 30, 4, "seed");
  expect_changed({0.5, 11 + (std::uint64_t{1} << 32), 2, 1}, 30, 4, "high half of the seed");
  expect_changed({0.5, 11, 3, 1}, 30, 4, "epoch");
  expect_changed({0.5, 11, 2, 2}, 30, 4, "site");
}

TEST(Dropout, HeadsHaveMasksOfTheirOwn) {
  constexpr int n = 4096;
  HostMatrix first(1, n), second(1, n);
  for (int c = 0; c < n; ++c) {
    const int block = c % DropoutRow::width, chunk = c / DropoutRow::width;
    std::uint32_t words[4];
    const Dropout dropout{0.5, 11, 2, 1};
    const DropoutRow row0 = dropout.row(30, 4, 0), row1 = dropout.row(30, 4, 1);
    row0.draw(chunk, block, words[0], words[1], words[2], words[3]);
    first(0, c) = row0.multiplier(words[0], 0);
    row1.draw(chunk, block, words[0], words[1], words[2], words[3]);
    second(0, c) = row1.multiplier(words[0], 0);
  }
  expect_independent(first, second, 0.5, "head");
}

TEST(Dropout, ColumnsOfARowAreIndependent) {
  constexpr int n = 8192;
  const auto mask = drawn({0.5, 11, 2, 1}, 30, 4, n);
  for (const int lag : {1, 16, 128}) {  // the next block, the next 16 bits, the next chunk
    HostMatrix head(1, n - lag), tail(1, n - lag);
    for (int c = 0; c < n - lag; ++c) head(0, c) = mask(0, c), tail(0, c) = mask(0, c + lag);
    expect_independent(head, tail, 0.5, "column");
  }
}

TEST(Dropout, ZeroIsTheIdentity) {
  const auto dout = random_matrix(6, 130, 1);
  EXPECT_TRUE(within(run_backward<float>(dout, consecutive_keys(6), Dropout{}), dout, 0));
}

TEST(Dropout, MaskOfARowDoesNotDependOnTheLaunch) {
  constexpr int n_columns = 130;
  const Keys together{{7, 8, 9, 7}, {0, 5, 5, 1}};
  const auto all = run_backward<float>(HostMatrix(4, n_columns, 1), together, test_dropout());
  for (int r = 0; r < 4; ++r) {
    const auto alone = drawn(test_dropout(), together.problem[r], together.position[r], n_columns);
    for (int c = 0; c < n_columns; ++c) EXPECT_EQ(all(r, c), alone(0, c)) << r << "," << c;
  }
}

}  // namespace
}  // namespace superpose::kernels
