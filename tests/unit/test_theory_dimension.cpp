#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/moments.hpp"
#include "theory/dimension_report.hpp"
#include "theory/dimension_trial.hpp"
#include "theory/random_graphs.hpp"
#include "theory/verify_construction.hpp"

namespace superpose::theory {
namespace {

RandomStream stream(std::uint64_t id) {
  return {17, Purpose::theory, id};
}

TEST(ChiSquared, HasItsMeanAndVariance) {
  auto random = stream(0);
  for (const int degrees : {0, 1, 5, 8, 40, 1000}) {
    Moments moments;
    for (int i = 0; i < 20000; ++i) moments.add(chi_squared(degrees, random));
    EXPECT_NEAR(moments.mean(), degrees, 5 * std::sqrt(2 * degrees / 20000.0));
    const double variance = moments.deviation() * moments.deviation();
    EXPECT_NEAR(variance, 2 * degrees, 0.1 * 2 * degrees + 1e-12);
  }
}

/// Between independent unit vectors of d dimensions the products have mean 0 and variance 1/d, be
/// both used or only one, and in fewer dimensions than there are vectors.
TEST(RandomEmbedding, HasTheProductsOfRandomUnitVectors) {
  for (const std::int64_t d : {1, 3, 10, 100, 100000}) {
    Moments used, other;
    for (int draw = 0; draw < 2000; ++draw) {
      const RandomEmbedding embedding(12, 10, {1, 4, 2, 7, 8, 11}, d, stream(draw));
      used.add(d * std::pow(embedding.products(2)[7], 2));
      other.add(d * std::pow(embedding.products(7)[3], 2));
      EXPECT_NEAR(embedding.products(2)[7], embedding.products(7)[2], 1e-15);
      EXPECT_EQ(embedding.products(4)[4], 1);
      EXPECT_LE(std::abs(embedding.products(4)[0]), 1 + 1e-12);
      EXPECT_EQ(embedding.products(11)[4], 0);
      EXPECT_EQ(embedding.products(4)[11], 0);
      double sum = 0;
      for (const double x : embedding.products(8)) sum += x;
      EXPECT_NEAR(embedding.sum_of_products(8), sum, 1e-14);
    }
    for (const auto& moments : {used, other})
      EXPECT_NEAR(moments.mean(), 1, 5 * moments.standard_error() + 1e-12) << d;
  }
}

/// The products come from vectors: in d dimensions no more than d are independent.
TEST(RandomEmbedding, IsOfVectorsInDDimensions) {
  const RandomEmbedding embedding(3, 3, {0, 1, 2}, 2, stream(1));
  const double a = embedding.products(0)[1], b = embedding.products(0)[2],
               c = embedding.products(1)[2];
  EXPECT_NEAR(1 + 2 * a * b * c - a * a - b * b - c * c, 0, 1e-14);  // Gram's determinant
}

/// With orthonormal embeddings, in as many dimensions as it takes, it is the construction.
TEST(EmbeddedConstruction, IsTheConstructionWhereEmbeddingsAreOrthonormal) {
  const data::Vocabulary vocabulary;
  std::vector<std::int32_t> all(vocabulary.size());
  for (int v = 0; v < vocabulary.size(); ++v) all[v] = v;
  for (int index = 0; index < 6; ++index) {
    const auto problem = random_problem(5, index, 6, 12);
    const auto constants = choose_constants(Encoding::sinusoidal, sizes_of({problem}, 0));
    const RandomEmbedding orthonormal(vocabulary.size(), 0, all, 1, stream(2));
    EmbeddedConstruction embedded(constants, vocabulary, orthonormal, Protection::marked);
    Construction<double> exact(constants, vocabulary);
    for (const auto token : prompt_of(problem, vocabulary, 1, index)) {
      exact.append(token);
      const auto parts = embedded.append({token}, {{token}, {}, {}});
      embedded.remove_last();
      EXPECT_EQ(parts.content, std::vector<std::int32_t>{token});
      embedded.append({token}, parts);
    }
    for (int c = 1; c <= problem.hops; ++c) {
      const auto thought = exact.output().thought;
      const auto parts = embedded.output();
      std::vector<std::int32_t> expected, found;
      for (const auto& entry : thought) expected.push_back(entry.token);
      for (std::size_t v = 0; v < parts.size(); ++v)
        if (parts[v] > 0) found.push_back(static_cast<std::int32_t>(v));
      EXPECT_EQ(found, expected);
      exact.append(thought);
      embedded.append(expected, {expected, {}, {}});
    }
  }
}

/// Layer 1 once more, on vectors of d + 9 numbers: [token] the part each buffer and the content
/// pass.
class DenseLayer1 {
 public:
  using Vector = std::vector<double>;

  DenseLayer1(const Constants& constants, const std::vector<Vector>& basis,
              const data::Vocabulary& vocabulary)
      : c_(constants), basis_(basis), vocabulary_(vocabulary), w_(frequencies(c_.d_pe)) {}

  Parts append(const std::vector<std::int32_t>& tokens) {
    Vector x(basis_[0].size(), 0);
    for (const auto token : tokens) add(1, basis_[token], x);
    const double norm = std::sqrt(dot(x, x));
    for (double& v : x) v /= norm;
    contents_.push_back(x);
    Vector one(x.size(), 0), two(one);
    copy(vocabulary_.bar(), 2, one);
    copy(vocabulary_.answer(), 1, one);
    copy(vocabulary_.bar(), 1, two);
    copy(vocabulary_.root(), 2, two);
    copy(vocabulary_.root(), 1, two);
    return {passed(x), passed(one), passed(two)};
  }

 private:
  static double dot(const Vector& a, const Vector& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  }
  static void add(double factor, const Vector& part, Vector& to) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * part[i];
  }
  double match(double distance) const {  // g(k)
    double sum = 0;
    for (const double w : w_) sum += std::cos(distance * w);
    return sum;
  }
  void copy(std::int32_t x, int l, Vector& buffer) const {
    const int i = static_cast<int>(contents_.size()) - 1;
    Vector others(basis_[0].size(), 0), logits;
    for (std::size_t v = 0; v < basis_.size(); ++v)
      if (static_cast<std::int32_t>(v) != x) add(1, basis_[v], others);
    const double off = dot(others, contents_[i]);
    double sum = 0;
    for (int j = 0; j <= i; ++j)
      logits.push_back(c_.eta * (match(i - l - j) + c_.xi * off * match(j)));
    const double largest = *std::max_element(logits.begin(), logits.end());
    for (double& z : logits) sum += z = std::exp(z - largest);
    for (int j = 0; j <= i; ++j) {
      Vector value = contents_[j];
      const auto& first = basis_[vocabulary_.eos()];
      add(-dot(first, contents_[j]), first, value);
      add(logits[j] / sum, value, buffer);
    }
  }
  std::vector<std::int32_t> passed(const Vector& x) const {
    std::vector<std::int32_t> tokens;
    for (std::size_t v = 0; v < basis_.size(); ++v)
      if (dot(basis_[v], x) >= c_.eps_1) tokens.push_back(static_cast<std::int32_t>(v));
    return tokens;
  }

  Constants c_;
  const std::vector<Vector>& basis_;
  data::Vocabulary vocabulary_;
  std::vector<double> w_;
  std::vector<Vector> contents_;
};

/// Random unit vectors, the last nine orthonormal in dimensions of their own.
std::vector<std::vector<double>> random_basis(int size, int d) {
  std::vector<std::vector<double>> basis(size, std::vector<double>(d + 9, 0));
  auto random = stream(8);
  for (int v = 0; v < size - 9; ++v) {
    double squares = 0;
    for (int i = 0; i < d; ++i) {
      for (int k = 0; k < 12; ++k) basis[v][i] += random.uniform() - 0.5;
      squares += basis[v][i] * basis[v][i];
    }
    for (double& x : basis[v]) x /= std::sqrt(squares);
  }
  for (int v = size - 9; v < size; ++v) basis[v][d + v - size + 9] = 1;
  return basis;
}

/// Faults included: in 64 dimensions tokens are taken for others, in 4096 they are not.
TEST(EmbeddedConstruction, AgreesWithDenseVectors) {
  const data::Vocabulary vocabulary;
  const auto problem = random_problem(5, 1, 8, 8);
  const auto constants = choose_constants(Encoding::sinusoidal, sizes_of({problem}, 0));
  std::vector<std::int32_t> all(vocabulary.size());
  std::iota(all.begin(), all.end(), 0);
  for (const int d : {64, 4096}) {
    const auto basis = random_basis(vocabulary.size(), d);
    const RandomEmbedding embedding(basis, all);
    EmbeddedConstruction embedded(constants, vocabulary, embedding, Protection::marked);
    DenseLayer1 dense(constants, basis, vocabulary);
    bool faults = false;
    const auto compare = [&](const std::vector<std::int32_t>& tokens) {
      const auto found = embedded.append(tokens, {tokens, {}, {}});
      EXPECT_TRUE(found == dense.append(tokens));
      faults = faults || found.content != tokens;
    };
    for (const auto token : prompt_of(problem, vocabulary, 1, 0)) compare({token});
    compare(problem.reachable_within(2));
    EXPECT_EQ(faults, d == 64);
  }
}

int trials_right(int vocabulary, Protection protection, std::int64_t d, Stage stage) {
  int right = 0;
  for (int i = 0; i < 12; ++i)
    right += run_trial(random_problem(5, i, 4, 4), data::Vocabulary(vocabulary), protection, d,
                       stream(i))[index_of(stage)];
  return right;
}

TEST(Dimension, ManyDimensionsServeAndFewDoNot) {
  for (const auto protection : all_values<Protection>())
    for (const auto stage : all_values<Stage>()) {
      EXPECT_GE(trials_right(40, protection, std::int64_t{1} << 40, stage), 12);
      EXPECT_LE(trials_right(40, protection, 16, stage), 6);
    }
}

/// The paper's "is not x" takes dimensions in proportion to the vocabulary; the constant does not.
TEST(Dimension, OfTheSumIsLinearInTheVocabulary) {
  constexpr int d = 1024, names = 6000;
  EXPECT_GE(trials_right(40, Protection::marked, d, Stage::copy), 11);
  EXPECT_LE(trials_right(names, Protection::marked, d, Stage::copy), 4);
  EXPECT_GE(trials_right(names, Protection::constant, d, Stage::copy), 11);
}

TEST(DimensionReport, FindsTheDimensionFromWhichOnTrialsAreRight) {
  std::vector<DimensionCell> cells(5);
  for (int i = 0; i < 5; ++i) {
    cells[i].vocabulary = i < 4 ? 40 : 160;
    cells[i].d = 16 << i;
    cells[i].all = std::array<int, 5>{9, 5, 9, 10, 3}[i];
  }
  EXPECT_EQ(needed_dimension(cells, 0, 4, n_stages, 10), 64);
  EXPECT_EQ(needed_dimension(cells, 4, 5, n_stages, 10), -1);
  EXPECT_EQ(needed_dimension(cells, 0, 4, 0, 10), -1);
  const auto table = needed_table(cells, 10);
  EXPECT_EQ(table.values("d_all"), (std::vector<double>{64, -1}));
  EXPECT_EQ(table.values("vocabulary"), (std::vector<double>{40, 160}));
}

}  // namespace
}  // namespace superpose::theory
