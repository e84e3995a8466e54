#include <limits>

#include "kokkos_kernels/loops/lane.hpp"
#include "kokkos_kernels/math.hpp"
#include "kokkos_kernels/reductions.hpp"
#include "labels.hpp"
#include "operand.hpp"

namespace superpose::kernels {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// --- sums ----------------------------------------------------------------------------------------

template <class T>
class Reductions : public testing::Test {};
TYPED_TEST_SUITE(Reductions, FloatTypes);

TYPED_TEST(Reductions, SumOfSquaresIsTakenInDouble) {
  for (const int n : {0, 1, 33, 4095, 4096, 4097, 50001}) {  // around the strips of 4096
    const auto x = random_matrix(1, n, 1);
    const double expected = inner_product(x, x);
    EXPECT_NEAR(sum_of_squares<TypeParam>(Exec(), to_vector<TypeParam>(x)), expected,
                1e-13 * expected)
        << n;
  }
}

TYPED_TEST(Reductions, SumOfSquaresHasTheSameBitsEachTime) {
  const auto x = to_vector<TypeParam>(random_matrix(1, 50001, 1));
  const double first = sum_of_squares<TypeParam>(Exec(), x);
  for (int call = 0; call < 5; ++call) EXPECT_EQ(sum_of_squares<TypeParam>(Exec(), x), first);
}

TYPED_TEST(Reductions, SumOfSquaresShowsNaNAndInfinity) {
  for (const int where : {0, 4095, 4096, 9999}) {
    auto x = random_matrix(1, 10000, 1);
    x(0, where) = not_a_number;
    EXPECT_TRUE(std::isnan(sum_of_squares<TypeParam>(Exec(), to_vector<TypeParam>(x)))) << where;
    x(0, where) = -infinity;
    EXPECT_EQ(sum_of_squares<TypeParam>(Exec(), to_vector<TypeParam>(x)), infinity) << where;
  }
}

TEST(ReductionsFloat, SumOfSquaresDoesNotOverflow) {
  const auto x = to_vector<float>(HostMatrix(1, 100, 1e30));
  EXPECT_NEAR(sum_of_squares<float>(Exec(), x), 1e62, 1e56);
}

TEST(ReductionsFloat, SumOfSquaresAllocatesNothingOnOneThreadOrAGpu) {
  const Exec exec;
  if (row_per_thread && exec.concurrency() > 1) GTEST_SKIP() << "pieces are summed side by side";
  const auto x = to_vector<float>(random_matrix(1, 50001, 1));
  sum_of_squares<float>(exec, x);
  Kokkos::Tools::Experimental::set_allocate_data_callback(
      [](Kokkos_Profiling_SpaceHandle, const char* label, const void*, std::uint64_t) {
        ADD_FAILURE() << label << " was allocated";
      });
  sum_of_squares<float>(exec, x);
  watch_labels();
}

template <class X>
class ColumnSums : public testing::Test {};
TYPED_TEST_SUITE(ColumnSums, OperandTypes);

TYPED_TEST(ColumnSums, AreAddedRowAfterRow) {
  using T = Real<TypeParam>;
  auto shapes = row_shapes;
  shapes.insert(shapes.end(), {{8, 33}, {15, 768}, {17, 65}, {64, 7}});  // around blocks of 8 rows
  for (const auto [R, N] : shapes) {
    const auto x = rounded<TypeParam>(random_matrix(R, N, 1)), before = random_matrix(1, N, 2);
    const auto out = to_vector<T>(before);
    add_column_sums<TypeParam>(Exec(), to_matrix<TypeParam>(x), Vector<T>(), out);
    HostMatrix expected = before;
    for (int c = 0; c < N; ++c) {
      T sum = static_cast<T>(before(0, c));
      for (int r = 0; r < R; ++r) sum += static_cast<T>(x(r, c));
      expected(0, c) = sum;
    }
    EXPECT_TRUE(within(to_host(out), expected, 0)) << R << "x" << N;
  }
}

TYPED_TEST(ColumnSums, TakePartsOfLongerRows) {
  const auto x = rounded<TypeParam>(random_matrix(9, 100, 1));
  const auto matrix = to_matrix<TypeParam>(x);
  const Vector<Real<TypeParam>> out("test_out", 40);
  add_column_sums<TypeParam>(Exec(), columns(matrix, {30, 70}), {}, out);
  HostMatrix expected(1, 40);
  for (int r = 0; r < 9; ++r)
    for (int c = 0; c < 40; ++c) expected(0, c) += x(r, 30 + c);
  EXPECT_TRUE(near<Real<TypeParam>>(to_host(out), expected));
}

/// Rows around a block and many blocks; scratch for none, few and many of them.
TYPED_TEST(ColumnSums, OfManyRowsMayPassThroughScratch) {
  using T = Real<TypeParam>;
  for (const auto [R, N] : {Shape{128, 3}, Shape{129, 130}, Shape{1000, 65}, Shape{9000, 7}})
    for (const int n_sums : {0, 1, 3, 200}) {
      const auto x = rounded<TypeParam>(random_matrix(R, N, 1)), before = random_matrix(1, N, 2);
      const Vector<T> scratch("test_scratch", n_sums * N + N / 2);
      const auto out = to_vector<T>(before), again = to_vector<T>(before);
      add_column_sums<TypeParam>(Exec(), to_matrix<TypeParam>(x), scratch, out);
      add_column_sums<TypeParam>(Exec(), to_matrix<TypeParam>(x), scratch, again);
      HostMatrix expected = before;
      for (int r = 0; r < R; ++r)
        for (int c = 0; c < N; ++c) expected(0, c) += x(r, c);
      EXPECT_TRUE(near<T>(to_host(out), expected, 256)) << R << "x" << N << ", sums " << n_sums;
      EXPECT_TRUE(within(to_host(again), to_host(out), 0)) << R << "x" << N;
    }
}

// --- elementary functions ------------------------------------------------------------------------

/// Applies exponential or logistic in a kernel, where the compiler vectorises it.
template <class T>
HostMatrix run_exponential(const HostMatrix& x) {
  const Vector<T> in = to_vector<T>(x), out("test_out", x.n_columns);
  Kokkos::parallel_for(
      "test_exponential", Kokkos::RangePolicy<Exec>(0, x.n_columns),
      KOKKOS_LAMBDA(const int i) { out(i) = exponential(in(i)); });
  return to_host(out);
}

template <class T>
HostMatrix run_logistic(const HostMatrix& x) {
  const Vector<T> in = to_vector<T>(x), out("test_out", x.n_columns);
  Kokkos::parallel_for(
      "test_logistic", Kokkos::RangePolicy<Exec>(0, x.n_columns),
      KOKKOS_LAMBDA(const int i) { out(i) = logistic(in(i)); });
  return to_host(out);
}

/// n values from `low` to `high`, both included, each a float.
HostMatrix evenly_spaced(double low, double high, int n) {
  HostMatrix x(1, n);
  for (int i = 0; i < n; ++i) x(0, i) = static_cast<float>(low + (high - low) * i / (n - 1));
  return x;
}

/// Largest error of `actual` in units in the last place of a float.
double worst_ulp(const HostMatrix& actual, const HostMatrix& exact) {
  double worst = 0;
  for (int i = 0; i < exact.n_columns; ++i) {
    const double ulp = std::ldexp(1.0, std::ilogb(exact(0, i)) - 23);
    worst = std::max(worst, std::abs(actual(0, i) - exact(0, i)) / ulp);
  }
  return worst;
}

HostMatrix plain_exponential(HostMatrix x) {
  for (double& value : x.values) value = std::exp(value);
  return x;
}

TEST(Exponential, FloatIsGoodToTwoUlp) {
  const auto x = evenly_spaced(-87, 88, 1000003);
  EXPECT_LE(worst_ulp(run_exponential<float>(x), plain_exponential(x)), 2);
}

TEST(Exponential, FloatIsClampedOutside) {
  const auto y = run_exponential<float>(host_row({-1e30, -87, 0, 88, 1e30}));
  EXPECT_EQ(y(0, 0), y(0, 1));
  EXPECT_EQ(y(0, 2), 1);
  EXPECT_EQ(y(0, 4), y(0, 3));
  EXPECT_LT(y(0, 0), 1e-37);
  EXPECT_GT(y(0, 4), 1e38);
}

TEST(Exponential, DoubleIsTheLibrarys) {
  const auto x = evenly_spaced(-700, 700, 1001);
  const auto y = run_exponential<double>(x), expected = plain_exponential(x);
  for (int i = 0; i < 1001; ++i) EXPECT_NEAR(y(0, i) / expected(0, i), 1, 4e-16) << "x " << x(0, i);
}

TEST(Logistic, FloatIsGoodToFourUlp) {
  const auto x = evenly_spaced(-87, 87, 1000003);
  HostMatrix exact = x;
  for (double& value : exact.values) value = 1 / (1 + std::exp(-value));
  EXPECT_LE(worst_ulp(run_logistic<float>(x), exact), 4);
}

TEST(Logistic, DoubleEqualsTheFormula) {
  const auto x = evenly_spaced(-700, 700, 1001);
  HostMatrix expected = x;
  for (double& value : expected.values) value = 1 / (1 + std::exp(-value));
  EXPECT_TRUE(near<double>(run_logistic<double>(x), expected, 4));
  EXPECT_EQ(run_logistic<double>(host_row({0}))(0, 0), 0.5);
}

}  // namespace
}  // namespace superpose::kernels
