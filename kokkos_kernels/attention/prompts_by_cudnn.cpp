#include "kokkos_kernels/attention/prompts_by_cudnn.hpp"

#include <limits>
#include <memory>
#include <string>

#include "kokkos_kernels/attention/cudnn.hpp"
#include "kokkos_kernels/loops/lane.hpp"
#include "kokkos_kernels/product_region.hpp"

namespace superpose::kernels {
namespace {

/// Plans take long to make: problems nearly as long as the longest share one. The tiles of keys
/// that the library works in divide it.
constexpr int longest_step = 128;

/// Device memory for what cuDNN reads beside the operands; grows, and ends with Kokkos.
class Scratch {
 public:
  static Scratch& instance() {
    static std::unique_ptr<Scratch> scratch;
    if (scratch) return *scratch;
    scratch = std::make_unique<Scratch>();
    Kokkos::push_finalize_hook([] {
      cudnn::release();
      scratch.reset();
    });
    return *scratch;
  }

  template <class T>
  static Vector<T> at_least(Vector<T>& vector, const char* label, std::size_t n) {
    if (vector.extent(0) < n) {
      vector = Vector<T>();
      vector =
          Vector<T>(Kokkos::view_alloc(std::string(label), Kokkos::WithoutInitializing), n + n / 8);
    }
    return vector;
  }

  Vector<std::int32_t> offsets;  ///< [3 (P+1)]
  Vector<bfloat16> keep;         ///< [P NH S S]
  Vector<bfloat16> dkv;          ///< [R 2C]
};

/// A launch as cuDNN sees it.
struct Launch {
  AttentionGroups groups;
  Dropout dropout;
  cudnn::Shape shape;

  int n_rows_of_weights() const { return shape.n_problems * shape.n_head * shape.longest; }
};

Launch launch_of(const Matrix<const bfloat16>& q, const AttentionGroups& groups, int n_head,
                 const Dropout& dropout) {
  cudnn::Shape shape;
  shape.n_problems = groups.problem.extent_int(0);
  shape.longest = (groups.longest + longest_step - 1) / longest_step * longest_step;
  shape.n_head = n_head;
  shape.head_size = q.extent_int(1) / n_head;
  shape.keep_scale = dropout.row(0, 0).scale;
  return {groups, dropout, shape};
}

bool fits(const Matrix<const bfloat16>& q, const Matrix<const bfloat16>& kv, const Launch& launch) {
  constexpr std::size_t most = std::numeric_limits<std::int32_t>::max();  // of an offset
  const bool dense = q.stride(0) == q.extent(1) && kv.stride(0) == kv.extent(1);
  return launch.groups.n_own_rows > 0 && dense && kv.size() < most && cudnn::supports(launch.shape);
}

}  // namespace

// Not in the unnamed namespace, nor members: nvcc's extended lambdas.

/// Elements before the rows of each problem in q, kv and lse, one after the other in `to`.
void write_attention_offsets(const Exec& exec, const AttentionGroups& groups, int C, int NH,
                             Vector<std::int32_t> to) {
  const int P = groups.problem.extent_int(0);
  Kokkos::parallel_for(
      "attention_offsets", Kokkos::RangePolicy<Exec>(exec, 0, P + 1), KOKKOS_LAMBDA(const int p) {
        const int row = p < P ? groups.first(p) : groups.first(P - 1) + groups.count(P - 1);
        to(p) = row * C;
        to(P + 1 + p) = row * 2 * C;
        to(2 * (P + 1) + p) = row * NH;
      });
}

/// keep [P,NH,S,S], S a multiple of a chunk: 1 where dropout leaves a weight, 0 where it does not,
/// and behind the problem. A team a (problem, head), a lane a Philox block.
void write_attention_keep(const Exec& exec, const AttentionGroups& groups, const Dropout& dropout,
                          int n_head, int S, Vector<bfloat16> keep) {
  const int n_draws = S / DropoutRow::halves;  // of a row
  for_rows(
      "attention_keep", exec, {groups.problem.extent_int(0) * n_head, 2048},
      KOKKOS_LAMBDA(const int index, const Lane& lane) {
        const int head = index % n_head, g = index / n_head;
        const int count = groups.count(g), first = groups.first(g);
        const int problem = groups.problem_id(groups.problem(g));
        bfloat16* block = &keep(static_cast<std::size_t>(index) * S * S);
        lane.each(S * n_draws, [&](int unit) {
          const int i = unit / n_draws, draw = unit % n_draws;
          const int chunk = draw / DropoutRow::width, column = draw % DropoutRow::width;
          const bool is_query = i < count;
          const auto draws =
              dropout.row(problem, groups.position(first + (is_query ? i : 0)), head);
          std::uint32_t words[4];
          draws.draw(chunk, column, words[0], words[1], words[2], words[3]);
          for (int half = 0; half < DropoutRow::halves; ++half) {
            const bool kept = is_query && draws.multiplier(words[half / 2], half % 2) > 0;
            block[i * S + chunk * DropoutRow::chunk + half * DropoutRow::width + column] =
                bfloat16(kept ? 1.0F : 0.0F);
          }
        });
      });
}

/// dkv += the first rows, `from`.
void add_key_value_gradient(const Exec& exec, Matrix<const bfloat16> from, Matrix<float> dkv) {
  const int n = from.extent_int(1);
  for_rows(
      "attention_add_gradient", exec, from.extent_int(0),
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        lane.each(n, [&](int c) { dkv(r, c) += static_cast<float>(from(r, c)); });
      });
}

namespace {

/// Writes what cuDNN reads beside the operands.
cudnn::Rows prepare(const Exec& exec, const Launch& launch) {
  auto& scratch = Scratch::instance();
  const auto& [P, S, NH, D, scale] = launch.shape;
  const auto offsets = Scratch::at_least(scratch.offsets, "attention_offsets",
                                         3 * (static_cast<std::size_t>(P) + 1));
  write_attention_offsets(exec, launch.groups, NH * D, NH, offsets);
  cudnn::Rows rows{launch.groups.count.data(), offsets.data(), offsets.data() + P + 1,
                   offsets.data() + 2 * (P + 1), nullptr};
  if (scale == 1) return rows;
  const auto keep = Scratch::at_least(scratch.keep, "attention_keep",
                                      static_cast<std::size_t>(launch.n_rows_of_weights()) * S);
  write_attention_keep(exec, launch.groups, launch.dropout, NH, S, keep);
  rows.keep = keep.data();
  return rows;
}

}  // namespace

bool attention_forward_cudnn(const Exec& exec, Matrix<const bfloat16> q, Matrix<const bfloat16> kv,
                             const AttentionGroups& groups, int n_head, const Dropout& dropout,
                             Matrix<bfloat16> out, Matrix<float> lse) {
  const auto launch = launch_of(q, groups, n_head, dropout);
  if (!fits(q, kv, launch) || !cudnn::has_plan(launch.shape, cudnn::Direction::forward))
    return false;
  const ProductRegion region;
  cudnn::forward(exec.cuda_stream(), launch.shape, prepare(exec, launch), q.data(), kv.data(),
                 out.data(), lse.data());
  return true;
}

bool attention_backward_cudnn(const Exec& exec, Matrix<const bfloat16> q, Matrix<const bfloat16> kv,
                              const AttentionGroups& groups, int n_head, const Dropout& dropout,
                              Matrix<const bfloat16> out, Matrix<const float> lse,
                              Matrix<const bfloat16> dout, Matrix<bfloat16> dq, Matrix<float> dkv) {
  const auto launch = launch_of(q, groups, n_head, dropout);
  if (!fits(q, kv, launch) || !cudnn::has_plan(launch.shape, cudnn::Direction::backward))
    return false;
  const ProductRegion region;
  auto& scratch = Scratch::instance();
  const Matrix<bfloat16> own_dkv(
      Scratch::at_least(scratch.dkv, "attention_dkv", groups.n_own_rows * kv.extent(1)).data(),
      groups.n_own_rows, kv.extent(1));
  cudnn::backward(exec.cuda_stream(), launch.shape, prepare(exec, launch), q.data(), kv.data(),
                  out.data(), lse.data(), dout.data(), dq.data(), own_dkv.data());
  add_key_value_gradient(exec, own_dkv, dkv);
  return true;
}

}  // namespace superpose::kernels
