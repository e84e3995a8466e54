#include "kokkos_kernels/attention_map.hpp"

#include <limits>

#include "kokkos_kernels/attention/rows.hpp"

namespace superpose::kernels {

template <class X>
void attention_map(const Exec& exec, const AttentionInput<X>& in, Matrix<Real<X>> logits,
                   Matrix<Real<X>> weights) {
  using T = Real<X>;
  const int longest = in.groups.longest;
  const T no_key = std::numeric_limits<T>::quiet_NaN();
  for_rows(
      "attention_map", exec, in.n_heads_in_all(), KOKKOS_LAMBDA(const int index, const Lane& lane) {
        const AttentionHead<X> head(in, index);
        for (int i = 0; i < head.count(); ++i) {
          const int n = head.n_keys(i);
          T* logit = &logits(head.row(i), head.head * longest);
          T* weight = &weights(head.row(i), head.head * longest);
          dots(
              lane, head.query(i), [&](int j) { return head.key(j); }, n, head.D, head.scale(),
              logit);
          lane.barrier();
          lane.each(n, [&](int j) { weight[j] = logit[j]; });
          lane.barrier();
          softmax(lane, DropoutRow{}, n, weight);
          lane.each(longest - n, [&](int j) {
            logit[n + j] = no_key;
            weight[n + j] = T(0);
          });
        }
      });
}

#define INSTANTIATE(X)                                                                \
  template void attention_map(const Exec&, const AttentionInput<X>&, Matrix<Real<X>>, \
                              Matrix<Real<X>>);
INSTANTIATE(float)
INSTANTIATE(double)
INSTANTIATE(bfloat16)

}  // namespace superpose::kernels
