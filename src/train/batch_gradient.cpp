#include "train/batch_gradient.hpp"

#include <limits>

#include "data/expand.hpp"
#include "distributed/leaf_values.hpp"

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
                             model::Network<float>& model)
    : options_(options),
      problems_(problems),
      vocabulary_(options.model.vocab_size),
      communicator_(communicator),
      model_(model),
      reduction_(communicator, model.parameters().flat.extent(0), options.train.leaves) {}

model::PackedBatch BatchGradient::prepare(const std::vector<std::uint32_t>& part, BatchKey key) {
  std::vector<Sequence> sequences;
  sequences.reserve(part.size());
  for (const auto index : part)
    sequences.push_back(data::expand(problems_[index], index, key.stage, key.epoch, options_.method,
                                     vocabulary_, options_.train.seed));
  return model::upload(Exec(), model::pack_on_host(sequences), indices_);
}

BatchSums BatchGradient::compute_leaf(const std::vector<std::uint32_t>& leaf, BatchKey key,
                                      model::Parameters<float>& gradients,
                                      const model::GradientListener& listener, TimeTable& times) {
  const model::Pass pass{true, options_.train.seed, key.epoch};
  const int n_passes = options_.train.accumulation;
  BatchSums sums;
  for (int i = 0; i < n_passes; ++i) {
    const auto part = part_of(leaf, i, n_passes);
    if (part.empty()) continue;  // the last batch of an epoch may have fewer problems than leaves
    const auto batch = [&] {
      const ScopedTimer timer(times, "data");
      return prepare(part, key);
    }();
    const auto loss = [&] {
      const ScopedTimer timer(times, "forward");
      model_.forward(batch, pass);
      return model_.loss(batch);
    }();
    const ScopedTimer timer(times, "backward");
    i + 1 == n_passes ? model_.backward(batch, pass, gradients, listener)
                      : model_.backward(batch, pass, gradients);
    sums += {loss.sum, loss.count, batch.n_rows, 0};
  }
  return sums;
}

Vector<const float> BatchGradient::compute(const std::vector<std::uint32_t>& batch, BatchKey key,
                                           bool stop_requested, TimeTable& times) {
  const auto exchange_from = [&](std::size_t first) { reduction_.final_from(first); };
  std::vector<BatchSums> leaf_sums;
  const auto leaves = reduction_.leaves();
  for (int leaf = leaves.begin; leaf < leaves.end; ++leaf) {
    model::Parameters<float> gradients(options_.model, reduction_.leaf_buffer());
    if (poisons(FaultInjection::Poison::gradient, times))  // backward adds to it and sends it off
      Kokkos::deep_copy(Kokkos::subview(gradients.flat, 0), not_a_number);
    const bool exchanges = leaf + 1 == leaves.end && exchange_ == Exchange::during_backward;
    leaf_sums.push_back(compute_leaf(
        part_of(batch, leaf, options_.train.leaves), key, gradients,
        exchanges ? model::GradientListener(exchange_from) : [](std::size_t) {}, times));
    if (poisons(FaultInjection::Poison::loss, times)) leaf_sums.back().loss = not_a_number;
    leaf_sums.back().stop = stop_requested ? 1 : 0;
    const ScopedTimer timer(times, "leaf sums");
    reduction_.add_leaf();
  }
  times.activity().meet();
  const ScopedTimer timer(times, "allreduce (exposed)");
  sums_ = distributed::sum_leaves(communicator_, leaf_sums, options_.train.leaves);
  return reduction_.reduce();
}

}  // namespace superpose::train
