#include "model/decode.hpp"

#include <algorithm>

namespace superpose::model {

template <class T>
std::vector<std::vector<T>> target_logits(const Network<T>& model, const PackedBatch& batch) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), model.logits());
  std::vector<std::vector<T>> result;
  for (const auto& target : batch.targets) {
    const T* row = &host(target.output, 0);
    result.emplace_back(row, row + host.extent(1));
  }
  return result;
}

template <class T>
std::vector<Continuation<T>> decode_greedily(Network<T>& model, std::vector<Sequence> prompts,
                                             int max_tokens, std::int32_t stop_token) {
  std::vector<Continuation<T>> continuations(prompts.size());
  std::vector<bool> stopped(prompts.size(), false);
  const auto n_positions = static_cast<std::size_t>(model.options().n_positions);
  for (int n = 0; n < max_tokens; ++n) {
    for (auto& s : prompts) s.targets = {{static_cast<std::int32_t>(s.tokens.size()) - 1, {}}};
    const auto batch = pack(prompts);
    model.forward(batch, Pass{});
    const auto logits = target_logits(model, batch);
    for (std::size_t p = 0; p < prompts.size(); ++p) {
      if (stopped[p]) continue;
      const auto best = std::max_element(logits[p].begin(), logits[p].end());
      const auto token = static_cast<std::int32_t>(best - logits[p].begin());
      continuations[p].logits.push_back(logits[p]);
      if (token != stop_token) continuations[p].tokens.push_back(token);
      stopped[p] = token == stop_token || prompts[p].tokens.size() == n_positions;
      if (!stopped[p]) prompts[p].tokens.push_back(token);
    }
    if (std::all_of(stopped.begin(), stopped.end(), [](bool s) { return s; })) break;
  }
  return continuations;
}

#define INSTANTIATE(T)                                                                           \
  template std::vector<std::vector<T>> target_logits(const Network<T>&, const PackedBatch&);     \
  template std::vector<Continuation<T>> decode_greedily(Network<T>&, std::vector<Sequence>, int, \
                                                        std::int32_t);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace superpose::model
