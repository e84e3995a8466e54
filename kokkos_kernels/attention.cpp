#include "kokkos_kernels/attention.hpp"

#include <algorithm>

#include "kokkos_kernels/attention/prompts_by_cudnn.hpp"
#include "kokkos_kernels/attention/team_backward.hpp"
#include "kokkos_kernels/attention/tiles.hpp"

namespace superpose::kernels {
namespace {

/// Queries of a problem up to which a row at a time is faster.
constexpr int few_queries = 3;

/// Forms of a launch. By rows alone where tiles would not fit, or no problem has queries for them:
/// a kernel of its own, as one with tiles takes more of a GPU's registers than rows leave unused.
struct ByTiles {
  static constexpr int width = 512;  ///< of 2 warps
  static constexpr bool fits = true;
};
struct ByRows {
  static constexpr int width = 1024;
  static constexpr bool fits = false;  ///< not if problems have thousands of keys
};

// --- scratch -------------------------------------------------------------------------------------

template <class X>
std::size_t row_scratch(const AttentionInput<X>& in, int n_rows) {
  return n_rows * sizeof(Real<X>) * static_cast<std::size_t>(in.groups.longest);
}

template <class X>
std::size_t forward_scratch(const AttentionInput<X>& in, ByTiles) {
  if (!row_per_thread)
    return std::max(row_scratch(in, 1), TeamForward<Lane, X>::bytes(in.head_size()));
  Arena count(nullptr);
  ForwardScratch<Real<X>>(count, in.groups.longest, in.head_size());
  return count.bytes();
}
template <class X>
std::size_t forward_scratch(const AttentionInput<X>& in, ByRows) {
  return row_scratch(in, 1);
}

template <class X>
std::size_t backward_scratch(const AttentionInput<X>& in, ByTiles) {
  if (!row_per_thread)
    return std::max(row_scratch(in, 3),
                    TeamBackward<Lane, X>::bytes(in.head_size(), in.groups.longest));
  Arena count(nullptr);
  BackwardScratch<Real<X>>(count, in.groups.longest, in.head_size());
  return count.bytes();
}
template <class X>
std::size_t backward_scratch(const AttentionInput<X>& in, ByRows) {
  return row_scratch(in, 3);
}

/// Whether a launch is made by rows alone.
bool by_rows(const AttentionGroups& groups, std::size_t tile_bytes) {
  if (row_per_thread) return false;
  return tile_bytes > fast_scratch_bytes || (groups.most > 0 && groups.most <= few_queries);
}

// --- forward -------------------------------------------------------------------------------------

template <class X>
void forward_head(const HostLane& lane, ByTiles, const AttentionHead<X>& head, const Matrix<X>& out,
                  const Matrix<Real<X>>& lse, void* scratch) {
  Arena arena(scratch);
  const ForwardScratch<Real<X>> blocks(arena, head.in.groups.longest, head.D);
  if (head.count() > few_queries) {
    forward_by_tiles(head, blocks, out, lse);
  } else {
    forward_by_rows(lane, head, out, lse, blocks.keys.data);
  }
}

template <class Lane, class X>
KOKKOS_FORCEINLINE_FUNCTION void forward_head(const Lane& lane, ByRows,
                                              const AttentionHead<X>& head, const Matrix<X>& out,
                                              const Matrix<Real<X>>& lse, void* scratch) {
  forward_by_rows(lane, head, out, lse, static_cast<Real<X>*>(scratch));
}

template <class Member, class X>
KOKKOS_FORCEINLINE_FUNCTION void forward_head(const TeamLane<Member>& lane, ByTiles,
                                              const AttentionHead<X>& head, const Matrix<X>& out,
                                              const Matrix<Real<X>>& lse, void* scratch) {
  if (head.count() > few_queries) {
    TeamForward<TeamLane<Member>, X>(lane, head, out, lse, TeamArena(scratch)).run();
  } else {
    forward_by_rows(lane, head, out, lse, static_cast<Real<X>*>(scratch));
  }
}

template <class Form, class X>
void launch_forward(const Exec& exec, Form form, const AttentionInput<X>& in, const Matrix<X>& out,
                    const Matrix<Real<X>>& lse) {
  for_rows_with_scratch<Form::fits>(
      "attention_forward", exec, {in.n_heads_in_all(), Form::width}, forward_scratch(in, form),
      KOKKOS_LAMBDA(const int index, const Lane& lane, void* scratch) {
        forward_head(lane, Form(), AttentionHead<X>(in, index), out, lse, scratch);
      });
}

// --- backward ------------------------------------------------------------------------------------

template <class X>
void backward_head(const HostLane& lane, ByTiles, const AttentionHead<X>& head,
                   const AttentionGradients<X>& m, void* scratch) {
  Arena arena(scratch);
  const BackwardScratch<Real<X>> blocks(arena, head.in.groups.longest, head.D);
  if (head.count() > few_queries) {
    backward_by_tiles(head, blocks, m);
  } else {
    backward_by_rows(lane, head, m, blocks.keys.data);
  }
}

template <class Lane, class X>
KOKKOS_FORCEINLINE_FUNCTION void backward_head(const Lane& lane, ByRows,
                                               const AttentionHead<X>& head,
                                               const AttentionGradients<X>& m, void* scratch) {
  backward_by_rows(lane, head, m, static_cast<Real<X>*>(scratch));
}

template <class Member, class X>
KOKKOS_FORCEINLINE_FUNCTION void backward_head(const TeamLane<Member>& lane, ByTiles,
                                               const AttentionHead<X>& head,
                                               const AttentionGradients<X>& m, void* scratch) {
  if (head.count() > few_queries) {
    TeamBackward<TeamLane<Member>, X>(lane, head, m, TeamArena(scratch)).run();
  } else {
    backward_head(lane, ByRows(), head, m, scratch);
  }
}

template <class Form, class X>
void launch_backward(const Exec& exec, Form form, const AttentionInput<X>& in,
                     const AttentionGradients<X>& m) {
  for_rows_with_scratch<Form::fits>(
      "attention_backward", exec, {in.n_heads_in_all(), Form::width}, backward_scratch(in, form),
      KOKKOS_LAMBDA(const int index, const Lane& lane, void* scratch) {
        backward_head(lane, Form(), AttentionHead<X>(in, index), m, scratch);
      });
}

}  // namespace

template <class X>
void attention_forward(const Exec& exec, const AttentionInput<X>& in, Matrix<X> out,
                       Matrix<Real<X>> lse) {
  if (attention_forward_cudnn(exec, in, out, lse)) return;
  if (by_rows(in.groups, forward_scratch(in, ByTiles()))) {
    launch_forward(exec, ByRows(), in, out, lse);
  } else {
    launch_forward(exec, ByTiles(), in, out, lse);
  }
}

template <class X>
void attention_backward(const Exec& exec, const AttentionInput<X>& in,
                        const AttentionGradients<X>& m) {
  if (attention_backward_cudnn(exec, in, m)) return;
  if (by_rows(in.groups, backward_scratch(in, ByTiles()))) {
    launch_backward(exec, ByRows(), in, m);
  } else {
    launch_backward(exec, ByTiles(), in, m);
  }
}

#define INSTANTIATE(X)                                                              \
  template void attention_forward(const Exec&, const AttentionInput<X>&, Matrix<X>, \
                                  Matrix<Real<X>>);                                 \
  template void attention_backward(const Exec&, const AttentionInput<X>&,           \
                                   const AttentionGradients<X>&);
INSTANTIATE(float)
INSTANTIATE(double)
INSTANTIATE(bfloat16)

}  // namespace superpose::kernels
