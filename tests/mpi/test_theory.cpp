#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "data/generator.hpp"
#include "theory/lightest_node.hpp"
#include "theory/over_ranks.hpp"
#include "theory/random_graphs.hpp"
#include "theory/sgd_full_matrix.hpp"
#include "theory/verify_construction.hpp"

namespace superpose::theory {
namespace {

const distributed::Communicator& world() {
  static const distributed::Communicator communicator(MPI_COMM_WORLD);
  return communicator;
}

TEST(OverRanks, GivesEveryCountInOrder) {
  for (const std::uint64_t count : {0, 1, 2, 3, 7, 16}) {
    const auto squares = over_ranks(world(), count, [](std::uint64_t i) { return i * i; });
    ASSERT_EQ(squares.size(), count);
    for (std::uint64_t i = 0; i < count; ++i) EXPECT_EQ(squares[i], i * i);
  }
}

/// What one rank computes alone, bit for bit.
template <class Work>
void expect_same_bits(std::uint64_t count, Work&& work) {
  const auto together = over_ranks(world(), count, work);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto alone = work(i);
    EXPECT_EQ(std::memcmp(&alone, &together[i], sizeof alone), 0) << "item " << i;
  }
}

TEST(OverRanks, DescentOnWHasTheSameBits) {
  std::vector<data::Problem> problems;
  for (int i = 0; i < 4; ++i) problems.push_back(data::generate_problem({}, i).problem);
  const SgdSettings settings{Loss::coconut, 30, 30, 4, 0.1, 3};
  expect_same_bits(5, [&](std::uint64_t i) { return sgd_full_matrix(problems, settings, i); });
}

/// The search over bits, on any number of ranks, against a search over lists of edges.
TEST(SearchAll, FindsWhatCountingEdgesFinds) {
  const SmallGraphs kind{4, 1, 0};
  const auto found = search_all(kind, world());
  std::int64_t failing = 0, fewest = 100;
  std::uint64_t example = 0;
  for (std::uint64_t code = 0; code < 1ULL << kind.places(); ++code) {
    const auto graph = graph_of(kind, code);
    const auto edges = static_cast<std::int64_t>(graph.edges.size());
    if (!lightest_node(graph, 0).is_below_paper(4)) continue;
    ++failing;
    if (edges < fewest) example = code;
    fewest = std::min(fewest, edges);
  }
  EXPECT_GT(failing, 0);
  EXPECT_EQ(found.failing, failing);
  EXPECT_EQ(found.fewest_edges, fewest);
  EXPECT_EQ(found.example, example);
}

TEST(OverRanks, TheConstructionHasTheSameBits) {
  const Sizes sizes{12, 40, 160};
  const data::Vocabulary vocabulary;
  Construction<float> construction(choose_constants(Encoding::sinusoidal, sizes), vocabulary);
  const auto work = [&](std::uint64_t i) {
    const auto r =
        verify_construction(construction, vocabulary, random_problem(1, i, 6, 12), 1, i, 1);
    return std::array<double, 3>{r.thought_error, r.smallest_reachable, r.largest_other};
  };
  expect_same_bits(7, work);
}

}  // namespace
}  // namespace superpose::theory
