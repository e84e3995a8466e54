#include "kokkos_kernels/cross_entropy.hpp"

#include "kokkos_kernels/loops/lane.hpp"
#include "kokkos_kernels/math.hpp"

namespace superpose::kernels {

template <class T>
void cross_entropy(const Exec& exec, Matrix<const T> logits, Labels labels, Vector<T> loss,
                   Matrix<T> dlogits) {
  const int n = static_cast<int>(logits.extent(1));
  Kokkos::deep_copy(exec, dlogits, T(0));
  for_rows(
      "cross_entropy", exec, {static_cast<int>(labels.output.extent(0)), n},
      KOKKOS_LAMBDA(const int t, const Lane& lane) {
        const int o = labels.output(t), begin = labels.begin(t), size = labels.begin(t + 1) - begin;
        const T top = lane.template max<T>(n, [&](int v) { return logits(o, v); });
        const T all =
            lane.template sum<T>(n, [&](int v) { return exponential(logits(o, v) - top); });
        // The set's own maximum keeps its logarithm finite when its share of the mass underflows.
        const T set_top =
            lane.template max<T>(size, [&](int i) { return logits(o, labels.label(begin + i)); });
        const T in_set = lane.template sum<T>(
            size, [&](int i) { return exponential(logits(o, labels.label(begin + i)) - set_top); });
        // In this order, so that large logits leave the loss its digits.
        loss(t) = (top - set_top) + (logarithm(all) - logarithm(in_set));
        lane.each(n, [&](int v) { dlogits(o, v) = exponential(logits(o, v) - top) / all; });
        lane.barrier();
        lane.each(size, [&](int i) {
          const int v = labels.label(begin + i);
          dlogits(o, v) -= exponential(logits(o, v) - set_top) / in_set;
        });
      });
}

#define INSTANTIATE(T) \
  template void cross_entropy(const Exec&, Matrix<const T>, Labels, Vector<T>, Matrix<T>);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace superpose::kernels
