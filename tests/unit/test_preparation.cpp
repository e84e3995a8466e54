#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "train/preparation.hpp"

namespace superpose::train {
namespace {

/// Packs a token a problem; fails where a problem is number 13.
model::HostPacking pack_tokens(const Part& part) {
  std::vector<Sequence> sequences;
  for (const auto problem : part.problems) {
    if (problem == 13) throw std::runtime_error("problem 13");
    sequences.push_back({problem, {static_cast<std::int32_t>(problem % 7)}, 1, 0, true, {}});
  }
  return model::pack_on_host(sequences);
}

const Part some = {{1, 2, 3}, {0, 1}}, other = {{4}, {0, 1}}, bad = {{12, 13}, {0, 1}};

class PartPreparationTest : public testing::Test {
 protected:
  std::atomic<int> n_calls{0};
  std::thread::id last_thread;
  PartPreparation::Prepare prepare = [this](const Part& part) {
    ++n_calls;
    last_thread = std::this_thread::get_id();
    return pack_tokens(part);
  };
};

TEST_F(PartPreparationTest, TakesWhatWasBegunOnAThread) {
  PartPreparation preparation(Preparation::ahead, prepare);
  preparation.begin(some);
  EXPECT_EQ(preparation.take(some).batch->n_rows, 3);
  EXPECT_EQ(n_calls, 1);
  EXPECT_NE(last_thread, std::this_thread::get_id());
}

TEST_F(PartPreparationTest, BeginsNothingWherePartsAreMadeWhenNeeded) {
  PartPreparation preparation(Preparation::when_needed, prepare);
  preparation.begin(some);
  EXPECT_EQ(n_calls, 0);
  EXPECT_EQ(preparation.take(some).batch->n_rows, 3);
  EXPECT_EQ(last_thread, std::this_thread::get_id());
}

TEST_F(PartPreparationTest, MakesAPartThatWasNotBegun) {
  PartPreparation preparation(Preparation::ahead, prepare);
  EXPECT_EQ(preparation.take(some).batch->n_rows, 3);
  preparation.begin(other);
  EXPECT_EQ(preparation.take(some).batch->n_rows, 3);
  preparation.begin(other);
  auto later = other;
  ++later.key.epoch;
  preparation.take(later);
  EXPECT_EQ(n_calls, 5);
}

TEST_F(PartPreparationTest, AnErrorReachesWhoTakesThePart) {
  PartPreparation preparation(Preparation::ahead, prepare);
  preparation.begin(bad);
  EXPECT_THROW(preparation.take(bad), std::runtime_error);
  EXPECT_EQ(preparation.take(some).batch->n_rows, 3);  // and goes on
}

TEST_F(PartPreparationTest, AnErrorOfAPartThatIsNotTakenIsNobodys) {
  PartPreparation preparation(Preparation::ahead, prepare);
  preparation.begin(bad);
  EXPECT_EQ(preparation.take(some).batch->n_rows, 3);
  preparation.begin(bad);  // and left to the destructor
}

}  // namespace
}  // namespace superpose::train
