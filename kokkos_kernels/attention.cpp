#include "kokkos_kernels/attention.hpp"

#include "kokkos_kernels/attention_rows.hpp"
#include "kokkos_kernels/attention_tiles.hpp"

namespace superpose::kernels {
namespace {

/// Queries up to which a row at a time is faster.
constexpr int few_queries = 3;

template <class X>
std::size_t forward_scratch(const AttentionInput<X>& in) {
  if (!on_host) return sizeof(Real<X>) * static_cast<std::size_t>(in.groups.longest);
  Arena count(nullptr);
  ForwardScratch<Real<X>>(count, in.groups.longest, in.head_size());
  return count.bytes();
}

template <class X>
std::size_t backward_scratch(const AttentionInput<X>& in) {
  if (!on_host) return 3 * sizeof(Real<X>) * static_cast<std::size_t>(in.groups.longest);
  Arena count(nullptr);
  BackwardScratch<Real<X>>(count, in.groups.longest, in.head_size());
  return count.bytes();
}

template <class X>
void forward_head(const HostLane& lane, const AttentionHead<X>& head, const Matrix<X>& out,
                  const Matrix<Real<X>>& lse, void* scratch) {
  Arena arena(scratch);
  const ForwardScratch<Real<X>> blocks(arena, head.in.groups.longest, head.D);
  if (head.count() > few_queries) {
    forward_by_tiles(head, blocks, out, lse);
  } else {
    forward_by_rows(lane, head, out, lse, blocks.weights.data);
  }
}

template <class Member, class X>
KOKKOS_FORCEINLINE_FUNCTION void forward_head(const TeamLane<Member>& lane,
                                              const AttentionHead<X>& head, const Matrix<X>& out,
                                              const Matrix<Real<X>>& lse, void* scratch) {
  forward_by_rows(lane, head, out, lse, static_cast<Real<X>*>(scratch));
}

template <class X>
void backward_head(const HostLane& lane, const AttentionHead<X>& head,
                   const Matrix<const Real<X>>& lse, const Matrix<const X>& dout,
                   const Matrix<X>& dq, const Matrix<Real<X>>& dkv, void* scratch) {
  Arena arena(scratch);
  const BackwardScratch<Real<X>> blocks(arena, head.in.groups.longest, head.D);
  if (head.count() > few_queries) {
    backward_by_tiles(head, blocks, lse, dout, dq, dkv);
  } else {
    backward_by_rows(lane, head, lse, dout, dq, dkv, blocks.weights.pitch, blocks.weights.data);
  }
}

template <class Member, class X>
KOKKOS_FORCEINLINE_FUNCTION void backward_head(const TeamLane<Member>& lane,
                                               const AttentionHead<X>& head,
                                               const Matrix<const Real<X>>& lse,
                                               const Matrix<const X>& dout, const Matrix<X>& dq,
                                               const Matrix<Real<X>>& dkv, void* scratch) {
  backward_by_rows(lane, head, lse, dout, dq, dkv, head.in.groups.longest,
                   static_cast<Real<X>*>(scratch));
}

}  // namespace

template <class X>
void attention_forward(const Exec& exec, Matrix<const X> q, Matrix<const X> kv,
                       AttentionGroups groups, int n_head, Dropout dropout, Matrix<X> out,
                       Matrix<Real<X>> lse) {
  const AttentionInput<X> in{q, kv, groups, n_head, dropout};
  for_rows_with_scratch(
      "attention_forward", exec, in.n_heads_in_all(), forward_scratch(in),
      KOKKOS_LAMBDA(const int index, const Lane& lane, void* scratch) {
        forward_head(lane, AttentionHead<X>(in, index), out, lse, scratch);
      });
}

template <class X>
void attention_backward(const Exec& exec, Matrix<const X> q, Matrix<const X> kv,
                        AttentionGroups groups, int n_head, Dropout dropout,
                        Matrix<const Real<X>> lse, Matrix<const X> dout, Matrix<X> dq,
                        Matrix<Real<X>> dkv) {
  const AttentionInput<X> in{q, kv, groups, n_head, dropout};
  for_rows_with_scratch(
      "attention_backward", exec, in.n_heads_in_all(), backward_scratch(in),
      KOKKOS_LAMBDA(const int index, const Lane& lane, void* scratch) {
        backward_head(lane, AttentionHead<X>(in, index), lse, dout, dq, dkv, scratch);
      });
}

#define INSTANTIATE(X)                                                                             \
  template void attention_forward(const Exec&, Matrix<const X>, Matrix<const X>, AttentionGroups,  \
                                  int, Dropout, Matrix<X>, Matrix<Real<X>>);                       \
  template void attention_backward(const Exec&, Matrix<const X>, Matrix<const X>, AttentionGroups, \
                                   int, Dropout, Matrix<const Real<X>>, Matrix<const X>,           \
                                   Matrix<X>, Matrix<Real<X>>);
INSTANTIATE(float)
INSTANTIATE(double)
INSTANTIATE(bfloat16)

}  // namespace superpose::kernels
