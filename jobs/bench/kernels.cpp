#include <fmt/format.h>

#include <algorithm>

#include "data/expand.hpp"
#include "jobs/bench/measure.hpp"
#include "jobs/bench/timing.hpp"
#include "kokkos_kernels/adamw.hpp"
#include "kokkos_kernels/attention.hpp"
#include "kokkos_kernels/cross_entropy.hpp"
#include "kokkos_kernels/embedding.hpp"
#include "kokkos_kernels/gelu.hpp"
#include "kokkos_kernels/layer_norm.hpp"
#include "kokkos_kernels/linear.hpp"
#include "kokkos_kernels/reductions.hpp"
#include "kokkos_kernels/residual.hpp"
#include "model/packing.hpp"
#include "model/parameters.hpp"
#include "train/batch_gradient.hpp"

namespace superpose::jobs::bench {
namespace {

using distributed::Communicator;
using kernels::Output;

/// A leaf's rows, and where the times go.
struct Leaf {
  const Communicator& world;
  const model::Gpt2Options& options;
  model::PackedBatch batch;
  double pairs;  ///< of a query and a key it attends to, over all rows
  Exec exec{};
  std::vector<KernelTime> times{};

  int R() const { return batch.n_rows; }
  int C() const { return options.n_embd; }

  kernels::Dropout dropout(double probability) const {
    kernels::Dropout result;
    result.probability = probability;
    return result;
  }

  template <class Work>
  void time(const std::string& name, const std::string& shape, Cost cost, const Work& work) {
    times.push_back({name, shape, cost, 0});
    times.back().seconds = best_seconds(world, work);
  }
};

/// Bytes of so many operands of products and so many other numbers, read or written.
template <class X>
double bytes(double operands, double reals) {
  return operands * sizeof(X) + reals * sizeof(Real<X>);
}

std::string shape(double rows, double columns) {
  return fmt::format("[{:.0f},{:.0f}]", rows, columns);
}

void time_embedding(Leaf& leaf) {
  const auto& batch = leaf.batch;
  const double R = leaf.R(), C = leaf.C(), V = leaf.options.vocab_size;
  const double positions = batch.segments.front().longest;
  const auto wte = numbers(leaf.options.vocab_size, leaf.C());
  const auto wpe = numbers(leaf.options.n_positions, leaf.C());
  const auto x = numbers(leaf.R(), leaf.C()), thoughts = numbers(batch.n_outputs, leaf.C());
  const auto dropout = leaf.dropout(leaf.options.embd_pdrop);
  const auto cost = [](double reals) { return Cost{0, bytes<float>(0, reals)}; };
  leaf.time("embedding forward", shape(R, C), cost((R + V + positions) * C), [&] {
    kernels::embedding_forward<float>(leaf.exec, wte, wpe, thoughts, batch.token, batch.thought,
                                      batch.row_keys, dropout, x);
  });
  leaf.time("embedding backward", shape(R, C), cost(2 * R * C), [&] {
    kernels::embedding_backward<float>(leaf.exec, batch.thought, batch.row_keys, dropout, x,
                                       thoughts);
  });
  leaf.time("rows to wte", shape(R, C), cost((R + 2 * V) * C),
            [&] { kernels::scatter_rows<float>(leaf.exec, x, batch.token_rows, wte); });
  leaf.time("rows to wpe", shape(R, C), cost((R + 2 * positions) * C),
            [&] { kernels::scatter_rows<float>(leaf.exec, x, batch.position_rows, wpe); });
}

template <class X>
void time_layer_norm(Leaf& leaf) {
  const double R = leaf.R(), C = leaf.C();
  const auto x = numbers(leaf.R(), leaf.C()), branch = numbers(leaf.R(), leaf.C());
  const auto out = numbers<X>(leaf.R(), leaf.C());
  const auto weight = numbers(leaf.C()), bias = numbers(leaf.C());
  const auto mean = numbers(leaf.R()), rstd = numbers(leaf.R());
  const auto dropout = leaf.dropout(leaf.options.resid_pdrop);
  const double epsilon = leaf.options.layer_norm_epsilon;
  leaf.time("layer_norm forward", shape(R, C), {0, bytes<X>(R * C, R * C)}, [&] {
    kernels::layer_norm_forward<X>(leaf.exec, x, weight, bias, epsilon, out, mean, rstd);
  });
  leaf.time("layer_norm backward", shape(R, C), {0, bytes<X>(0, 4 * R * C)}, [&] {
    kernels::layer_norm_backward<float>(leaf.exec, branch, x, weight, mean, rstd, branch, weight,
                                        bias);
  });
  leaf.time("residual + norm forward", shape(R, C), {0, bytes<X>(R * C, 3 * R * C)}, [&] {
    kernels::residual_layer_norm_forward<X>(leaf.exec, x, branch, leaf.batch.row_keys, dropout,
                                            weight, bias, epsilon, branch, out, mean, rstd);
  });
  leaf.time("residual + norm backward", shape(R, C), {0, bytes<X>(R * C, 4 * R * C)}, [&] {
    kernels::layer_norm_residual_backward<X>(leaf.exec, branch, x, weight, mean, rstd, branch,
                                             leaf.batch.row_keys, dropout, out, weight, bias);
  });
}

template <class X>
void time_linear(Leaf& leaf, const std::string& name, int n_in, int n_out) {
  const double R = leaf.R(), K = n_in, N = n_out;
  const auto x = numbers<X>(leaf.R(), n_in), y = numbers<X>(leaf.R(), n_out);
  const auto w = numbers(n_in, n_out);
  const auto bias = numbers(n_out), scratch = numbers(n_in * n_out);
  kernels::LinearWeight<X> weight;
  weight.update(leaf.exec, w);
  const double operations = 2 * R * K * N;
  const Cost through{operations, bytes<X>(R * K + K * N + R * N, 0)};
  const auto label = fmt::format("[{:.0f},{:.0f}][{:.0f},{:.0f}]", R, K, K, N);
  leaf.time(name + " forward", label, through,
            [&] { kernels::linear_forward<X>(leaf.exec, x, weight, bias, y); });
  leaf.time(name + " d input", label, through,
            [&] { kernels::linear_backward_input<X>(leaf.exec, y, weight, x, Output::replace); });
  leaf.time(name + " d weight", label, {operations, bytes<X>(R * K + R * N, 2 * K * N)},
            [&] { kernels::linear_backward_weight<X>(leaf.exec, x, y, scratch, w, bias); });
  leaf.time(name + " layout", shape(K, N), {0, bytes<X>(2 * K * N, 2 * K * N)},
            [&] { weight.update(leaf.exec, w); });
}

template <class X>
void time_attention(Leaf& leaf) {
  const auto& segment = leaf.batch.segments.front();
  const auto groups = model::groups_of(leaf.batch.row_groups, segment.row_groups, segment.longest);
  const double R = leaf.R(), C = leaf.C();
  const int n_head = leaf.options.n_head;
  const auto q = numbers<X>(leaf.R(), leaf.C()), out = numbers<X>(leaf.R(), leaf.C());
  const auto kv = numbers<X>(leaf.R(), 2 * leaf.C()), dq = numbers<X>(leaf.R(), leaf.C());
  const auto dkv = numbers(leaf.R(), 2 * leaf.C()), lse = numbers(leaf.R(), n_head);
  const auto dropout = leaf.dropout(leaf.options.attn_pdrop);
  leaf.time("attention forward", shape(R, C), {4 * C * leaf.pairs, bytes<X>(4 * R * C, 0)}, [&] {
    kernels::attention_forward<X>(leaf.exec, q, kv, groups, n_head, dropout, out, lse);
  });
  leaf.time("attention backward", shape(R, C), {8 * C * leaf.pairs, bytes<X>(5 * R * C, 4 * R * C)},
            [&] {
              kernels::attention_backward<X>(leaf.exec, q, kv, groups, n_head, dropout, lse, out,
                                             dq, dkv);
            });
}

template <class X>
void time_pointwise(Leaf& leaf) {
  const double R = leaf.R(), C = leaf.C();
  const auto x = numbers<X>(leaf.R(), 4 * leaf.C()), y = numbers<X>(leaf.R(), 4 * leaf.C());
  leaf.time("gelu forward", shape(R, 4 * C), {0, bytes<X>(8 * R * C, 0)},
            [&] { kernels::gelu_forward<X>(leaf.exec, x, y); });
  leaf.time("gelu backward", shape(R, 4 * C), {0, bytes<X>(12 * R * C, 0)},
            [&] { kernels::gelu_backward<X>(leaf.exec, x, y, y); });
  const auto sums = numbers(4 * leaf.C());
  leaf.time("column sums", shape(R, 4 * C), {0, bytes<X>(4 * R * C, 0)},
            [&] { kernels::add_column_sums<X>(leaf.exec, x, sums); });
  const auto a = numbers(leaf.R(), leaf.C()), b = numbers(leaf.R(), leaf.C());
  const auto branch = numbers<X>(leaf.R(), leaf.C());
  const auto dropout = leaf.dropout(leaf.options.resid_pdrop);
  leaf.time("residual + dropout forward", shape(R, C), {0, bytes<X>(0, 3 * R * C)}, [&] {
    kernels::residual_forward<float>(leaf.exec, a, b, leaf.batch.row_keys, dropout, b);
  });
  leaf.time("residual + dropout backward", shape(R, C), {0, bytes<X>(R * C, R * C)}, [&] {
    kernels::residual_backward<X>(leaf.exec, a, leaf.batch.row_keys, dropout, branch);
  });
}

void time_loss(Leaf& leaf) {
  const int O = leaf.batch.n_outputs, V = leaf.options.vocab_size;
  const auto hidden = numbers(O, leaf.C()), d_hidden = numbers(O, leaf.C());
  const auto w = numbers(V, leaf.C()), dw = numbers(V, leaf.C());
  const auto logits = numbers(O, V), dlogits = numbers(O, V);
  const auto losses = numbers(leaf.batch.n_labelled);
  const double o = O, v = V, C = leaf.C(), all = o * C + v * C + o * v;
  leaf.time("logits forward", shape(o, v), {2 * o * v * C, bytes<float>(0, all)},
            [&] { kernels::logits_forward<float>(leaf.exec, hidden, w, logits); });
  leaf.time("cross_entropy", shape(o, v), {0, bytes<float>(0, 2 * o * v)}, [&] {
    kernels::cross_entropy<float>(leaf.exec, logits, leaf.batch.labels, losses, dlogits);
  });
  leaf.time("logits backward", shape(o, v),
            {4 * o * v * C, bytes<float>(0, all + o * C + 2 * v * C)},
            [&] { kernels::logits_backward<float>(leaf.exec, dlogits, hidden, w, d_hidden, dw); });
}

void time_update(Leaf& leaf) {
  const int n = static_cast<int>(model::flat_size(model::parameter_list(leaf.options)));
  const auto gradient = numbers(n), parameters = numbers(n);
  const Vector<float> m("bench_m", n), v("bench_v", n);
  const kernels::AdamWStep step{1e-4, 0.9, 0.95, 1e-8, 0.01, 0.1, 0.05, 1};
  const auto label = fmt::format("[{}]", n);
  leaf.time("gradient norm", label, {0, bytes<float>(0, n)},
            [&] { kernels::sum_of_squares<float>(leaf.exec, gradient); });
  leaf.time("adamw", label, {0, bytes<float>(0, 7.0 * n)},
            [&] { kernels::adamw<float>(leaf.exec, step, gradient, m, v, parameters); });
}

template <class X>
void time_all(Leaf& leaf) {
  const int C = leaf.C();
  time_embedding(leaf);
  time_layer_norm<X>(leaf);
  time_linear<X>(leaf, "keys, values", C, 2 * C);
  time_linear<X>(leaf, "MLP in", C, 4 * C);
  time_linear<X>(leaf, "MLP out", 4 * C, C);
  time_attention<X>(leaf);
  time_pointwise<X>(leaf);
  time_loss(leaf);
  time_update(leaf);
}

std::vector<Sequence> first_leaf(const train::RunOptions& options,
                                 const std::vector<data::Problem>& problems) {
  const auto passes = static_cast<std::size_t>(options.train.leaves) *
                      static_cast<std::size_t>(options.train.accumulation);
  const auto n = std::max<std::size_t>(1, problems.size() / passes);
  const data::Vocabulary vocabulary(options.model.vocab_size);
  std::vector<Sequence> sequences;
  for (std::size_t i = 0; i < n; ++i)
    sequences.push_back(
        data::expand(problems[i], i, 0, 0, options.method, vocabulary, options.train.seed));
  return sequences;
}

}  // namespace

std::vector<KernelTime> measure_kernels(const train::RunOptions& options,
                                        const std::vector<data::Problem>& problems,
                                        const Communicator& world) {
  const auto sequences = first_leaf(options, problems);
  double pairs = 0;
  for (const auto& sequence : sequences) {
    const auto n = static_cast<double>(sequence.tokens.size());
    pairs += n * (n + 1) / 2;
  }
  Leaf leaf{world, options.model, model::pack(sequences), pairs};
  options.model.precision == model::Precision::bf16 ? time_all<bfloat16>(leaf)
                                                    : time_all<float>(leaf);
  return leaf.times;
}

}  // namespace superpose::jobs::bench
