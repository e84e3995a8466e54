/// The model with operands of bfloat16 beside the same model in float: as close as 8 significant
/// bits allow, and no closer.

#include <gtest/gtest.h>

#include "kokkos_kernels/linear.hpp"
#include "small_models.hpp"

namespace superpose::model {
namespace {

constexpr double one_rounding = 1.0 / 256;  // of bfloat16, relative

/// |a - b| / |b| in the Euclidean norm.
double relative_distance(const Numbers& a, const Numbers& b) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return std::sqrt(difference / norm);
}

struct Results {
  Numbers logits, thoughts, gradient;
};

template <class X>
Results results_of(const Gpt2Options& options, const Pass& pass) {
  auto model = random_model<X>(options);
  Results results;
  results.gradient = gradient_of(model, mixed_sequences(), pass);
  results.logits = logits_of(model, mixed_sequences(), pass);
  const auto hidden = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), model.hidden());
  results.thoughts = Numbers(hidden.data(), hidden.data() + hidden.size());
  return results;
}

void expect_rounded(const Numbers& bf16, const Numbers& f32, double n_roundings) {
  ASSERT_EQ(bf16.size(), f32.size());
  EXPECT_LT(relative_distance(bf16, f32), n_roundings * one_rounding);
  EXPECT_GT(relative_distance(bf16, f32), one_rounding / 16) << "products were not of bfloat16";
}

void compare(const Gpt2Options& options, const Pass& pass) {
  const auto bf16 = results_of<bfloat16>(options, pass), f32 = results_of<float>(options, pass);
  expect_rounded(bf16.thoughts, f32.thoughts, 4);
  expect_rounded(bf16.logits, f32.logits, 4);
  expect_rounded(bf16.gradient, f32.gradient, 16);
}

TEST(Precision, Bfloat16StaysWithinItsRoundings) {
  compare(small_options(), Pass{});
}

TEST(Precision, DropoutDrawsTheSame) {
  compare(with_dropout(small_options(), 0.2, 0.2, 0.2), Pass{true, 3, 1});
}

TEST(Precision, MakeNetworkFollowsTheOption) {
  auto options = small_options();
  const auto logits = [&](Precision precision) {
    options.precision = precision;
    const auto model = make_network(options);
    randomise(model->parameters());
    return logits_of(*model, mixed_sequences());
  };
  auto f32 = random_model<float>(options);
  auto bf16 = random_model<bfloat16>(options);
  EXPECT_EQ(logits(Precision::f32), logits_of(f32, mixed_sequences()));
  EXPECT_EQ(logits(Precision::bf16), logits_of(bf16, mixed_sequences()));
  if (kernels::has_tf32_products()) {
    EXPECT_NE(logits(Precision::tf32), logits(Precision::f32));
  } else {
    EXPECT_EQ(logits(Precision::tf32), logits(Precision::f32));
  }
}

TEST(Precision, ChangedParametersAreTakenUp) {
  auto model = random_model<bfloat16>(small_options());
  const auto before = logits_of(model, mixed_sequences());
  Kokkos::deep_copy(model.parameters().h[0].c_fc_weight, 0.25F);
  const auto after = logits_of(model, mixed_sequences());
  auto fresh = random_model<bfloat16>(small_options());
  Kokkos::deep_copy(fresh.parameters().h[0].c_fc_weight, 0.25F);
  EXPECT_NE(before, after);
  EXPECT_EQ(after, logits_of(fresh, mixed_sequences()));
}

}  // namespace
}  // namespace superpose::model
