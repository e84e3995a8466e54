#include "model/operations.hpp"

namespace superpose::model {
double forward_operations(const Gpt2Options& options, const PackedBatch& batch) {
  const double C = options.n_embd, R = batch.n_rows, O = batch.n_outputs;
  const auto layer = [&](double n_queries, std::int64_t pairs) {
    return R * 2 * C * C + n_queries * 10 * C * C + 2 * C * static_cast<double>(pairs);
  };
  const double multiply_adds = (options.n_layer - 1) * layer(R, batch.n_row_pairs) +
                               layer(O, batch.n_output_pairs) + O * options.vocab_size * C;
  return 2 * multiply_adds;
}

}  // namespace superpose::model
