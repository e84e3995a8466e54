#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "small_models.hpp"

namespace superpose::model {
namespace {

constexpr std::int32_t no_stop = -1;

std::vector<Sequence> prompts() {
  return {random_sequence(1, 4, 0, 0), random_sequence(2, 9, 0, 0), random_sequence(3, 1, 0, 0),
          random_sequence(4, 6, 0, 0)};
}

/// One prompt alone, one token at a time.
Tokens decode_alone(Coconut<double>& model, Sequence prompt, int n_tokens) {
  Tokens continuation;
  for (int n = 0; n < n_tokens; ++n) {
    prompt.targets.clear();
    const auto logits = logits_of(model, {with_last_target(prompt, {})});
    const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
    continuation.push_back(static_cast<std::int32_t>(best));
    prompt.tokens.push_back(continuation.back());
  }
  return continuation;
}

TEST(TargetLogits, AreByConsecutiveSequenceAndPosition) {
  auto model = random_model<double>(small_options());
  const auto sequences = mixed_sequences();
  const auto together = logits_of(model, sequences);
  std::size_t next = 0;
  for (const auto& sequence : sequences)
    for (const auto& target : sequence.targets) {
      auto alone = sequence;
      alone.targets = {target};
      const auto row = logits_of(model, {alone});
      ASSERT_LE(next + row.size(), together.size());
      const auto begin = together.begin() + static_cast<long>(next);
      const Numbers here(begin, begin + static_cast<long>(row.size()));
      EXPECT_LT(largest_difference(here, row), 1e-12);
      next += row.size();
    }
  EXPECT_EQ(next, together.size());
}

TEST(DecodeGreedily, EqualsStepwiseArgmaxOfEachPromptAlone) {
  auto model = random_model<double>(small_options());
  const auto continuations = decode_greedily(model, prompts(), 6, no_stop);
  std::set<std::int32_t> seen;
  ASSERT_EQ(continuations.size(), prompts().size());
  for (std::size_t p = 0; p < continuations.size(); ++p) {
    const auto& tokens = continuations[p].tokens;
    EXPECT_EQ(tokens, decode_alone(model, prompts()[p], 6)) << p;
    seen.insert(tokens.begin(), tokens.end());
  }
  EXPECT_GT(seen.size(), 3U) << "the model says the same whatever it reads";
}

TEST(DecodeGreedily, EndsEachContinuationBeforeTheStopToken) {
  auto model = random_model<double>(small_options());
  const auto whole = decode_greedily(model, prompts(), 6, no_stop);
  const auto stop_token = whole[1].tokens[2];
  const auto stopped = decode_greedily(model, prompts(), 6, stop_token);
  for (std::size_t p = 0; p < whole.size(); ++p) {
    const auto& tokens = whole[p].tokens;
    const auto end = std::find(tokens.begin(), tokens.end(), stop_token);
    EXPECT_EQ(stopped[p].tokens, Tokens(tokens.begin(), end)) << p;
    EXPECT_EQ(stopped[p].logits.size(), stopped[p].tokens.size() + (end != tokens.end())) << p;
  }
  EXPECT_LT(stopped[1].tokens.size(), 6U);
}

TEST(DecodeGreedily, KeepsTheLogitsEachTokenWasTheLargestOf) {
  auto model = random_model<double>(small_options());
  for (const auto& [tokens, logits] : decode_greedily(model, prompts(), 6, no_stop)) {
    ASSERT_EQ(logits.size(), tokens.size());
    for (std::size_t i = 0; i < tokens.size(); ++i)
      EXPECT_EQ(std::max_element(logits[i].begin(), logits[i].end()) - logits[i].begin(),
                tokens[i]);
  }
}

TEST(DecodeGreedily, StopsAtTheLastPositionTheModelHas) {
  auto options = small_options();
  options.n_positions = 10;
  auto model = random_model<double>(options);
  const auto continuations = decode_greedily(model, prompts(), 6, no_stop);
  EXPECT_EQ(continuations[0].tokens, decode_alone(model, prompts()[0], 6));
  EXPECT_EQ(continuations[1].tokens, decode_alone(model, prompts()[1], 2));  // 10 and 11 of 10
}

TEST(DecodeGreedily, NoTokensAskedForNoneGiven) {
  auto model = random_model<double>(small_options());
  for (const auto& continuation : decode_greedily(model, prompts(), 0, no_stop)) {
    EXPECT_THAT(continuation.tokens, testing::IsEmpty());
    EXPECT_THAT(continuation.logits, testing::IsEmpty());
  }
}

}  // namespace
}  // namespace superpose::model
