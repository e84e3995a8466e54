#include <gtest/gtest.h>

#include <vector>

#include "distributed/block_exchange.hpp"

namespace superpose::distributed {
namespace {

class BlocksOfRanks : public testing::TestWithParam<ExchangePath> {};

/// Rank r has r + 2 elements, but rank 1 has none; twice, since the copy is kept.
TEST_P(BlocksOfRanks, AreCompleteEverywhere) {
  const Communicator world(MPI_COMM_WORLD);
  BlockExchange<float> exchange(world, GetParam());
  std::vector<int> counts;
  int n = 0;
  for (int rank = 0; rank < world.size(); ++rank) {
    counts.push_back(rank == 1 ? 0 : rank + 2);
    n += counts.back();
  }
  const Vector<float> blocks("blocks", n);
  for (int round = 1; round <= 2; ++round) {
    const auto host = Kokkos::create_mirror_view(blocks);
    std::vector<float> expected;
    for (int rank = 0; rank < world.size(); ++rank)
      for (int i = 0; i < counts[rank]; ++i) {
        const auto value = static_cast<float>(round * (100 * rank + i + 1));
        host(expected.size()) = rank == world.rank() ? value : -1;
        expected.push_back(value);
      }
    Kokkos::deep_copy(blocks, host);
    exchange.complete(blocks, counts);
    const auto all = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), blocks);
    EXPECT_EQ(std::vector<float>(all.data(), all.data() + n), expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Paths, BlocksOfRanks,
                         testing::Values(ExchangePath::direct, ExchangePath::staged));

}  // namespace
}  // namespace superpose::distributed
