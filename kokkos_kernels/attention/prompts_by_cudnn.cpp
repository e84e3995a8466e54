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

cudnn::Shape shape_of(const AttentionInput<bfloat16>& in) {
  cudnn::Shape shape;
  shape.n_problems = in.groups.problem.extent_int(0);
  shape.longest = (in.groups.longest + longest_step - 1) / longest_step * longest_step;
  shape.n_head = in.n_head;
  shape.head_size = in.head_size();
  shape.keep_scale = in.dropout.row(0, 0).scale;
  return shape;
}

bool fits(const AttentionInput<bfloat16>& in, const cudnn::Shape& shape) {
  constexpr std::size_t most = std::numeric_limits<std::int32_t>::max();  // of an offset
  const bool dense = in.q.stride(0) == in.q.extent(1) && in.kv.stride(0) == in.kv.extent(1);
  return in.groups.n_own_rows > 0 && dense && in.kv.size() < most && cudnn::supports(shape);
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
/// and after the problem. A team a (problem, head), a lane a Philox block.
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
cudnn::Rows prepare(const Exec& exec, const AttentionInput<bfloat16>& in,
                    const cudnn::Shape& shape) {
  auto& scratch = Scratch::instance();
  const auto& [P, S, NH, D, scale] = shape;
  const auto offsets = Scratch::at_least(scratch.offsets, "attention_offsets",
                                         3 * (static_cast<std::size_t>(P) + 1));
  write_attention_offsets(exec, in.groups, NH * D, NH, offsets);
  cudnn::Rows rows{in.groups.count.data(), offsets.data(), offsets.data() + P + 1,
                   offsets.data() + 2 * (P + 1), nullptr};
  if (scale == 1) return rows;
  const auto keep =
      Scratch::at_least(scratch.keep, "attention_keep", static_cast<std::size_t>(P) * NH * S * S);
  write_attention_keep(exec, in.groups, in.dropout, NH, S, keep);
  rows.keep = keep.data();
  return rows;
}

}  // namespace

bool attention_forward_cudnn(const Exec& exec, const AttentionInput<bfloat16>& in,
                             Matrix<bfloat16> out, Matrix<float> lse) {
  const auto shape = shape_of(in);
  if (!fits(in, shape) || !cudnn::has_plan(shape, cudnn::Direction::forward)) return false;
  const ProductRegion region;
  const auto rows = prepare(exec, in, shape);
  cudnn::forward(exec.cuda_stream(), shape, rows,
                 {in.q.data(), in.kv.data(), out.data(), lse.data()});
  return true;
}

bool attention_backward_cudnn(const Exec& exec, const AttentionInput<bfloat16>& in,
                              const AttentionGradients<bfloat16>& gradients) {
  const auto shape = shape_of(in);
  if (!fits(in, shape) || !cudnn::has_plan(shape, cudnn::Direction::backward)) return false;
  const ProductRegion region;
  auto& scratch = Scratch::instance();
  const auto n_rows = in.groups.n_own_rows;
  const Matrix<bfloat16> own_dkv(
      Scratch::at_least(scratch.dkv, "attention_dkv", n_rows * in.kv.extent(1)).data(), n_rows,
      in.kv.extent(1));
  const auto rows = prepare(exec, in, shape);
  cudnn::backward(exec.cuda_stream(), shape, rows,
                  {in.q.data(), in.kv.data(), gradients.out.data(), gradients.lse.data(),
                   gradients.dout.data(), gradients.dq.data(), own_dkv.data()});
  add_key_value_gradient(exec, own_dkv, gradients.dkv);
  return true;
}

}  // namespace superpose::kernels
