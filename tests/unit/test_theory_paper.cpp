/// RbS Appendix B as written: its constants, Lemma 6, and the graphs on which Proposition B.4
/// fails.

#include <gtest/gtest.h>

#include <cmath>

#include "tests/error_of.hpp"
#include "theory/dense_graphs.hpp"
#include "theory/lightest_node.hpp"
#include "theory/random_graphs.hpp"
#include "theory/verify_construction.hpp"

namespace superpose::theory {
namespace {

constexpr std::uint64_t seed = 5;
constexpr auto paper = ConstantsRule::paper;

TEST(PaperConstants, AreThoseOfAppendixB) {
  const int n = 24, T = 200;
  const auto c = choose_constants(Encoding::sinusoidal, {n, 38, T}, 32, paper);
  EXPECT_DOUBLE_EQ(c.eps_1, 1 / (2 * std::sqrt(24.0)));
  EXPECT_DOUBLE_EQ(c.eps_2, 1 / (4 * 24.0));
  double eps_T = 0, neighbour = 0;  // Lemma 5; <p_1, p_1> - <p_1, p_2>
  for (int j = 1; j <= 16; ++j) {
    const double w = std::pow(1e4, -2.0 * j / 32);
    double least = 2;
    for (int k = 1; k < T; ++k) least = std::min(least, 1 - std::cos(k * w));
    eps_T += least;
    neighbour += 1 - std::cos(w);
  }
  EXPECT_NEAR(c.delta, eps_T, 1e-14);
  EXPECT_NEAR(c.xi, 2 * 32 / neighbour, 1e-9);
  const double e = std::exp(c.eta * eps_T);  // inequality (3)
  EXPECT_NEAR(e / (e + T - 1), 1 - c.eps_1 / 5, 1e-12);
  // Proposition B.3, with 1 / (16 n) for its epsilon: a thought of n nodes that attends to one
  // edge, and [A] behind a thought of n.
  const double edge = std::exp(c.kappa / std::sqrt(3.0 * n));
  EXPECT_LE(1 - edge / (edge + T - 1), 1.0 / (16 * n * T));
  const double answer = std::exp(c.kappa / std::sqrt(n + 1.0));
  EXPECT_LE(1 - answer / (answer + T - 1), 1.0 / (16 * n * T));
}

/// Attention of a token on the first position, from the last position of the longest sequence.
template <class X>
double attention_on_first(const Constants& c) {
  PositionScores<X> scores(c);
  const int i = c.sizes.t_max - 1;
  std::vector<Real<X>> logits;
  for (int j = 0; j <= i; ++j) logits.push_back(scores.offset(1, i)[j] + scores.first(i, j));
  const auto largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const auto x : logits) sum += std::exp(static_cast<double>(x - largest));
  return std::exp(static_cast<double>(logits[0] - largest)) / sum;
}

TEST(Lemma6, EndsInSinglePrecisionAt30Positions) {
  const auto c = choose_constants(Encoding::rope_position, {4, 7, 30}, 64 + 2, paper);
  EXPECT_NEAR(c.xi, 2 * 64 / 1.5e-8, 1e3);  // cos(1 / M) - cos(2 / M) = 1.5e-8, d_TE = 64
  EXPECT_GT(attention_on_first<double>(c), 1 - c.leak);
  EXPECT_NEAR(attention_on_first<float>(c), 1.0 / 3, 0.01);
}

TEST(Lemma6, TakesTheWidthOfTheEmbeddings) {
  const int d_te = data::smallest_vocab_size(40);
  EXPECT_EQ(choose_constants(Encoding::rope_position, {40, 80, 300}).d_pe, d_te + d_te % 2 + 2);
}

TEST(Limits, SayWhoseTheyAre) {
  const auto fails = [](Encoding encoding, int t_max, ConstantsRule rule, const char* part) {
    const auto [code, message] = tests::error_of([&] {
      choose_constants(encoding, {20, 40, t_max}, 32, rule);
    });
    EXPECT_EQ(code, ExitCode::usage);
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  fails(Encoding::rope, 15708, ConstantsRule::ours, "a limit of ours");
  fails(Encoding::rope, 200, paper, "rope_position, the paper's");
  for (const auto rule : all_values<ConstantsRule>())
    fails(Encoding::rope_position, 10001, rule, "Lemma 6 assumes T <= M = 10,000");
  EXPECT_GT(choose_constants(Encoding::rope_position, {20, 40, 10000}, 32, paper).xi, 0);
  EXPECT_GT(choose_constants(Encoding::sinusoidal, {20, 40, 20000}, 32, paper).xi, 0);
}

/// Whether all thoughts are the superposition over V_c; then the answers have to be right.
template <class X>
bool is_exact(Construction<X>& construction, const data::Vocabulary& vocabulary,
              const data::Problem& problem) {
  const auto r = verify_construction(construction, vocabulary, problem, seed, 0, 1);
  if (r.thought_error > 1e-9) return false;
  EXPECT_EQ(r.right[furthest_offset], r.asked[furthest_offset]);
  return true;
}

/// Proposition B.4 holds exactly where no node has less than 1 / (4 n), our threshold everywhere.
TEST(PaperConstants, LoseTheNodesThatCountingEdgesNames) {
  const int n = 12;
  std::vector<data::Problem> problems;
  for (int i = 0; i < 40; ++i) problems.push_back(dense_problem(seed, i, n, n));
  for (int i = 0; i < 20; ++i) problems.push_back(random_problem(seed, i, n, n));
  const data::Vocabulary vocabulary;
  const auto sizes = sizes_of(problems, 1);
  for (const auto encoding : {Encoding::sinusoidal, Encoding::rope_position}) {
    Construction<double> of_paper(choose_constants(encoding, sizes, 0, paper), vocabulary);
    Construction<double> ours(choose_constants(encoding, sizes), vocabulary);
    int lost = 0;
    for (const auto& problem : problems) {
      const bool below = lightest_node(problem.graph, problem.root).is_below_paper(n);
      EXPECT_EQ(is_exact(of_paper, vocabulary, problem), !below);
      EXPECT_TRUE(is_exact(ours, vocabulary, problem));
      lost += below;
    }
    EXPECT_GT(lost, 10);
    EXPECT_LT(lost, 50);
  }
}

TEST(PaperConstants, KeepTheAnswerTokenInTheOutput) {
  const auto problem = clique_problem(3, 1);  // 6 nodes, V_1 = {0, 1, 2}
  const data::Vocabulary vocabulary;
  Construction<double> construction(
      choose_constants(Encoding::sinusoidal, sizes_of({problem}, 1), 0, paper), vocabulary);
  construction.append(vocabulary.eos());
  for (const auto& [s, t] : problem.graph.edges)
    for (const auto token : {s, t, vocabulary.bar()}) construction.append(token);
  for (const auto token : {vocabulary.question(), 2, 4, vocabulary.root(), problem.root})
    construction.append(token);
  construction.append(construction.output().thought);
  construction.append(vocabulary.answer());
  const double one = 1 / std::sqrt(3 + 5.0);  // |V_C| + 5
  const std::vector<std::pair<int, double>> expected{
      {0, one}, {1, one}, {2, 2 * one}, {4, one}, {vocabulary.answer(), one}};
  const auto logits = construction.output().thought;
  ASSERT_EQ(logits.size(), expected.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    EXPECT_EQ(logits[i].token, expected[i].first);
    EXPECT_NEAR(logits[i].weight, expected[i].second, 1e-12);
  }
}

TEST(LightestNode, IsTheTailOfAClique) {
  const auto problem = clique_problem(5, 1);
  EXPECT_EQ(problem.graph.n_nodes, 7);
  const auto lightest = lightest_node(problem.graph, problem.root);
  EXPECT_EQ(lightest.node, 5);
  EXPECT_EQ(lightest.into, 1);
  EXPECT_EQ(lightest.attended, 21);
  EXPECT_DOUBLE_EQ(lightest.weight(), 1 / (21 * std::sqrt(3.0)));
  EXPECT_TRUE(lightest.is_below_paper(7));
  EXPECT_FALSE(lightest.is_below_paper(10));
}

TEST(DenseGraphs, AreOfBothKindsAndEveryDensity) {
  std::size_t fewest = 1000, most = 0;
  for (int i = 0; i < 40; ++i) {
    const auto problem = dense_problem(seed, i, 10, 10);
    const auto edges = problem.graph.edges.size();
    fewest = std::min(fewest, edges);
    most = std::max(most, edges);
    EXPECT_LT(problem.distance[problem.neg_target], 0);
    for (const auto& [s, t] : problem.graph.edges) EXPECT_NE(s, t);
    EXPECT_EQ(dense_problem(seed, i, 10, 10).graph.edges, problem.graph.edges);
  }
  EXPECT_LT(fewest, 20);
  EXPECT_GT(most, 60);
}

}  // namespace
}  // namespace superpose::theory
