#include "train/batch_gradient.hpp"

#include "data/expand.hpp"

namespace superpose::train {
namespace {

using HostVector = Kokkos::View<float*, Kokkos::HostSpace, Kokkos::MemoryUnmanaged>;

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
      reduction_(communicator, model.parameters().flat.extent(0), options.train.leaves),
      gradients_(options.model, "gradients") {}

model::PackedBatch BatchGradient::prepare(const std::vector<std::uint32_t>& part, BatchKey key) {
  std::vector<Sequence> sequences;
  sequences.reserve(part.size());
  for (const auto index : part)
    sequences.push_back(data::expand(problems_[index], index, key.stage, key.epoch, options_.method,
                                     vocabulary_, options_.train.seed));
  return model::pack(sequences, indices_);
}

BatchSums BatchGradient::compute_leaf(const std::vector<std::uint32_t>& leaf, BatchKey key,
                                      model::Parameters<float>& gradients, TimeTable& times) {
  const model::Pass pass{true, options_.train.seed, key.epoch};
  BatchSums sums;
  for (int i = 0; i < options_.train.accumulation; ++i) {
    const auto part = part_of(leaf, i, options_.train.accumulation);
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
    model_.backward(batch, pass, gradients);
    sums += {loss.sum, loss.count, batch.n_rows, 0};
  }
  return sums;
}

Vector<const float> BatchGradient::compute(const std::vector<std::uint32_t>& batch, BatchKey key,
                                           bool stop_requested, TimeTable& times) {
  const auto n = gradients_.flat.extent(0);
  std::vector<BatchSums> leaf_sums;
  for (int leaf = reduction_.leaves().begin; leaf < reduction_.leaves().end; ++leaf) {
    Kokkos::deep_copy(gradients_.flat, 0.0F);
    auto sums = compute_leaf(part_of(batch, leaf, options_.train.leaves), key, gradients_, times);
    sums.stop = stop_requested ? 1 : 0;
    leaf_sums.push_back(sums);
    const ScopedTimer timer(times, "leaf sums");
    Kokkos::deep_copy(HostVector(reduction_.leaf_buffer(), n), gradients_.flat);
    reduction_.add_leaf();
  }
  const ScopedTimer timer(times, "allreduce (exposed)");
  sums_ = distributed::sum_leaves(communicator_, leaf_sums, options_.train.leaves);
  Kokkos::deep_copy(gradients_.flat, HostVector(reduction_.reduce(), n));
  return gradients_.flat;
}

}  // namespace superpose::train
