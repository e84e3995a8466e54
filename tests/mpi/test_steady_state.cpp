/// After the first pass over the problems a training step allocates no device memory: peak memory
/// is flat over epochs. (The host still builds the texts of a batch in vectors of a few kilobytes.)

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "optim/optimizer.hpp"
#include "small_training.hpp"
#include "train/batch_gradient.hpp"

namespace superpose::train {
namespace {

/// Labels of the Views allocated while it lives. Kokkos' callbacks are plain functions, hence the
/// static list.
class AllocationRecorder {
 public:
  AllocationRecorder() {
    labels().clear();
    Kokkos::Tools::Experimental::set_allocate_data_callback(
        [](Kokkos::Tools::SpaceHandle, const char* label, const void*, std::uint64_t) {
          labels().emplace_back(label);
        });
  }
  ~AllocationRecorder() { Kokkos::Tools::Experimental::set_allocate_data_callback(nullptr); }
  AllocationRecorder(const AllocationRecorder&) = delete;
  AllocationRecorder& operator=(const AllocationRecorder&) = delete;

  static std::vector<std::string>& labels() {
    static std::vector<std::string> list;
    return list;
  }
};

class SteadyState : public testing::TestWithParam<model::Precision> {};

TEST_P(SteadyState, AllocatesNothing) {
  auto options = small_run();
  options.model.precision = GetParam();
  const auto problems = small_problems(48);
  const auto model = model::make_network(options.model);
  model::initialise(model->parameters(), options.train.seed);
  optim::Optimizer<float> optimizer(options.optimizer, model->parameters().flat.extent(0),
                                    model::block_matrices(options.model));
  BatchGradient gradient(options, problems, distributed::Communicator(MPI_COMM_WORLD), *model);
  std::vector<std::uint32_t> batch(problems.size());
  std::iota(batch.begin(), batch.end(), 0U);
  TimeTable times;
  const auto epoch = [&](std::uint64_t number) {
    const auto sum = gradient.compute(batch, {2, number}, false, times);
    optimizer.step(sum, 1.0 / optim::norm<float>(sum), 1e-3, model->parameters().flat);
  };
  {
    const AllocationRecorder recorder;
    epoch(0);
    EXPECT_FALSE(recorder.labels().empty()) << "the recorder sees nothing";
  }
  const AllocationRecorder recorder;
  for (std::uint64_t number = 1; number < 6; ++number) epoch(number);
  EXPECT_EQ(recorder.labels(), std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(Precisions, SteadyState,
                         testing::Values(model::Precision::f32, model::Precision::bf16));

}  // namespace
}  // namespace superpose::train
