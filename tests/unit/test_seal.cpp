#include <gmock/gmock.h>

#include <cmath>

#include "core/error.hpp"
#include "io/seal.hpp"
#include "small_files.hpp"

namespace superpose::io {
namespace {

class SealedFile : public SmallFiles {
 protected:
  SealedFile() : path_(at("file")) {
    replace_contents(path_, std::string(5000, 'a'));
    append_seal(path_, {17, 0.1 + 0.2});
  }
  std::string path_;
};

TEST_F(SealedFile, IsIntactAndTellsItsStepAndScore) {
  EXPECT_EQ(check_seal(path_), SealState::intact);
  const auto seal = read_seal(path_);
  ASSERT_TRUE(seal.has_value());
  EXPECT_EQ(seal->step, 17);
  EXPECT_EQ(seal->score, 0.1 + 0.2);
}

TEST_F(SealedFile, EndsWithALineThatAPersonCanRead) {
  const auto text = contents(path_);
  ASSERT_EQ(text.size(), 5000 + seal_bytes);
  EXPECT_THAT(text.substr(5000), testing::StartsWith("superpose seal 1 bytes=5000 step=17 score="));
  EXPECT_EQ(text.back(), '\n');
}

TEST_F(SealedFile, IsTheSameInMemory) {
  std::vector<std::byte> memory(5000, std::byte{'a'});
  append_seal(memory, {17, 0.1 + 0.2});
  const auto* text = reinterpret_cast<const char*>(memory.data());
  EXPECT_EQ(std::string(text, memory.size()), contents(path_));
}

TEST_F(SealedFile, NoBitOfItMayChange) {
  const auto good = contents(path_);
  for (std::size_t bit = 0; bit < 8 * good.size(); bit += bit < 8 * 5000 ? 997 : 1) {
    auto bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    replace_contents(path_, bad);
    ASSERT_NE(check_seal(path_), SealState::intact) << "bit " << bit;
  }
}

TEST_F(SealedFile, NoByteOfItMayBeMissingOrAdded) {
  const auto good = contents(path_);
  for (const std::size_t size :
       {good.size() - 1, std::size_t{5000}, std::size_t{1}, std::size_t{0}}) {
    replace_contents(path_, good.substr(0, size));
    EXPECT_NE(check_seal(path_), SealState::intact) << size;
    EXPECT_FALSE(read_seal(path_).has_value()) << size;
  }
  replace_contents(path_, "a" + good);
  EXPECT_EQ(check_seal(path_), SealState::broken);
}

TEST_F(SealedFile, MayHaveNoScoreAndNoContents) {
  replace_contents(path_, "");
  append_seal(path_);
  EXPECT_EQ(check_seal(path_), SealState::intact);
  EXPECT_TRUE(std::isnan(read_seal(path_)->score));
}

TEST_F(SealedFile, ThatIsMissingIsReported) {
  EXPECT_THROW(check_seal(at("none")), Error);
  EXPECT_FALSE(read_seal(at("none")).has_value());
}

}  // namespace
}  // namespace superpose::io
