/// Gradients through the chain of thoughts: finite differences, accumulation, and when they are
/// final. Equality with PyTorch is the business of regression/test_fidelity.cpp.

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "small_models.hpp"

namespace superpose::model {
namespace {

constexpr double double_tolerance = 1e-12;

// --- finite differences -------------------------------------------------------------------------

/// Uniform in [-1, 1), zero in the padding, of Euclidean length 1 within one parameter.
Numbers direction_in(const ParameterInfo& info, std::size_t n, std::uint64_t id) {
  RandomStream random(3, Purpose::analysis, id);
  Numbers direction(n, 0.0);
  double squares = 0;
  for (std::size_t i = info.offset; i < info.offset + info.size(); ++i) {
    direction[i] = 2 * random.uniform() - 1;
    squares += direction[i] * direction[i];
  }
  for (double& d : direction) d /= std::sqrt(squares);
  return direction;
}

double loss_at(Coconut<double>& model, const PackedBatch& batch, const Pass& pass,
               const Numbers& parameters) {
  const auto flat = model.parameters().flat;
  const auto host = Kokkos::create_mirror(flat);
  std::copy(parameters.begin(), parameters.end(), host.data());
  Kokkos::deep_copy(flat, host);
  model.forward(batch, pass);
  return model.loss(batch).sum;
}

/// Central difference of fourth order of the sum of losses along a direction.
double slope(Coconut<double>& model, const PackedBatch& batch, const Pass& pass,
             const Numbers& centre, const Numbers& direction) {
  constexpr double h = 2e-3;
  const auto at = [&](double step) {
    Numbers moved = centre;
    for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += step * direction[i];
    return loss_at(model, batch, pass, moved);
  };
  return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
}

/// In every parameter of the model, along a random direction.
void expect_gradient_is_slope(const Gpt2Options& options, const std::vector<Sequence>& sequences,
                              const Pass& pass) {
  auto model = random_model<double>(options);
  const auto gradient = gradient_of(model, sequences, pass);
  const auto centre = host_numbers(model.parameters().flat);
  const auto batch = pack(sequences);
  for (std::size_t p = 0; p < model.parameters().list.size(); ++p) {
    const auto& info = model.parameters().list[p];
    const auto direction = direction_in(info, centre.size(), p);
    double along = 0, length = 0;
    for (std::size_t i = info.offset; i < info.offset + info.size(); ++i) {
      along += gradient[i] * direction[i];
      length += gradient[i] * gradient[i];
    }
    EXPECT_GT(length, 0) << info.name;
    EXPECT_NEAR(along, slope(model, batch, pass, centre, direction), 1e-6 * std::sqrt(length))
        << info.name;
  }
}

TEST(ThoughtsGradient, WithDropoutAndTwoThoughts) {
  const std::vector<Sequence> sequences = {with_last_target(random_sequence(3, 7, 2, 0), {4}),
                                           with_last_target(random_sequence(9, 5, 2, 1), {7, 2})};
  expect_gradient_is_slope(dropout_options(), sequences, training);
}

TEST(ThoughtsGradient, OfAMixedBatchWithDropoutUntied) {
  auto options = dropout_options(3);
  options.tied = false;
  expect_gradient_is_slope(options, mixed_sequences(), training);
}

TEST(ThoughtsGradient, OfOneLayer) {
  expect_gradient_is_slope(small_options(1), mixed_sequences(), {});
  expect_gradient_is_slope(dropout_options(1), mixed_sequences(), training);
}

// --- accumulation and memory --------------------------------------------------------------------

TEST(ThoughtsGradient, AccumulatesOverCalls) {
  auto model = random_model<double>(small_options());
  const auto sequences = mixed_sequences();
  const std::vector<Sequence> first(sequences.begin(), sequences.begin() + 2);
  const std::vector<Sequence> second(sequences.begin() + 2, sequences.end());
  Parameters<double> gradients(model.options(), "gradients");
  add_gradient(model, first, {}, gradients);
  add_gradient(model, second, {}, gradients);
  const auto whole = gradient_of(model, sequences);
  EXPECT_LT(largest_difference(host_numbers(gradients.flat), whole),
            double_tolerance * largest_magnitude(whole));
}

TEST(ThoughtsGradient, MayBeTakenTwice) {
  auto model = random_model<double>(small_options());
  const auto batch = pack(mixed_sequences());
  model.forward(batch, {});
  model.loss(batch);
  Parameters<double> first(model.options(), "first"), second(model.options(), "second");
  model.backward(batch, {}, first);
  model.backward(batch, {}, second);
  EXPECT_EQ(host_numbers(first.flat), host_numbers(second.flat));
}

TEST(ThoughtsGradient, IsZeroWhereNothingWasRead) {
  auto options = small_options();
  options.tied = false;
  auto model = random_model<double>(options);
  Parameters<double> gradients(options, "gradients");
  add_gradient(model, mixed_sequences(), {}, gradients);
  const auto wte = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), gradients.wte);
  const auto wpe = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), gradients.wpe);
  for (int c = 0; c < options.n_embd; ++c) {
    EXPECT_EQ(wte(20, c), 0);  // no sequence has this token
    EXPECT_NE(wpe(13, c), 0);  // the last position of the longest
    EXPECT_EQ(wpe(14, c), 0);
  }
}

/// What a listener was told, and the gradients it could read then.
struct Notice {
  std::size_t first;
  Numbers gradients;
};

std::vector<Notice> notices_of(Coconut<double>& model, Parameters<double>& gradients) {
  const auto batch = pack(mixed_sequences());
  std::vector<Notice> notices;
  model.forward(batch, training);
  model.loss(batch);
  model.backward(batch, training, gradients, [&](std::size_t first) {
    notices.push_back({first, host_numbers(gradients.flat)});
  });
  return notices;
}

TEST(GradientListener, IsToldOfFinalGradientsFromTheLastToTheFirst) {
  for (const bool tied : {false, true}) {
    auto options = dropout_options(3);
    options.tied = tied;
    auto model = random_model<double>(options);
    Parameters<double> gradients(options, "gradients");
    const auto notices = notices_of(model, gradients);
    const auto result = host_numbers(gradients.flat);
    ASSERT_GT(notices.size(), 3U);
    EXPECT_EQ(notices.back().first, 0U);
    EXPECT_LT(notices.front().first, result.size());
    std::size_t before = result.size();
    for (const auto& [first, seen] : notices) {
      EXPECT_LE(first, before);
      before = first;
      for (std::size_t i = first; i < result.size(); ++i) ASSERT_EQ(seen[i], result[i]) << i;
    }
  }
}

}  // namespace
}  // namespace superpose::model
