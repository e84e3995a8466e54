#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "distributed/communicator.hpp"

namespace superpose::distributed {
namespace {

struct Record {
  int rank;
  double value;
};

std::string text_of(int rank) {
  return std::string(rank, 'x') + std::to_string(rank);
}

TEST(Communicator, KnowsItsRankAndSize) {
  const Communicator world(MPI_COMM_WORLD);
  EXPECT_GE(world.rank(), 0);
  EXPECT_LT(world.rank(), world.size());
  EXPECT_EQ(world.handle(), MPI_COMM_WORLD);
}

TEST(Communicator, AgreesOnlyIfEveryRankDoes) {
  const Communicator world(MPI_COMM_WORLD);
  EXPECT_TRUE(world.all_agree(true));
  EXPECT_FALSE(world.all_agree(false));
  for (int dissenter = 0; dissenter < world.size(); ++dissenter)
    EXPECT_FALSE(world.all_agree(world.rank() != dissenter));
}

TEST(Communicator, BroadcastsTextOfAnyRank) {
  const Communicator world(MPI_COMM_WORLD);
  for (int root = 0; root < world.size(); ++root)
    EXPECT_EQ(world.broadcast(text_of(world.rank()), root), text_of(root));
  EXPECT_EQ(world.broadcast(world.rank() == 0 ? "" : "ignored"), "");
  const std::string with_zeros("a\0b", 3);
  EXPECT_EQ(world.broadcast(world.rank() == 0 ? with_zeros : ""), with_zeros);
}

TEST(Communicator, BroadcastsBytes) {
  const Communicator world(MPI_COMM_WORLD);
  const int root = world.size() - 1;
  std::vector<std::int64_t> values(1000, world.rank());
  world.broadcast_bytes(values.data(), values.size() * sizeof values[0], root);
  EXPECT_EQ(values, std::vector<std::int64_t>(1000, root));
}

TEST(Communicator, GathersRecordsInRankOrder) {
  const Communicator world(MPI_COMM_WORLD);
  const auto all = world.allgather(Record{world.rank(), 0.5 * world.rank()});
  ASSERT_EQ(all.size(), static_cast<std::size_t>(world.size()));
  for (int rank = 0; rank < world.size(); ++rank) {
    EXPECT_EQ(all[rank].rank, rank);
    EXPECT_EQ(all[rank].value, 0.5 * rank);
  }
}

TEST(Communicator, GathersTextsOfDifferentLengths) {
  const Communicator world(MPI_COMM_WORLD);
  const auto all = world.allgather(world.rank() == 0 ? std::string() : text_of(world.rank()));
  ASSERT_EQ(all.size(), static_cast<std::size_t>(world.size()));
  EXPECT_EQ(all[0], "");
  for (int rank = 1; rank < world.size(); ++rank) EXPECT_EQ(all[rank], text_of(rank));
}

TEST(Communicator, GathersBlocksOfDifferentLengths) {
  const Communicator world(MPI_COMM_WORLD);
  std::vector<int> counts, expected;
  for (int rank = 0; rank < world.size(); ++rank) {
    counts.push_back(rank);  // rank 0 gives nothing
    expected.insert(expected.end(), rank, rank);
  }
  const std::vector<int> mine(world.rank(), world.rank());
  std::vector<int> all(expected.size(), -1);
  world.allgather_blocks(mine.data(), all.data(), counts, sizeof(int));
  EXPECT_EQ(all, expected);
}

TEST(Communicator, ReportsErrorsOfMpiByNameAndText) {
  const Communicator world(MPI_COMM_WORLD);
  int value = 0;
  const int code = MPI_Bcast(&value, 1, MPI_INT, world.size(), world.handle());  // no such root
  try {
    check_mpi(code, "MPI_Bcast");
    FAIL() << "the error went unnoticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::mpi);
    EXPECT_NE(std::string(error.what()).find("MPI_Bcast failed (MPI_ERR_ROOT"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace superpose::distributed
