#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "data/vocabulary.hpp"

namespace superpose::data {
namespace {

TEST(Vocabulary, Has40TokensWithThePublishedIds) {
  const Vocabulary vocabulary;
  EXPECT_EQ(vocabulary.size(), 40);
  EXPECT_EQ(vocabulary.n_symbols(), 31);
  EXPECT_EQ(vocabulary.start_latent(), 31);
  EXPECT_EQ(vocabulary.end_latent(), 32);
  EXPECT_EQ(vocabulary.latent(), 33);
  EXPECT_EQ(vocabulary.bar(), 34);
  EXPECT_EQ(vocabulary.question(), 35);
  EXPECT_EQ(vocabulary.root(), 36);
  EXPECT_EQ(vocabulary.answer(), 37);
  EXPECT_EQ(vocabulary.eos(), 38);
  EXPECT_EQ(vocabulary.no_answer(), 39);
}

TEST(Vocabulary, NamesItsTokens) {
  const Vocabulary vocabulary;
  EXPECT_EQ(vocabulary.name(0), "0");
  EXPECT_EQ(vocabulary.name(30), "30");
  std::vector<std::string> special;
  for (int token = 31; token < 40; ++token) special.push_back(vocabulary.name(token));
  EXPECT_THAT(special, testing::ElementsAre("<|start-latent|>", "<|end-latent|>", "<|latent|>", "|",
                                            "[Q]", "[R]", "[A]", "<eos>", "<|no-answer|>"));
}

TEST(Vocabulary, KeepsItsFormWhenLarger) {
  const Vocabulary vocabulary(100);
  EXPECT_EQ(vocabulary.n_symbols(), 91);
  EXPECT_EQ(vocabulary.name(90), "90");
  EXPECT_EQ(vocabulary.name(91), "<|start-latent|>");
  EXPECT_EQ(vocabulary.name(vocabulary.answer()), "[A]");
  EXPECT_EQ(vocabulary.name(99), "<|no-answer|>");
}

TEST(Vocabulary, RejectsFewerThan40Tokens) {
  try {
    Vocabulary(39);
    FAIL() << "39 tokens were accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), testing::HasSubstr("model.vocab_size = 39"));
  }
}

TEST(Vocabulary, GrowsBeyond31Nodes) {
  EXPECT_EQ(smallest_vocab_size(14), 40);
  EXPECT_EQ(smallest_vocab_size(31), 40);
  EXPECT_EQ(smallest_vocab_size(32), 41);
  EXPECT_NO_THROW(check_fits(32, Vocabulary(smallest_vocab_size(32))));
}

TEST(Vocabulary, SaysWhichSizeALargerGraphNeeds) {
  EXPECT_NO_THROW(check_fits(31, Vocabulary(40)));
  try {
    check_fits(60, Vocabulary(40));
    FAIL() << "60 nodes were accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::data);
    EXPECT_THAT(error.what(), testing::HasSubstr("60 nodes"));
    EXPECT_THAT(error.what(), testing::HasSubstr("model.vocab_size = 69 or more"));
  }
}

}  // namespace
}  // namespace superpose::data
