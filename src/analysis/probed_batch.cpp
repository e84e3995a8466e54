#include "analysis/probed_batch.hpp"

#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "core/error.hpp"

namespace superpose::analysis {
namespace {

template <class View>
auto on_host(const View& view) {
  return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view);
}

}  // namespace

ProbedBatch::ProbedBatch(model::Network<float>& model, std::vector<ProbedProblem> problems,
                         const std::vector<Sequence>& sequences)
    : problems_(std::move(problems)), n_head_(model.options().n_head) {
  SUPERPOSE_EXPECT(problems_.size() == sequences.size());
  const auto batch = model::pack(sequences);
  SUPERPOSE_EXPECT(batch.n_outputs == batch.n_rows);
  model.forward(batch, model::Pass{});
  longest_ = model::longest(batch);
  find_rows(batch, sequences);
  copy_results(model, batch);
}

double ProbedBatch::inner_product(int p, int thought, int node) const {
  const float* h = hidden(p, problems_[p].positions.thoughts[thought - 1]);
  return std::inner_product(h, h + n_embd(), &embedding_(node, 0), 0.0);
}

void ProbedBatch::find_rows(const model::PackedBatch& batch,
                            const std::vector<Sequence>& sequences) {
  const auto problem = on_host(batch.row_keys.problem), position = on_host(batch.row_keys.position);
  std::map<int, int> place;
  for (std::size_t p = 0; p < sequences.size(); ++p) {
    place[static_cast<int>(sequences[p].problem)] = static_cast<int>(p);
    row_of_.emplace_back(sequences[p].tokens.size(), -1);
  }
  for (int row = 0; row < batch.n_rows; ++row) row_of_[place.at(problem(row))][position(row)] = row;
}

void ProbedBatch::copy_results(const model::Network<float>& model,
                               const model::PackedBatch& batch) {
  const int width = n_head_ * longest_;
  for (int layer = 0; layer < model.options().n_layer; ++layer) {
    const auto matrix = [&](const std::string& label) {
      return Matrix<float>(Kokkos::view_alloc(label, Kokkos::WithoutInitializing), batch.n_rows,
                           width);
    };
    const auto logits = matrix("attention_logits"), weights = matrix("attention_weights");
    model.attention_map(batch, layer, logits, weights);
    Kokkos::fence();
    maps_.push_back({on_host(logits), on_host(weights)});
  }
  // Copies: the model's own memory is the next batch's.
  const auto copy = [](const Matrix<const float>& from, const std::string& label) {
    const Kokkos::View<float**, Kokkos::LayoutRight, Kokkos::HostSpace> to(label, from.extent(0),
                                                                           from.extent(1));
    Kokkos::deep_copy(to, from);
    return HostMatrix(to);
  };
  hidden_ = copy(model.hidden(), "probed_hidden");
  logits_ = copy(model.logits(), "probed_logits");
  embedding_ = on_host(Matrix<const float>(model.parameters().wte));
}

}  // namespace superpose::analysis
