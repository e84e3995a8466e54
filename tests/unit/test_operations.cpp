#include <gtest/gtest.h>

#include "model/operations.hpp"
#include "small_models.hpp"

namespace superpose::model {
namespace {

/// Tokens 1 2 3, latents at 3 and 4, token 9 with a target: 6 rows at positions 0..5. Outputs are
/// the rows at 2 and 3, which become thoughts, and at 5.
PackedBatch six_rows_three_outputs() {
  return pack({{50, {1, 2, 3, 0, 0, 9}, 3, 2, true, {{5, {7}}}}});
}

TEST(Operations, OfOneLayerByHand) {
  auto options = small_options(1);
  options.n_embd = 6;
  options.vocab_size = 11;
  const double keys_values = 6 * (6 * 12), queries = 3 * (6 * 6), projection = 3 * (6 * 6);
  const double mlp = 3 * (6 * 24 + 24 * 6);
  const double scores = (3 + 4 + 6) * 6, weighted_sum = scores;  // keys of the outputs at 2, 3, 5
  const double logits = 3 * (6 * 11);
  EXPECT_EQ(forward_operations(options, six_rows_three_outputs()),
            2 * (keys_values + queries + projection + mlp + scores + weighted_sum + logits));
}

TEST(Operations, OfALayerBeforeTheLastByHand) {
  auto two = small_options(2), three = small_options(3);
  two.n_embd = three.n_embd = 6;
  const double linear = 6 * (6 * 18 + 6 * 6 + 6 * 24 + 24 * 6);
  const double attention = 2 * (1 + 2 + 3 + 4 + 5 + 6) * 6;
  const auto batch = six_rows_three_outputs();
  EXPECT_EQ(forward_operations(three, batch) - forward_operations(two, batch),
            2 * (linear + attention));
}

/// So the count of a global batch is that of its leaves.
TEST(Operations, AddUpOverTheParts) {
  const auto options = small_options();
  double sum = 0;
  for (const auto& sequence : mixed_sequences())
    sum += forward_operations(options, pack({sequence}));
  EXPECT_EQ(forward_operations(options, pack(mixed_sequences())), sum);
}

TEST(Operations, BackwardNeedsTwoProductsForEachOfForward) {
  const auto batch = six_rows_three_outputs();
  EXPECT_EQ(training_operations(small_options(), batch),
            3 * forward_operations(small_options(), batch));
}

}  // namespace
}  // namespace superpose::model
