#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/random.hpp"
#include "optim/optimizer.hpp"

namespace superpose::optim {
namespace {

using Numbers = std::vector<double>;

constexpr std::size_t n_parameters = 37;

OptimizerOptions test_options() {
  OptimizerOptions options;
  options.beta1 = 0.8;
  options.beta2 = 0.95;
  options.epsilon = 1e-3;  // large, so that its place in the formula shows
  options.weight_decay = 0.1;
  return options;
}

Numbers random_numbers(std::uint64_t id) {
  RandomStream random(2, Purpose::analysis, id);
  Numbers result(n_parameters);
  for (double& value : result) value = static_cast<float>(2 * random.uniform() - 1);
  return result;
}

template <class T>
Vector<T> to_device(const Numbers& numbers) {
  const Vector<T> device("numbers", numbers.size());
  const auto host = Kokkos::create_mirror(device);
  for (std::size_t i = 0; i < numbers.size(); ++i) host(i) = static_cast<T>(numbers[i]);
  Kokkos::deep_copy(device, host);
  return device;
}

template <class T>
Numbers to_host(const Vector<T>& device) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), device);
  return Numbers(host.data(), host.data() + host.extent(0));
}

/// What step number t (from 1) is given.
double scale_of(int t) {
  return 0.5 / t;
}
double rate_of(int t) {
  return 1e-2 * t;
}

template <class T>
void do_steps(Optimizer<T>& optimizer, const Vector<T>& parameters, int first, int last) {
  for (int t = first; t <= last; ++t)
    optimizer.step(to_device<T>(random_numbers(t)), scale_of(t), rate_of(t), parameters);
}

/// Loshchilov and Hutter 2019, Algorithm 2, with bias-corrected moments and the decay scaled by the
/// learning rate as PyTorch does.
Numbers plain_adamw(const OptimizerOptions& o, Numbers parameters, int n_steps) {
  Numbers m(n_parameters, 0.0), v(n_parameters, 0.0);
  for (int t = 1; t <= n_steps; ++t) {
    const auto gradient = random_numbers(t);
    for (std::size_t i = 0; i < n_parameters; ++i) {
      const double g = gradient[i] * scale_of(t);
      m[i] = o.beta1 * m[i] + (1 - o.beta1) * g;
      v[i] = o.beta2 * v[i] + (1 - o.beta2) * g * g;
      const double m_hat = m[i] / (1 - std::pow(o.beta1, t));
      const double v_hat = v[i] / (1 - std::pow(o.beta2, t));
      parameters[i] -=
          rate_of(t) * (m_hat / (std::sqrt(v_hat) + o.epsilon) + o.weight_decay * parameters[i]);
    }
  }
  return parameters;
}

template <class T>
void expect_plain_formula(double tolerance) {
  const auto parameters = to_device<T>(random_numbers(100));
  Optimizer<T> optimizer(test_options(), n_parameters, {});
  do_steps(optimizer, parameters, 1, 12);
  const auto expected = plain_adamw(test_options(), random_numbers(100), 12);
  const auto actual = to_host(parameters);
  for (std::size_t i = 0; i < n_parameters; ++i) EXPECT_NEAR(actual[i], expected[i], tolerance);
}

TEST(AdamWOptimizer, EqualsTheFormulaOverTwelveSteps) {
  expect_plain_formula<double>(1e-14);
  expect_plain_formula<float>(5e-6);
}

TEST(AdamWOptimizer, CountsItsSteps) {
  Optimizer<float> optimizer(test_options(), n_parameters, {});
  EXPECT_EQ(optimizer.steps(), 0);
  do_steps(optimizer, to_device<float>(random_numbers(100)), 1, 3);
  EXPECT_EQ(optimizer.steps(), 3);
}

/// Five steps, then the state into a new optimiser that does three more; `steps` is what that one
/// believes to have done.
Numbers continued(std::int64_t steps) {
  const auto parameters = to_device<float>(random_numbers(100));
  Optimizer<float> before(test_options(), n_parameters, {}),
      after(test_options(), n_parameters, {});
  do_steps(before, parameters, 1, 5);
  Kokkos::deep_copy(after.m(), before.m());
  Kokkos::deep_copy(after.v(), before.v());
  after.set_steps(steps);
  do_steps(after, parameters, 6, 8);
  return to_host(parameters);
}

TEST(AdamWOptimizer, ContinuesBitForBit) {
  const auto parameters = to_device<float>(random_numbers(100));
  Optimizer<float> optimizer(test_options(), n_parameters, {});
  do_steps(optimizer, parameters, 1, 8);
  EXPECT_EQ(continued(5), to_host(parameters));
  EXPECT_NE(continued(0), to_host(parameters));  // the step number is part of the state
}

TEST(AdamWOptimizer, ResetForgetsEverything) {
  const auto fresh = to_device<float>(random_numbers(100));
  const auto again = to_device<float>(random_numbers(100));
  Optimizer<float> optimizer(test_options(), n_parameters, {}),
      other(test_options(), n_parameters, {});
  do_steps(other, to_device<float>(random_numbers(101)), 1, 4);
  other.reset();
  EXPECT_EQ(other.steps(), 0);
  EXPECT_EQ(to_host(other.m()), Numbers(n_parameters, 0.0));
  EXPECT_EQ(to_host(other.v()), Numbers(n_parameters, 0.0));
  do_steps(optimizer, fresh, 1, 3);
  do_steps(other, again, 1, 3);
  EXPECT_EQ(to_host(again), to_host(fresh));
}

TEST(AdamWOptimizer, PaddingStaysZero) {
  auto parameters = random_numbers(100);
  parameters[5] = 0;
  const auto device = to_device<float>(parameters);
  Optimizer<float> optimizer(test_options(), n_parameters, {});
  for (int t = 1; t <= 3; ++t) {
    auto gradient = random_numbers(t);
    gradient[5] = 0;
    optimizer.step(to_device<float>(gradient), 1, 1e-2, device);
  }
  EXPECT_EQ(to_host(device)[5], 0);
}

// --- Muon ----------------------------------------------------------------------------------------

OptimizerOptions muon_options() {
  auto options = test_options();
  options.name = Algorithm::muon;
  options.learning_rate = 1e-2;
  options.muon_learning_rate = 3e-2;
  return options;
}

/// Two matrices [2,3] side by side in rows of 7 numbers from 4 on; all else belongs to AdamW.
const std::vector<MatrixPlace> two_matrices = {{4, 2, 3, 7}, {7, 2, 3, 7}};

TEST(MuonOptimizer, LeavesTheRestToAdamW) {
  const auto parameters = to_device<double>(random_numbers(100));
  Optimizer<double> optimizer(muon_options(), n_parameters, {{4, 2, 7, 7}});
  do_steps(optimizer, parameters, 1, 12);
  const auto expected = plain_adamw(test_options(), random_numbers(100), 12);
  const auto actual = to_host(parameters);
  for (std::size_t i = 0; i < n_parameters; ++i) {
    if (i >= 4 && i < 18) {
      EXPECT_GT(std::abs(actual[i] - expected[i]), 1e-3) << i;
      EXPECT_EQ(to_host(optimizer.v())[i], 0) << i;
    } else {
      EXPECT_NEAR(actual[i], expected[i], 1e-14) << i;
    }
  }
}

TEST(MuonOptimizer, MovesMatricesApartAndInProportionToTheLearningRate) {
  const auto gradient = to_device<double>(random_numbers(1));
  const auto before = random_numbers(100);
  const auto parameters = to_device<double>(before), slower = to_device<double>(before);
  Optimizer<double> optimizer(muon_options(), n_parameters, two_matrices);
  Optimizer<double> other(muon_options(), n_parameters, two_matrices);
  optimizer.step(gradient, 1, 1e-2, parameters);
  other.step(gradient, 1, 5e-3, slower);
  const kernels::MuonStep step{3e-2, 0.95, 0.1, 1};
  for (const auto& place : two_matrices) {
    const auto reference = to_device<double>(before);
    const Matrix<double> p(reference.data() + place.offset, 2, 7);
    const Matrix<const double> g(gradient.data() + place.offset, 2, 7);
    const Matrix<double> m("m", 2, 3), x("x", 2, 3);
    kernels::muon_momentum<double>(Exec(), step, columns(g, {0, 3}), m, x);
    kernels::orthogonalize<double>(Exec(), kernels::OrthogonalizeSpace<double>(2, 3), x);
    kernels::muon_update<double>(Exec(), step, x, columns(p, {0, 3}));
    for (const std::size_t row : {0, 7})
      for (std::size_t i = place.offset + row; i < place.offset + row + 3; ++i) {
        EXPECT_EQ(to_host(parameters)[i], to_host(reference)[i]) << i;
        EXPECT_NEAR(to_host(slower)[i] - before[i], (to_host(parameters)[i] - before[i]) / 2,
                    1e-15);
      }
  }
}

TEST(MuonOptimizer, ContinuesBitForBit) {
  const auto parameters = to_device<float>(random_numbers(100));
  const auto again = to_device<float>(random_numbers(100));
  Optimizer<float> whole(muon_options(), n_parameters, two_matrices);
  Optimizer<float> before(muon_options(), n_parameters, two_matrices);
  Optimizer<float> after(muon_options(), n_parameters, two_matrices);
  do_steps(whole, parameters, 1, 8);
  do_steps(before, again, 1, 5);
  Kokkos::deep_copy(after.m(), before.m());
  Kokkos::deep_copy(after.v(), before.v());
  after.set_steps(5);
  do_steps(after, again, 6, 8);
  EXPECT_EQ(to_host(again), to_host(parameters));
}

/// Matrices of different weight, one behind the other.
std::vector<MatrixPlace> matrices_of(const std::vector<std::pair<int, int>>& shapes) {
  std::vector<MatrixPlace> places;
  std::size_t begin = 0;
  for (const auto& [n_rows, n_columns] : shapes) {
    places.push_back({begin, n_rows, n_columns, n_columns});
    begin = places.back().end();
  }
  return places;
}

TEST(MuonOwners, HaveTheLeastToDoInTurn) {
  const auto matrices = matrices_of({{2, 2}, {4, 2}, {3, 3}, {2, 2}, {3, 9}});
  EXPECT_EQ(owners(matrices, 1), (std::vector<int>{0, 0, 0, 0, 0}));
  EXPECT_EQ(owners(matrices, 2), (std::vector<int>{1, 1, 1, 1, 0}));  // 24 40 81 24 | 189
  EXPECT_EQ(owners(matrices, 8), (std::vector<int>{3, 2, 1, 4, 0}));
}

/// The ranks of a job one after the other in this process: they meet in the exchange.
TEST(MuonOptimizer, SharedOverRanksHasTheBitsOfOne) {
  const auto matrices = matrices_of({{2, 3}, {4, 2}, {3, 3}, {1, 5}});
  const auto alone = to_device<float>(random_numbers(100));
  Optimizer<float> one(muon_options(), n_parameters, matrices);
  one.step(to_device<float>(random_numbers(1)), 1, 1e-2, alone);
  for (const int n_ranks : {2, 3, 7}) {
    std::vector<Numbers> updates;  // of each rank, before they are exchanged
    const auto step = [&](int rank, const CompleteBlocks<float>& exchange) {
      const auto parameters = to_device<float>(random_numbers(100));
      Optimizer<float> optimizer(muon_options(), n_parameters, matrices, {rank, n_ranks});
      optimizer.step(to_device<float>(random_numbers(1)), 1, 1e-2, parameters, exchange);
      return to_host(parameters);
    };
    for (int rank = 0; rank < n_ranks; ++rank)
      step(rank, [&](const auto& blocks, const auto&) { updates.push_back(to_host(blocks)); });
    const auto complete = [&](const Vector<float>& blocks, const std::vector<int>& counts) {
      auto all = to_host(blocks);
      std::size_t i = 0;
      for (int rank = 0; rank < n_ranks; ++rank)
        for (int k = 0; k < counts[rank]; ++k, ++i) all[i] = updates[rank][i];
      EXPECT_EQ(i, all.size());
      Kokkos::deep_copy(blocks, to_device<float>(all));
    };
    for (int rank = 0; rank < n_ranks; ++rank)
      EXPECT_EQ(step(rank, complete), to_host(alone)) << rank << " of " << n_ranks;
  }
}

// --- gradient norm and clipping ------------------------------------------------------------------

TEST(GradientNorm, IsEuclidean) {
  Numbers gradient(n_parameters, 0.0);
  gradient[0] = 3;
  gradient[36] = -4;
  EXPECT_EQ(norm<float>(to_device<float>(gradient)), 5);
  EXPECT_EQ(norm<double>(to_device<double>(gradient)), 5);
}

TEST(GradientNorm, DoesNotOverflowWhereItsSquareWouldInSinglePrecision) {
  Numbers gradient(n_parameters, 0.0);
  gradient[1] = 1e30;
  EXPECT_NEAR(norm<float>(to_device<float>(gradient)), 1e30, 1e23);
}

TEST(GradientNorm, ShowsNumbersThatAreNotFinite) {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    auto gradient = random_numbers(1);
    gradient[20] = bad;
    EXPECT_FALSE(std::isfinite(norm<float>(to_device<float>(gradient))));
  }
}

TEST(ClipFactor, BringsTheNormDownToTheLimit) {
  EXPECT_DOUBLE_EQ(clip_factor(4, 1), 0.25);
  EXPECT_DOUBLE_EQ(3.7 * clip_factor(3.7, 1.3), 1.3);
}

TEST(ClipFactor, LeavesSmallerGradientsAlone) {
  EXPECT_EQ(clip_factor(0.5, 1), 1);
  EXPECT_EQ(clip_factor(1, 1), 1);
  EXPECT_EQ(clip_factor(0, 1), 1);
}

TEST(ClipFactor, ZeroTurnsClippingOff) {
  EXPECT_EQ(clip_factor(1e9, 0), 1);
}

}  // namespace
}  // namespace superpose::optim
