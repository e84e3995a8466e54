#include "bench/kernel_cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "bench/timing.hpp"
#include "data/expand.hpp"
#include "kokkos_kernels/adamw.hpp"
#include "kokkos_kernels/attention.hpp"
#include "kokkos_kernels/cross_entropy.hpp"
#include "kokkos_kernels/embedding.hpp"
#include "kokkos_kernels/gelu.hpp"
#include "kokkos_kernels/layer_norm.hpp"
#include "kokkos_kernels/linear.hpp"
#include "kokkos_kernels/reductions.hpp"
#include "kokkos_kernels/residual.hpp"
#include "model/block.hpp"
#include "model/packing.hpp"
#include "model/parameters.hpp"
#include "train/batch_gradient.hpp"

namespace superpose::bench {
namespace {

using kernels::Output;

kernels::Dropout dropout_of(double probability) {
  kernels::Dropout result;
  result.probability = probability;
  return result;
}

/// The rows that all kernels work on.
struct LeafRows {
  model::Gpt2Options options;
  model::PackedBatch batch;
  double pairs = 0;  ///< of a query and a key it attends to, over all rows
  Exec exec{};

  int R() const { return batch.n_rows; }
  int C() const { return options.n_embd; }
  kernels::RowDropout dropout(double probability) const {
    return {batch.row_keys, dropout_of(probability)};
  }
};
using Rows = std::shared_ptr<const LeafRows>;

/// The cases of one precision, collected.
class Cases {
 public:
  explicit Cases(Rows rows) : rows_(std::move(rows)) {}

  const LeafRows& rows() const { return *rows_; }

  /// make(rows) allocates the kernel's operands, run(rows, operands) calls it.
  template <class Make, class Run>
  void add(const std::string& name, const std::string& shape, Cost cost, const Make& make,
           const Run& run) {
    const auto rows = rows_;
    list_.push_back({name, shape, cost, [rows, make, run]() -> std::function<void()> {
                       return [rows, run, operands = make(*rows)] { run(*rows, operands); };
                     }});
  }

  std::vector<KernelCase> take() { return std::move(list_); }

 private:
  Rows rows_;
  std::vector<KernelCase> list_;
};

/// Bytes of so many operands of products and so many other numbers, read or written.
template <class X>
double bytes(double operands, double reals) {
  return operands * sizeof(X) + reals * sizeof(Real<X>);
}

std::string shape(double rows, double columns) {
  return fmt::format("[{:.0f},{:.0f}]", rows, columns);
}

/// As large as model::BackwardMemory's.
Vector<float> block_scratch(const LeafRows& leaf) {
  return numbers(2 * leaf.C() * leaf.C());
}

struct EmbeddingOperands {
  Matrix<float> wte, wpe, x, thoughts;
  Vector<float> scratch;
};

void add_embedding(Cases& cases) {
  const auto& rows = cases.rows();
  const double R = rows.R(), C = rows.C(), V = rows.options.vocab_size;
  const double positions = rows.batch.segments.front().longest;
  const auto cost = [](double reals) { return Cost{0, bytes<float>(0, reals)}; };
  const auto make = [](const LeafRows& leaf) {
    return EmbeddingOperands{
        numbers(leaf.options.vocab_size, leaf.C()), numbers(leaf.options.n_positions, leaf.C()),
        numbers(leaf.R(), leaf.C()), numbers(leaf.batch.n_outputs, leaf.C()), block_scratch(leaf)};
  };
  using Operands = const EmbeddingOperands&;
  cases.add("embedding forward", shape(R, C), cost((R + V + positions) * C), make,
            [](const LeafRows& leaf, Operands o) {
              kernels::embedding_forward<float>(leaf.exec, {o.wte, o.wpe, o.thoughts},
                                                leaf.batch.token, leaf.batch.thought,
                                                leaf.dropout(leaf.options.embd_pdrop), o.x);
            });
  cases.add("embedding backward", shape(R, C), cost(2 * R * C), make,
            [](const LeafRows& leaf, Operands o) {
              kernels::embedding_backward<float>(leaf.exec, leaf.batch.thought,
                                                 leaf.dropout(leaf.options.embd_pdrop), o.x,
                                                 o.thoughts);
            });
  cases.add("rows to wte", shape(R, C), cost((R + 2 * V) * C), make,
            [](const LeafRows& leaf, Operands o) {
              kernels::scatter_rows<float>(leaf.exec, o.x, leaf.batch.token_rows, o.scratch, o.wte);
            });
  cases.add("rows to wpe", shape(R, C), cost((R + 2 * positions) * C), make,
            [](const LeafRows& leaf, Operands o) {
              kernels::scatter_rows<float>(leaf.exec, o.x, leaf.batch.position_rows, o.scratch,
                                           o.wpe);
            });
}

template <class X>
struct NormOperands {
  Matrix<float> x, branch;
  Matrix<X> out;
  kernels::LayerNorm<float> norm;
  kernels::LayerNormGradient<float> dnorm;
  kernels::RowDropout dropout;
};

template <class X>
NormOperands<X> norm_operands(const LeafRows& leaf) {
  const int R = leaf.R(), C = leaf.C();
  return {numbers(R, C),
          numbers(R, C),
          numbers<X>(R, C),
          {numbers(C), numbers(C), numbers(R), numbers(R), leaf.options.layer_norm_epsilon},
          {numbers(C), numbers(C), block_scratch(leaf)},
          leaf.dropout(leaf.options.resid_pdrop)};
}

template <class X>
void add_layer_norm(Cases& cases) {
  using Operands = const NormOperands<X>&;
  const double R = cases.rows().R(), C = cases.rows().C();
  cases.add("layer_norm forward", shape(R, C), {0, bytes<X>(R * C, R * C)}, norm_operands<X>,
            [](const LeafRows& leaf, Operands o) {
              kernels::layer_norm_forward<X>(leaf.exec, o.x, o.norm, o.out);
            });
  cases.add("layer_norm backward", shape(R, C), {0, bytes<X>(0, 4 * R * C)}, norm_operands<X>,
            [](const LeafRows& leaf, Operands o) {
              kernels::layer_norm_backward<float>(leaf.exec, o.branch, o.x, o.norm, o.branch,
                                                  o.dnorm);
            });
  cases.add("residual + norm forward", shape(R, C), {0, bytes<X>(R * C, 3 * R * C)},
            norm_operands<X>, [](const LeafRows& leaf, Operands o) {
              kernels::residual_layer_norm_forward<X>(leaf.exec, o.x, o.branch, o.dropout, o.norm,
                                                      o.branch, o.out);
            });
  cases.add("residual + norm backward", shape(R, C), {0, bytes<X>(R * C, 4 * R * C)},
            norm_operands<X>, [](const LeafRows& leaf, Operands o) {
              kernels::layer_norm_residual_backward<X>(leaf.exec, o.branch, o.x, o.norm, o.dropout,
                                                       o.branch, o.out, o.dnorm);
            });
}

template <class X>
struct LinearOperands {
  Matrix<X> x, y;
  Matrix<float> w;
  Vector<float> bias, scratch;
  kernels::LinearWeight<X> weight;
};

template <class X>
LinearOperands<X> linear_operands(const LeafRows& leaf, int n_in, int n_out) {
  LinearOperands<X> o{numbers<X>(leaf.R(), n_in),
                      numbers<X>(leaf.R(), n_out),
                      numbers(n_in, n_out),
                      numbers(n_out),
                      numbers(n_in * n_out),
                      kernels::LinearWeight<X>(model::products_of(leaf.options.precision))};
  o.weight.update(leaf.exec, o.w, o.bias);
  return o;
}

template <class X>
void add_linear(Cases& cases, const std::string& name, int n_in, int n_out) {
  using Operands = const LinearOperands<X>&;
  const double R = cases.rows().R(), K = n_in, N = n_out, operations = 2 * R * K * N;
  const Cost through{operations, bytes<X>(R * K + K * N + R * N, 0)};
  const auto label = fmt::format("[{:.0f},{:.0f}][{:.0f},{:.0f}]", R, K, K, N);
  const auto make = [n_in, n_out](const LeafRows& leaf) {
    return linear_operands<X>(leaf, n_in, n_out);
  };
  cases.add(name + " forward", label, through, make, [](const LeafRows& leaf, Operands o) {
    kernels::linear_forward<X>(leaf.exec, o.x, o.weight, o.y);
  });
  cases.add(name + " d input", label, through, make, [](const LeafRows& leaf, Operands o) {
    kernels::linear_backward_input<X>(leaf.exec, o.y, o.weight, o.x, Output::replace);
  });
  cases.add(name + " d weight", label, {operations, bytes<X>(R * K + R * N, 2 * K * N)}, make,
            [](const LeafRows& leaf, Operands o) {
              kernels::linear_backward_weight<X>(leaf.exec, o.x, o.y, o.weight, o.scratch, o.w,
                                                 o.bias);
            });
  cases.add(name + " layout", shape(K, N), {0, bytes<X>(2 * K * N, 2 * K * N)}, make,
            [](const LeafRows& leaf, Operands o) {
              auto weight = o.weight;  // shares what it holds
              weight.update(leaf.exec, o.w, o.bias);
            });
}

template <class X>
struct AttentionOperands {
  kernels::AttentionInput<X> in;
  Matrix<X> out, dq;
  Matrix<float> dkv, lse;
};

template <class X>
AttentionOperands<X> attention_operands(const LeafRows& leaf) {
  const int R = leaf.R(), C = leaf.C();
  const auto& segment = leaf.batch.segments.front();
  auto groups = model::groups_of(leaf.batch.row_groups, segment.row_groups, segment.longest,
                                 segment.most_rows);
  groups.n_own_rows = segment.rows.size();  // as model::Block says of prompts
  return {{numbers<X>(R, C), numbers<X>(R, 2 * C), groups, leaf.options.n_head,
           dropout_of(leaf.options.attn_pdrop)},
          numbers<X>(R, C),
          numbers<X>(R, C),
          numbers(R, 2 * C),
          numbers(R, leaf.options.n_head)};
}

template <class X>
void add_attention(Cases& cases) {
  using Operands = const AttentionOperands<X>&;
  const auto& rows = cases.rows();
  const double R = rows.R(), C = rows.C(), pairs = rows.pairs;
  const double exponentials = rows.options.n_head * pairs;
  cases.add("attention forward", shape(R, C), {4 * C * pairs, bytes<X>(4 * R * C, 0), exponentials},
            attention_operands<X>, [](const LeafRows& leaf, Operands o) {
              kernels::attention_forward<X>(leaf.exec, o.in, o.out, o.lse);
            });
  cases.add("attention backward", shape(R, C),
            {8 * C * pairs, bytes<X>(5 * R * C, 4 * R * C), exponentials}, attention_operands<X>,
            [](const LeafRows& leaf, Operands o) {
              kernels::attention_backward<X>(leaf.exec, o.in, {o.out, o.lse, o.out, o.dq, o.dkv});
            });
}

template <class X>
struct MlpOperands {
  Matrix<X> x, y;
  Vector<float> sums, scratch;
};

template <class X>
void add_gelu(Cases& cases) {
  using Operands = const MlpOperands<X>&;
  const double R = cases.rows().R(), C = cases.rows().C();
  const auto make = [](const LeafRows& leaf) {
    return MlpOperands<X>{numbers<X>(leaf.R(), 4 * leaf.C()), numbers<X>(leaf.R(), 4 * leaf.C()),
                          numbers(4 * leaf.C()), block_scratch(leaf)};
  };
  cases.add(
      "gelu forward", shape(R, 4 * C), {0, bytes<X>(8 * R * C, 0), 4 * R * C}, make,
      [](const LeafRows& leaf, Operands o) { kernels::gelu_forward<X>(leaf.exec, o.x, o.y); });
  cases.add("gelu backward", shape(R, 4 * C), {0, bytes<X>(12 * R * C, 0), 4 * R * C}, make,
            [](const LeafRows& leaf, Operands o) {
              kernels::gelu_backward<X>(leaf.exec, o.x, o.y, o.y);
            });
  cases.add("column sums", shape(R, 4 * C), {0, bytes<X>(4 * R * C, 0)}, make,
            [](const LeafRows& leaf, Operands o) {
              kernels::add_column_sums<X>(leaf.exec, o.x, o.scratch, o.sums);
            });
}

template <class X>
void add_residual(Cases& cases) {
  using Operands = const NormOperands<X>&;
  const double R = cases.rows().R(), C = cases.rows().C();
  cases.add("residual + dropout forward", shape(R, C), {0, bytes<X>(0, 3 * R * C)},
            norm_operands<X>, [](const LeafRows& leaf, Operands o) {
              kernels::residual_forward<float>(leaf.exec, o.x, o.branch, o.dropout, o.branch);
            });
  cases.add("residual + dropout backward", shape(R, C), {0, bytes<X>(R * C, R * C)},
            norm_operands<X>, [](const LeafRows& leaf, Operands o) {
              kernels::residual_backward<X>(leaf.exec, o.x, o.dropout, o.out);
            });
}

struct LossOperands {
  Matrix<float> hidden, dhidden, w, dw, logits, dlogits;
  Vector<float> losses;
};

LossOperands loss_operands(const LeafRows& leaf) {
  const int O = leaf.batch.n_outputs, V = leaf.options.vocab_size, C = leaf.C();
  return {numbers(O, C),
          numbers(O, C),
          numbers(V, C),
          numbers(V, C),
          numbers(O, V),
          numbers(O, V),
          numbers(leaf.batch.n_labelled)};
}

void add_loss(Cases& cases) {
  using Operands = const LossOperands&;
  const auto& rows = cases.rows();
  const double O = rows.batch.n_outputs, V = rows.options.vocab_size, C = rows.C();
  const double all = O * C + V * C + O * V;
  cases.add("logits forward", shape(O, V), {2 * O * V * C, bytes<float>(0, all)}, loss_operands,
            [](const LeafRows& leaf, Operands o) {
              kernels::logits_forward<float>(leaf.exec, o.hidden, o.w, o.logits);
            });
  cases.add("cross_entropy", shape(O, V), {0, bytes<float>(0, 2 * O * V)}, loss_operands,
            [](const LeafRows& leaf, Operands o) {
              kernels::cross_entropy<float>(leaf.exec, o.logits, leaf.batch.labels, o.losses,
                                            o.dlogits);
            });
  cases.add("logits backward", shape(O, V),
            {4 * O * V * C, bytes<float>(0, all + O * C + 2 * V * C)}, loss_operands,
            [](const LeafRows& leaf, Operands o) {
              kernels::logits_backward<float>(leaf.exec, o.dlogits, o.hidden, o.w, o.dhidden, o.dw);
            });
}

struct UpdateOperands {
  Vector<float> gradient, parameters, m, v;
};

void add_update(Cases& cases) {
  using Operands = const UpdateOperands&;
  const int n = static_cast<int>(model::flat_size(model::parameter_list(cases.rows().options)));
  const auto label = fmt::format("[{}]", n);
  const auto make = [n](const LeafRows&) {
    return UpdateOperands{numbers(n), numbers(n), Vector<float>("bench_m", n),
                          Vector<float>("bench_v", n)};
  };
  cases.add("gradient norm", label, {0, bytes<float>(0, n)}, make,
            [](const LeafRows& leaf, Operands o) {
              kernels::sum_of_squares<float>(leaf.exec, o.gradient);
            });
  cases.add("adamw", label, {0, bytes<float>(0, 7.0 * n)}, make,
            [](const LeafRows& leaf, Operands o) {
              const kernels::AdamWStep step{1e-4, 0.9, 0.95, 1e-8, 0.01, 0.1, 0.05, 1};
              kernels::adamw<float>(leaf.exec, step, o.gradient, o.m, o.v, o.parameters);
            });
}

template <class X>
void add_all(Cases& cases) {
  const int C = cases.rows().C();
  add_embedding(cases);
  add_layer_norm<X>(cases);
  add_linear<X>(cases, "keys, values", C, 2 * C);
  add_linear<X>(cases, "MLP in", C, 4 * C);
  add_linear<X>(cases, "MLP out", 4 * C, C);
  add_attention<X>(cases);
  add_gelu<X>(cases);
  add_residual<X>(cases);
  add_loss(cases);
  add_update(cases);
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

std::vector<KernelCase> kernel_cases(const train::RunOptions& options,
                                     const std::vector<data::Problem>& problems) {
  const auto sequences = first_leaf(options, problems);
  double pairs = 0;
  for (const auto& sequence : sequences) {
    const auto n = static_cast<double>(sequence.tokens.size());
    pairs += n * (n + 1) / 2;
  }
  Cases cases(
      std::make_shared<const LeafRows>(LeafRows{options.model, model::pack(sequences), pairs}));
  options.model.precision == model::Precision::bf16 ? add_all<bfloat16>(cases)
                                                    : add_all<float>(cases);
  return cases.take();
}

}  // namespace superpose::bench
