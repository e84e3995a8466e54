#include "kokkos_kernels/gelu.hpp"
#include "kokkos_kernels/linear.hpp"
#include "operand.hpp"
#include "reference.hpp"

namespace superpose::kernels {
namespace {

struct Sizes {
  int R, K, N;
};

const std::vector<Sizes> sizes = {{1, 1, 1},   {1, 96, 40},   {3, 7, 5},   {33, 65, 31},
                                  {2, 768, 7}, {5, 128, 384}, {40, 31, 96}};

/// A matrix between margins of a wider one: a column subview whose leading dimension is not its
/// width.
template <class T>
class Inset {
 public:
  Inset(const HostMatrix& inner, int margin)
      : n_columns_(inner.n_columns), margin_(margin), whole_(to_matrix<T>(widened(inner))) {}

  Matrix<T> view() const { return columns(whole_, {margin_, margin_ + n_columns_}); }

  /// The matrix as it is now; fails the test if something wrote to the margins.
  HostMatrix host() const {
    const HostMatrix whole = to_host(whole_);
    HostMatrix inner(whole.n_rows, n_columns_);
    for (int r = 0; r < inner.n_rows; ++r)
      for (int c = 0; c < n_columns_; ++c) inner(r, c) = whole(r, margin_ + c);
    EXPECT_TRUE(within(whole, widened(inner), 0)) << "margins were written to";
    return inner;
  }

 private:
  HostMatrix widened(const HostMatrix& inner) const {
    HostMatrix whole(inner.n_rows, inner.n_columns + 2 * margin_, 1000);
    for (int r = 0; r < inner.n_rows; ++r)
      for (int c = 0; c < inner.n_columns; ++c) whole(r, margin_ + c) = inner(r, c);
    return whole;
  }

  int n_columns_, margin_;
  Matrix<T> whole_;
};

HostMatrix transposed(const HostMatrix& a) {
  HostMatrix result(a.n_columns, a.n_rows);
  for (int r = 0; r < a.n_rows; ++r)
    for (int c = 0; c < a.n_columns; ++c) result(c, r) = a(r, c);
  return result;
}

HostMatrix plain_product(const HostMatrix& a, const HostMatrix& b) {
  HostMatrix result(a.n_rows, b.n_columns);
  for (int i = 0; i < a.n_rows; ++i)
    for (int j = 0; j < b.n_columns; ++j)
      for (int k = 0; k < a.n_columns; ++k) result(i, j) += a(i, k) * b(k, j);
  return result;
}

HostMatrix plain_linear(const HostMatrix& x, const HostMatrix& w, const HostMatrix& bias) {
  HostMatrix y = plain_product(x, w);
  for (int r = 0; r < y.n_rows; ++r)
    for (int c = 0; c < y.n_columns; ++c) y(r, c) += bias(0, c);
  return y;
}

template <class X, class Y = X>
HostMatrix run_forward(const HostMatrix& x, const HostMatrix& w, const HostMatrix& bias,
                       int margin) {
  const auto y = to_matrix<Y>(HostMatrix(x.n_rows, w.n_columns, 5));
  const Inset<Real<X>> source(w, margin);  // double keeps a view of it
  LinearWeight<X> weight;
  const auto bias_vector = to_vector<Real<X>>(bias);
  weight.update(Exec(), source.view(), bias_vector);
  linear_forward<X, Y>(Exec(), to_matrix<X>(x), weight, y);
  return to_host(y);
}

template <class X, class Y = X>
HostMatrix run_backward_input(const HostMatrix& dy, const HostMatrix& w, const HostMatrix& before,
                              Output output, int margin) {
  const auto dx = to_matrix<Y>(before);
  const Inset<Real<X>> source(w, margin);
  LinearWeight<X> weight;
  const auto no_bias = to_vector<Real<X>>(HostMatrix(1, w.n_columns));
  weight.update(Exec(), source.view(), no_bias);
  linear_backward_input<X, Y>(Exec(), to_matrix<X>(dy), weight, dx, output);
  return to_host(dx);
}

struct WeightGradient {
  HostMatrix dw, dbias;
};

template <class X>
WeightGradient run_backward_weight(const HostMatrix& x, const HostMatrix& dy,
                                   const WeightGradient& before, int margin) {
  const Inset<Real<X>> dw(before.dw, margin);
  const auto dbias = to_vector<Real<X>>(before.dbias);
  const auto scratch = to_vector<Real<X>>(HostMatrix(1, x.n_columns * dy.n_columns, 5));
  linear_backward_weight<X>(Exec(), to_matrix<X>(x), to_matrix<X>(dy), LinearWeight<X>(), scratch,
                            dw.view(), dbias);
  return {dw.host(), to_host(dbias)};
}

template <class T>
HostMatrix run_logits(const HostMatrix& h, const HostMatrix& w) {
  const auto logits = to_matrix<T>(HostMatrix(h.n_rows, w.n_rows, 5));
  logits_forward<T>(Exec(), to_matrix<T>(h), to_matrix<T>(w), logits);
  return to_host(logits);
}

/// What a product of X makes of random numbers: its own roundings of them.
template <class X>
HostMatrix random_operand(int n_rows, int n_columns, int seed) {
  return rounded<X>(random_matrix(n_rows, n_columns, seed));
}

template <class X>
class Linear : public testing::Test {};
TYPED_TEST_SUITE(Linear, OperandTypes);

TYPED_TEST(Linear, ForwardIsTheProductPlusBias) {
  using X = TypeParam;
  for (const auto [R, K, N] : sizes) {
    const auto x = random_operand<X>(R, K, 1), w = random_operand<X>(K, N, 2);
    const auto bias = random_operand<X>(1, N, 3), y = plain_linear(x, w, bias);
    for (const int margin : {0, 3}) {
      EXPECT_TRUE(near_operand<X>(run_forward<X>(x, w, bias, margin), y))
          << "R " << R << ", K " << K << ", N " << N << ", margin " << margin;
      EXPECT_TRUE(near<Real<X>>(run_forward<X, Real<X>>(x, w, bias, margin), y));
    }
  }
}

TYPED_TEST(Linear, BackwardInputReplacesOrAdds) {
  using X = TypeParam;
  for (const auto [R, K, N] : sizes) {
    const auto dy = random_operand<X>(R, N, 1), w = random_operand<X>(K, N, 2);
    const auto before = random_matrix(R, K, 3), gradient = plain_product(dy, transposed(w));
    for (const int margin : {0, 3}) {
      EXPECT_TRUE(
          near_operand<X>(run_backward_input<X>(dy, w, before, Output::replace, margin), gradient));
      const auto added = run_backward_input<X, Real<X>>(dy, w, before, Output::add, margin);
      EXPECT_TRUE(near<Real<X>>(added, sum(gradient, before)));
    }
  }
}

TYPED_TEST(Linear, BackwardWeightAddsToBothGradients) {
  using X = TypeParam;
  for (const auto [R, K, N] : sizes) {
    const auto x = random_operand<X>(R, K, 1), dy = random_operand<X>(R, N, 2);
    const WeightGradient before{random_matrix(K, N, 3), random_matrix(1, N, 4)};
    const auto dw = sum(before.dw, plain_product(transposed(x), dy));
    const auto dbias = sum(before.dbias, plain_product(HostMatrix(1, R, 1), dy));
    for (const int margin : {0, 3}) {
      const auto after = run_backward_weight<X>(x, dy, before, margin);
      EXPECT_TRUE(near<Real<X>>(after.dw, dw));
      EXPECT_TRUE(near<Real<X>>(after.dbias, dbias));
    }
  }
}

TYPED_TEST(Linear, WeightsAreTakenOverByUpdate) {
  using X = TypeParam;
  const auto x = random_operand<X>(5, 33, 1);
  const auto bias = to_vector<Real<X>>(HostMatrix(1, 40));
  const auto first = random_operand<X>(33, 40, 2), second = random_operand<X>(33, 40, 3);
  LinearWeight<X> weight;
  const auto y = to_matrix<Real<X>>(HostMatrix(5, 40));
  for (const auto& w : {first, second}) {
    const auto source = to_matrix<Real<X>>(w);
    weight.update(Exec(), source, bias);
    linear_forward<X, Real<X>>(Exec(), to_matrix<X>(x), weight, y);
    EXPECT_TRUE(near<Real<X>>(to_host(y), plain_product(x, w)));
  }
}

/// A fused GELU reads sums that have not been rounded to X.
template <class X>
testing::AssertionResult same_but_for_a_rounding(const Matrix<X>& actual,
                                                 const Matrix<X>& expected) {
  const double epsilon =
      std::is_same_v<X, bfloat16> ? 0x1.0p-7 : 64 * std::numeric_limits<X>::epsilon();
  const HostMatrix plain = to_host(expected);
  return within(to_host(actual), plain, epsilon * largest_magnitude(plain));
}

TYPED_TEST(Linear, WithGeluIsOneAfterTheOther) {
  using X = TypeParam;
  for (const auto [R, K, N] : {Sizes{1, 8, 8}, Sizes{33, 64, 40}, Sizes{5, 128, 384}}) {
    const auto x = to_matrix<X>(random_operand<X>(R, K, 1)),
               dy = to_matrix<X>(random_operand<X>(R, N, 4));
    const auto w = to_matrix<Real<X>>(random_operand<X>(K, N, 2));
    const auto bias = to_vector<Real<X>>(random_operand<X>(1, N, 3));
    LinearWeight<X> weight;
    weight.update(Exec(), w, bias);
    const auto make = [&](int n) { return to_matrix<X>(HostMatrix(R, n, 5)); };
    const auto pre = make(N), y = make(N), dpre = make(K);
    const auto before_gelu = random_operand<X>(R, K, 6);
    linear_gelu_forward<X>(Exec(), x, weight, pre, y);
    linear_gelu_backward_input<X>(Exec(), dy, weight, to_matrix<X>(before_gelu), dpre);

    const auto plain_pre = make(N), plain_y = make(N), plain_dpre = make(K);
    linear_forward<X>(Exec(), x, weight, plain_pre);
    gelu_forward<X>(Exec(), plain_pre, plain_y);
    linear_backward_input<X>(Exec(), dy, weight, plain_dpre, Output::replace);
    gelu_backward<X>(Exec(), to_matrix<X>(before_gelu), plain_dpre, plain_dpre);
    EXPECT_TRUE(same_but_for_a_rounding<X>(pre, plain_pre));
    EXPECT_TRUE(same_but_for_a_rounding<X>(y, plain_y));
    EXPECT_TRUE(same_but_for_a_rounding<X>(dpre, plain_dpre));
  }
}

template <class T>
class Logits : public testing::Test {};
TYPED_TEST_SUITE(Logits, FloatTypes);

TYPED_TEST(Logits, AreInnerProductsWithTheRowsOfW) {
  for (const auto [O, C, V] : sizes) {
    const auto h = random_matrix(O, C, 1), w = random_matrix(V, C, 2);
    EXPECT_TRUE(near<TypeParam>(run_logits<TypeParam>(h, w), plain_product(h, transposed(w))));
  }
}

TYPED_TEST(Logits, BackwardReplacesDhAndAddsToDw) {
  for (const auto [O, C, V] : sizes) {
    const auto dlogits = random_matrix(O, V, 1), h = random_matrix(O, C, 2);
    const auto w = random_matrix(V, C, 3), before = random_matrix(V, C, 4);
    const auto dh = to_matrix<TypeParam>(HostMatrix(O, C, 5)), dw = to_matrix<TypeParam>(before);
    logits_backward<TypeParam>(Exec(), to_matrix<TypeParam>(dlogits), to_matrix<TypeParam>(h),
                               to_matrix<TypeParam>(w), dh, dw);
    EXPECT_TRUE(near<TypeParam>(to_host(dh), plain_product(dlogits, w)));
    EXPECT_TRUE(near<TypeParam>(to_host(dw), sum(before, plain_product(transposed(dlogits), h))));
  }
}

TEST(LinearGradient, IsTheDerivativeOfForward) {
  for (const auto [R, K, N] : sizes) {
    HostMatrix x = random_matrix(R, K, 1), w = random_matrix(K, N, 2),
               bias = random_matrix(1, N, 3);
    const auto dy = random_matrix(R, N, 4);
    const auto loss = [&] { return inner_product(dy, run_forward<double>(x, w, bias, 0)); };
    const auto dx = run_backward_input<double>(dy, w, HostMatrix(R, K), Output::replace, 0);
    const auto gradient =
        run_backward_weight<double>(x, dy, {HostMatrix(K, N), HostMatrix(1, N)}, 0);
    EXPECT_TRUE(is_gradient(dx, x, loss));
    EXPECT_TRUE(is_gradient(gradient.dw, w, loss));
    EXPECT_TRUE(is_gradient(gradient.dbias, bias, loss));
  }
}

TEST(LogitsGradient, IsTheDerivativeOfForward) {
  HostMatrix h = random_matrix(5, 33, 1), w = random_matrix(40, 33, 2);
  const auto dlogits = random_matrix(5, 40, 3);
  const auto loss = [&] { return inner_product(dlogits, run_logits<double>(h, w)); };
  const auto dh = to_matrix<double>(h), dw = to_matrix<double>(HostMatrix(40, 33));
  logits_backward<double>(Exec(), to_matrix<double>(dlogits), to_matrix<double>(h),
                          to_matrix<double>(w), dh, dw);
  EXPECT_TRUE(is_gradient(to_host(dh), h, loss));
  EXPECT_TRUE(is_gradient(to_host(dw), w, loss));
}

}  // namespace
}  // namespace superpose::kernels
