#include "train/batch_gradient.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "data/expand.hpp"
#include "distributed/leaf_values.hpp"
#include "model/operations.hpp"

namespace superpose::train {
namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

std::vector<std::uint32_t> part_of(const std::vector<std::uint32_t>& items, int i, int n) {
  const auto cut = [&](int k) { return items.begin() + static_cast<long>(items.size() * k / n); };
  return {cut(i), cut(i + 1)};
}

BatchGradient::BatchGradient(const RunOptions& options, const std::vector<data::Problem>& problems,
                             const distributed::Communicator& communicator,
                             model::Network<float>& model, Preparation preparation)
    : options_(options),
      problems_(problems),
      vocabulary_(options.model.vocab_size),
      communicator_(communicator),
      model_(model),
      reduction_(communicator, model.parameters().flat.extent(0), options.train.leaves),
      indices_(kernels_use_host_memory ? 1
                                       : reduction_.leaves().size() * options.train.accumulation),
      preparation_(preparation, [this](const Part& part) { return prepare(part); }) {}

/// What this rank computes of a batch, pass by pass. The last batch of an epoch may have fewer
/// problems than leaves: passes without a problem are left out.
std::vector<Part> BatchGradient::parts_of(const Part& batch) const {
  std::vector<Part> parts;
  const auto leaves = reduction_.leaves();
  for (int leaf = leaves.begin; leaf < leaves.end; ++leaf) {
    const auto problems = part_of(batch.problems, leaf, options_.train.leaves);
    for (int i = 0; i < options_.train.accumulation; ++i) {
      auto part = part_of(problems, i, options_.train.accumulation);
      if (!part.empty()) parts.push_back({std::move(part), batch.key});
    }
  }
  return parts;
}

void BatchGradient::plan(const Part& batch) {
  const auto parts = parts_of(batch), later = parts_of(announced_);
  announced_ = {};
  parts_.assign(parts.begin(), parts.end());
  if (!later.empty()) parts_.push_back(later.front());
}

model::HostPacking BatchGradient::prepare(const Part& part) const {
  std::vector<Sequence> sequences;
  sequences.reserve(part.problems.size());
  for (const auto index : part.problems)
    sequences.push_back(data::expand(problems_[index], index, part.key.stage, part.key.epoch,
                                     options_.method, vocabulary_, options_.train.seed));
  return model::pack_on_host(sequences);
}

model::PackedBatch BatchGradient::next_part() {
  auto packing = preparation_.take(parts_.front());
  parts_.pop_front();
  if (!parts_.empty()) preparation_.begin(parts_.front());
  return model::upload(exec_, std::move(packing), indices_);
}

/// `leaf` counts from this rank's first. The sum of losses is added by add_losses().
BatchSums BatchGradient::compute_leaf(std::size_t leaf, std::size_t n_problems, BatchKey key,
                                      model::Parameters<float>& gradients,
                                      const model::GradientListener& listener, TimeTable& times) {
  const model::Pass pass{true, options_.train.seed, key.epoch};
  const int n_passes = std::min(options_.train.accumulation, static_cast<int>(n_problems));
  BatchSums sums;
  for (int i = 0; i < n_passes; ++i) {
    const auto batch = [&] {
      const ScopedTimer timer(times, "data");
      return next_part();
    }();
    {
      const ScopedTimer timer(times, "forward");
      model_.forward(batch, pass);
      model_.compute_losses(batch);
      losses_.add(exec_, leaf, model_.losses());
    }
    const ScopedTimer timer(times, "backward");
    i + 1 == n_passes ? model_.backward(batch, pass, gradients, listener)
                      : model_.backward(batch, pass, gradients);
    sums +=
        {0, batch.n_labelled, batch.n_rows, model::training_operations(options_.model, batch), 0};
  }
  return sums;
}

/// The losses that compute_leaf() left out: reading them waits for all that was launched.
void BatchGradient::add_losses(std::vector<BatchSums>& leaf_sums, TimeTable& times) {
  const ScopedTimer timer(times, "backward");
  wait_for(exec_, "losses of the batch are on the host");
  losses_.take([&](std::size_t leaf, double sum) { leaf_sums[leaf].loss += sum; });
}

Vector<const float> BatchGradient::compute(const std::vector<std::uint32_t>& batch, BatchKey key,
                                           bool stop_requested, TimeTable& times) {
  const auto exchange_from = [&](std::size_t first) { reduction_.final_from(first); };
  std::vector<BatchSums> leaf_sums;
  const auto leaves = reduction_.leaves();
  plan({batch, key});
  for (int leaf = leaves.begin; leaf < leaves.end; ++leaf) {
    model::Parameters<float> gradients(options_.model, reduction_.leaf_buffer());
    if (poisons(FaultInjection::Poison::gradient, times))  // backward adds to it and sends it off
      Kokkos::deep_copy(Kokkos::subview(gradients.flat, 0), not_a_number);
    const bool exchanges = leaf + 1 == leaves.end && exchange_ == Exchange::during_backward;
    leaf_sums.push_back(compute_leaf(
        leaf_sums.size(), part_of(batch, leaf, options_.train.leaves).size(), key, gradients,
        exchanges ? model::GradientListener(exchange_from) : [](std::size_t) {}, times));
    if (poisons(FaultInjection::Poison::loss, times)) leaf_sums.back().loss = not_a_number;
    leaf_sums.back().stop = stop_requested ? 1 : 0;
    const ScopedTimer timer(times, "leaf sums");
    reduction_.add_leaf();
  }
  add_losses(leaf_sums, times);
  times.activity().meet();
  const ScopedTimer timer(times, "allreduce (exposed)");
  sums_ = distributed::sum_leaves(communicator_, leaf_sums, options_.train.leaves);
  return reduction_.reduce();
}

}  // namespace superpose::train
