#include "model/operations.hpp"

namespace superpose::model {
namespace {

/// Pairs of a query and a key it attends to: a query at position t has t + 1 keys.
double attended_pairs(const Indices& positions) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), positions);
  double pairs = 0;
  for (std::size_t q = 0; q < host.extent(0); ++q) pairs += host(q) + 1;
  return pairs;
}

}  // namespace

double forward_operations(const Gpt2Options& options, const PackedBatch& batch) {
  const double C = options.n_embd, R = batch.n_rows, O = batch.n_outputs;
  const auto layer = [&](double n_queries, double pairs) {
    return R * 2 * C * C + n_queries * 10 * C * C + 2 * C * pairs;
  };
  const double multiply_adds =
      (options.n_layer - 1) * layer(R, attended_pairs(batch.row_keys.position)) +
      layer(O, attended_pairs(batch.output_keys.position)) + O * options.vocab_size * C;
  return 2 * multiply_adds;
}

}  // namespace superpose::model
