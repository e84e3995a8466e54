#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "data/expand.hpp"
#include "small_training.hpp"
#include "train/batch_gradient.hpp"

namespace superpose::train {
namespace {

using Floats = std::vector<float>;
using Batch = std::vector<std::uint32_t>;
using distributed::Communicator;

constexpr BatchKey test_key = {1, 4};

struct Computed {
  Floats gradient;
  BatchSums sums;
};

Floats to_host(const Vector<const float>& device) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), device);
  return Floats(host.data(), host.data() + host.extent(0));
}

/// Every third problem backwards: a batch is any list of problems.
Batch test_batch(int n) {
  Batch batch;
  for (int i = n - 1; i >= 0; --i) batch.push_back(3U * static_cast<std::uint32_t>(i));
  return batch;
}

Computed compute(const RunOptions& options, MPI_Comm handle, const Batch& batch,
                 BatchKey key = test_key, bool stop_here = false) {
  const auto problems = small_problems(48);
  auto model = small_model(options);
  const Communicator communicator(handle);
  BatchGradient gradient(options, problems, communicator, model);
  TimeTable times;
  const auto result = to_host(gradient.compute(batch, key, stop_here, times));
  return {result, gradient.sums()};
}

/// The whole batch in one pass, without leaves.
Computed in_one_pass(const RunOptions& options, const Batch& batch) {
  const auto problems = small_problems(48);
  const data::Vocabulary vocabulary(options.model.vocab_size);
  auto model = small_model(options);
  std::vector<Sequence> sequences;
  for (const auto index : batch)
    sequences.push_back(data::expand(problems[index], index, test_key.stage, test_key.epoch,
                                     options.method, vocabulary, options.train.seed));
  const auto packed = model::pack(sequences);
  const model::Pass pass{true, options.train.seed, test_key.epoch};
  model.forward(packed, pass);
  const auto loss = model.loss(packed);
  model::Parameters<float> gradients(options.model, "gradients");
  model.backward(packed, pass, gradients);
  return {to_host(gradients.flat), {loss.sum, loss.count, packed.n_rows, 0}};
}

double norm(const Floats& values) {
  double sum = 0;
  for (const double v : values) sum += v * v;
  return std::sqrt(sum);
}

/// |a - b| / |b|
double relative_difference(const Floats& a, const Floats& b) {
  Floats difference = a;
  for (std::size_t i = 0; i < b.size(); ++i) difference[i] -= b[i];
  return norm(difference) / norm(b);
}

TEST(BatchGradientTest, SameBitsOnEveryNumberOfRanks) {
  for (const auto method : {data::Method::coconut, data::Method::cot}) {
    const auto options = small_run(method);
    const auto here = compute(options, MPI_COMM_SELF, test_batch(14));
    const auto everywhere = compute(options, MPI_COMM_WORLD, test_batch(14));
    EXPECT_GT(norm(here.gradient), 0.1);
    EXPECT_EQ(everywhere.gradient, here.gradient);
    EXPECT_EQ(everywhere.sums.loss, here.sums.loss);
    EXPECT_EQ(everywhere.sums.labels, here.sums.labels);
    EXPECT_EQ(everywhere.sums.tokens, here.sums.tokens);
  }
}

TEST(BatchGradientTest, IsTheGradientOfTheWholeBatch) {
  const auto options = small_run();
  const auto expected = in_one_pass(options, test_batch(14));
  const auto actual = compute(options, MPI_COMM_WORLD, test_batch(14));
  EXPECT_LT(relative_difference(actual.gradient, expected.gradient), 1e-5);
  EXPECT_NEAR(actual.sums.loss, expected.sums.loss, 1e-5 * expected.sums.loss);
  EXPECT_EQ(actual.sums.labels, 14);
  EXPECT_EQ(actual.sums.labels, expected.sums.labels);
  EXPECT_EQ(actual.sums.tokens, expected.sums.tokens);
}

TEST(BatchGradientTest, AccumulationChangesNoMoreThanRounding) {
  auto options = small_run();
  const auto once = compute(options, MPI_COMM_WORLD, test_batch(14));
  for (const int accumulation : {2, 3, 7}) {  // 7: more passes than a leaf has problems
    options.train.accumulation = accumulation;
    const auto several = compute(options, MPI_COMM_WORLD, test_batch(14));
    EXPECT_LT(relative_difference(several.gradient, once.gradient), 1e-5);
    EXPECT_EQ(several.sums.labels, once.sums.labels);
    EXPECT_EQ(several.sums.tokens, once.sums.tokens);
  }
}

TEST(BatchGradientTest, ABatchMayBeSmallerThanTheNumberOfLeaves) {
  const auto options = small_run();
  const auto expected = in_one_pass(options, test_batch(2));
  const auto actual = compute(options, MPI_COMM_WORLD, test_batch(2));
  EXPECT_LT(relative_difference(actual.gradient, expected.gradient), 1e-5);
  EXPECT_EQ(actual.sums.labels, 2);
}

TEST(BatchGradientTest, LeavesNothingBehindForTheNextStep) {
  const auto options = small_run();
  const auto problems = small_problems(48);
  auto model = small_model(options);
  const Communicator world(MPI_COMM_WORLD);
  BatchGradient gradient(options, problems, world, model);
  TimeTable times;
  gradient.compute(test_batch(9), {0, 1}, true, times);
  const auto second = to_host(gradient.compute(test_batch(14), test_key, false, times));
  EXPECT_EQ(second, compute(options, MPI_COMM_WORLD, test_batch(14)).gradient);
  EXPECT_EQ(gradient.sums().labels, 14);
  EXPECT_EQ(gradient.sums().stop, 0);
  EXPECT_GT(gradient.reduction().exposed_seconds(), 0);
  EXPECT_GT(gradient.reduction().overlapped_seconds(), 0);
  EXPECT_EQ(times.entries().count("forward"), 1U);
}

TEST(BatchGradientTest, SameBitsWheneverItIsExchanged) {
  for (const int accumulation : {1, 2}) {
    auto options = small_run();
    options.train.accumulation = accumulation;
    const auto problems = small_problems(48);
    auto model = small_model(options);
    BatchGradient gradient(options, problems, Communicator(MPI_COMM_WORLD), model);
    TimeTable times;
    for (const int n : {14, 2}) {  // 2: leaves without a problem
      gradient.set_exchange(Exchange::after_backward);
      const auto after = to_host(gradient.compute(test_batch(n), test_key, false, times));
      gradient.set_exchange(Exchange::during_backward);
      EXPECT_EQ(to_host(gradient.compute(test_batch(n), test_key, false, times)), after);
    }
  }
}

/// Four steps as in an epoch that ends after two, with what a run may announce: what follows, what
/// does not (a run that is stopped and asked for another batch), and nothing.
std::vector<Floats> announced_steps(const RunOptions& options, Preparation preparation) {
  const auto problems = small_problems(48);
  auto model = small_model(options);
  BatchGradient gradient(options, problems, Communicator(MPI_COMM_WORLD), model, preparation);
  TimeTable times;
  std::vector<Floats> results;
  const auto step = [&](int n, BatchKey key) {
    results.push_back(to_host(gradient.compute(test_batch(n), key, false, times)));
  };
  gradient.announce(test_batch(2), test_key);  // leaves without a problem
  step(14, test_key);
  step(2, test_key);
  gradient.announce(test_batch(14), {0, 5});
  step(9, {2, 5});
  step(14, {2, 5});
  return results;
}

TEST(BatchGradientTest, SameBitsWhenPreparedAhead) {
  for (const int accumulation : {1, 3}) {
    auto options = small_run();
    options.train.accumulation = accumulation;
    EXPECT_EQ(announced_steps(options, Preparation::ahead),
              announced_steps(options, Preparation::when_needed));
  }
}

TEST(BatchGradientTest, DependsOnEpochAndStage) {
  const auto options = small_run();
  std::set<double> losses;
  for (const BatchKey key : {BatchKey{1, 4}, BatchKey{1, 5}, BatchKey{2, 4}})
    losses.insert(compute(options, MPI_COMM_WORLD, test_batch(14), key).sums.loss);
  EXPECT_EQ(losses.size(), 3U);
}

TEST(BatchGradientTest, OneRankAskedToStopIsKnownToAll) {
  const Communicator world(MPI_COMM_WORLD);
  for (int asked = 0; asked < world.size(); ++asked) {
    const auto computed =
        compute(small_run(), MPI_COMM_WORLD, test_batch(14), test_key, world.rank() == asked);
    EXPECT_GT(computed.sums.stop, 0) << "rank " << asked;
  }
  EXPECT_EQ(compute(small_run(), MPI_COMM_WORLD, test_batch(14)).sums.stop, 0);
}

}  // namespace
}  // namespace superpose::train
