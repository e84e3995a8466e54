#include <gtest/gtest.h>

#include <cmath>

#include "tests/error_of.hpp"
#include "tests/unit/dense_construction.hpp"
#include "theory/precision_study.hpp"
#include "theory/random_graphs.hpp"
#include "theory/verify_construction.hpp"

namespace superpose::theory {
namespace {

constexpr std::uint64_t seed = 5;

std::vector<data::Problem> problems(int count, int min_nodes, int max_nodes) {
  std::vector<data::Problem> all;
  for (int i = 0; i < count; ++i) all.push_back(random_problem(seed, i, min_nodes, max_nodes));
  return all;
}

std::int64_t sum(const Tally& tally, int from, int to) {
  std::int64_t total = 0;
  for (int offset = from; offset <= to; ++offset) total += tally[offset + furthest_offset];
  return total;
}

template <class X>
void expect_theorem(Encoding encoding, const std::vector<data::Problem>& all, double tolerance,
                    int longest_diameter) {
  const auto constants = choose_constants(encoding, sizes_of(all, 2));
  const data::Vocabulary vocabulary(data::smallest_vocab_size(constants.sizes.n_max));
  Construction<X> construction(constants, vocabulary);
  std::int64_t diameter = 0, beyond = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto r = verify_construction(construction, vocabulary, all[i], seed, i, 2);
    EXPECT_LT(r.thought_error, tolerance) << "graph " << i;
    EXPECT_EQ(sum(r.right, 0, furthest_offset), sum(r.asked, 0, furthest_offset)) << "graph " << i;
    EXPECT_EQ(sum(r.right, -furthest_offset, -1), 0) << "graph " << i;
    EXPECT_EQ(sum(r.asked, -furthest_offset, furthest_offset), r.thoughts + 1);
    EXPECT_EQ(r.beyond_found, 0) << "graph " << i;
    beyond += r.beyond_nodes;
    diameter = std::max(diameter, r.diameter);
  }
  EXPECT_GE(diameter, longest_diameter);
  EXPECT_GT(beyond, 0);
  EXPECT_GT(construction.slack_1().above, 1.5);
  EXPECT_LT(construction.slack_1().below, 1 / 1.5);
  EXPECT_GT(construction.slack_2().above, 1.5);
  EXPECT_LT(construction.slack_2().below, 1 / 1.5);
}

TEST(Construction, HoldsOnEveryGraphInDoublePrecision) {
  for (const auto encoding : all_values<Encoding>())
    expect_theorem<double>(encoding, problems(120, 4, 40), 1e-6, 30);
}

TEST(Construction, HoldsUpTo200NodesAndDiameter50) {
  for (const auto encoding : {Encoding::sinusoidal, Encoding::rope})
    expect_theorem<double>(encoding, problems(6, 200, 200), 1e-6, 50);
}

TEST(Construction, HoldsInNarrowerFormatsUpToTheirRounding) {
  for (const auto encoding : {Encoding::sinusoidal, Encoding::rope}) {
    expect_theorem<float>(encoding, problems(30, 4, 40), 1e-6, 10);
    expect_theorem<bfloat16>(encoding, problems(30, 4, 40), 5e-3, 10);
  }
}

std::vector<std::int32_t> prompt_of(const data::Problem& problem,
                                    const data::Vocabulary& vocabulary) {
  std::vector<std::int32_t> tokens{vocabulary.eos()};
  for (const auto& [s, t] : problem.graph.edges)
    tokens.insert(tokens.end(), {s, t, vocabulary.bar()});
  tokens.insert(tokens.end(), {vocabulary.question(), problem.neg_target, problem.target,
                               vocabulary.root(), problem.root});
  return tokens;
}

/// Both transformers over the same sequence.
struct Twins {
  const data::Vocabulary vocabulary;
  const DenseConstruction dense;
  Construction<double> sparse;
  std::vector<std::vector<double>> contents;  ///< of the dense one

  explicit Twins(const Constants& constants)
      : dense(constants, vocabulary), sparse(constants, vocabulary) {}

  void append(std::int32_t token) {
    sparse.append(token);
    contents.push_back(dense.embedding(token));
  }

  /// Compares what they put out, and appends it.
  void step() {
    const auto output = sparse.output();
    const auto [before, expected] = dense.run(contents);
    const auto inputs = dense.weights(before);  // where errors of attention show
    for (int v = 0; v < vocabulary.n_symbols(); ++v)
      EXPECT_NEAR(output.weights[v], inputs[v], 1e-12);
    std::vector<double> found(vocabulary.size(), 0);
    for (const auto& [token, weight] : output.thought) found[token] = weight;
    const auto weights = dense.weights(expected);
    for (int v = 0; v < vocabulary.size(); ++v) EXPECT_NEAR(found[v], weights[v], 1e-12);
    sparse.append(output.thought);
    contents.push_back(expected);
  }
};

/// The dense transformer with a random orthonormal basis gives the same thoughts and logits.
TEST(Construction, AgreesWithADenseTransformerInAnotherBasis) {
  const auto all = problems(3, 6, 8);
  for (const auto encoding : all_values<Encoding>())
    for (const auto rule : all_values<ConstantsRule>()) {
      if (!has_constants(rule, encoding)) continue;
      Twins twins(choose_constants(encoding, sizes_of(all, 1), 0, rule));
      for (const auto& problem : all) {
        twins.sparse.clear();
        twins.contents.clear();
        for (const auto token : prompt_of(problem, twins.vocabulary)) twins.append(token);
        for (int c = 0; c < problem.hops; ++c) twins.step();
        twins.append(twins.vocabulary.answer());
        twins.step();
      }
    }
}

TEST(Construction, AttendsBeyondTheGapWithoutItsConstants) {
  const auto all = problems(12, 20, 30);
  auto constants = choose_constants(Encoding::sinusoidal, sizes_of(all, 2));
  constants.eta /= 8;  // too weak: the choosers leak
  const data::Vocabulary vocabulary(data::smallest_vocab_size(constants.sizes.n_max));
  Construction<double> construction(constants, vocabulary);
  double error = 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    error = std::max(
        error, verify_construction(construction, vocabulary, all[i], seed, i, 2).thought_error);
  EXPECT_GT(error, 0.1);
}

TEST(Construction, RefusesAVocabularyThatIsTooSmall) {
  const auto [code, message] = tests::error_of([] {
    Construction<double>(choose_constants(Encoding::sinusoidal, {50, 100, 400}),
                         data::Vocabulary());
  });
  EXPECT_EQ(code, ExitCode::usage);
  EXPECT_NE(message.find("n_max = 50"), std::string::npos) << message;
}

TEST(PositionGap, IsThatOfTheNeighbour) {
  for (const auto encoding : {Encoding::sinusoidal, Encoding::rope}) {
    const auto gap = position_gap(encoding, 32, 500);
    const int planes = encoding == Encoding::rope ? 15 : 16;
    double expected = 0;
    for (int j = 1; j <= planes; ++j) expected += 1 - std::cos(std::pow(1e4, -j / 16.0));
    EXPECT_EQ(gap.imitator, 1);
    EXPECT_EQ(gap.same, planes);
    EXPECT_NEAR(gap.gap(), expected, 1e-12);
    EXPECT_EQ(choose_d_pe(encoding, 500), 32);
  }
}

TEST(Constants, RefuseWhatRopeCannotTell) {
  const auto [code, message] = tests::error_of([] {
    choose_constants(Encoding::rope, {1000, 3000, 20000});
  });
  EXPECT_EQ(code, ExitCode::usage);
  EXPECT_NE(message.find("the first position repels: a limit of ours"), std::string::npos)
      << message;
}

TEST(PrecisionStudy, FormatsEndInTheOrderOfTheirBits) {
  const auto leak = [](Precision precision, int d_pe) {
    return measure_chooser({Encoding::sinusoidal, precision, 256, d_pe});
  };
  for (const auto precision : {Precision::f64, Precision::f32, Precision::bf16}) {
    const auto wide = leak(precision, 32);
    EXPECT_LE(wide.leak, wide.allowed);
  }
  EXPECT_GT(leak(Precision::bf16, 4).leak, 0.1);
  EXPECT_GT(leak(Precision::f32, 2).leak, 0.1);
  EXPECT_LT(leak(Precision::f64, 2).leak, leak(Precision::f64, 2).allowed * 2);
  EXPECT_TRUE(std::isnan(measure_chooser({Encoding::rope, Precision::f64, 256, 2}).leak));
}

TEST(RandomGraphs, AreOfEveryKind) {
  bool loop = false, cycle = false;
  int longest = 0;
  for (int i = 0; i < 60; ++i) {
    const auto problem = random_problem(seed, i, 20, 20);
    EXPECT_GT(problem.distance[problem.target], 0);
    EXPECT_LT(problem.distance[problem.neg_target], 0);
    longest = std::max(longest, diameter(problem.graph));
    for (const auto& [s, t] : problem.graph.edges) {
      loop = loop || s == t;
      cycle = cycle || (s != t && data::distances_from(problem.graph, t)[s] > 0);
    }
    EXPECT_EQ(random_problem(seed, i, 20, 20).graph.edges, problem.graph.edges);
  }
  EXPECT_TRUE(loop);
  EXPECT_TRUE(cycle);
  EXPECT_GE(longest, 17);
}

}  // namespace
}  // namespace superpose::theory
