#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "data/generator.hpp"
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
