#pragma once
/// Small models with random weights and random sequences, for properties that hold whatever the
/// weights are.

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/random.hpp"
#include "core/sequence.hpp"
#include "model/decode.hpp"
#include "model/packing.hpp"
#include "model/thoughts.hpp"

namespace superpose::model {

using Tokens = std::vector<std::int32_t>;
using Numbers = std::vector<double>;

/// Widths that are no multiple of a vector register; no dropout.
inline Gpt2Options small_options(int n_layer = 2) {
  Gpt2Options options;
  options.n_layer = n_layer;
  options.n_head = 3;
  options.n_embd = 18;
  options.n_positions = 40;
  options.vocab_size = 23;
  options.embd_pdrop = options.attn_pdrop = options.resid_pdrop = 0;
  return options;
}

inline Gpt2Options with_dropout(Gpt2Options options, double embd, double attn, double resid) {
  options.embd_pdrop = embd;
  options.attn_pdrop = attn;
  options.resid_pdrop = resid;
  return options;
}

/// All dropouts on, each with a probability of its own.
inline Gpt2Options dropout_options(int n_layer = 2) {
  return with_dropout(small_options(n_layer), 0.3, 0.2, 0.25);
}

/// A training pass: with dropout, keyed by a seed and an epoch that are not the defaults.
inline constexpr Pass training = {true, 17, 3};

/// Uniform weights large enough that every part of the model shows in the logits: matrices and
/// biases in [-0.4, 0.4), LayerNorm's weights around 1. The same numbers in float and double.
template <class T>
void randomise(Parameters<T>& parameters) {
  const auto host = Kokkos::create_mirror(parameters.flat);
  Kokkos::deep_copy(host, parameters.flat);
  for (std::size_t p = 0; p < parameters.list.size(); ++p) {
    const auto& info = parameters.list[p];
    RandomStream random(5, Purpose::analysis, p);
    const double centre = info.initial.kind == Initial::Kind::constant ? info.initial.value : 0;
    for (std::size_t i = 0; i < info.size(); ++i)
      host(info.offset + i) =
          static_cast<T>(static_cast<float>(centre + 0.8 * random.uniform() - 0.4));
  }
  Kokkos::deep_copy(parameters.flat, host);
}

/// X is what the operands of products are held in.
template <class X>
Coconut<X> random_model(const Gpt2Options& options) {
  Coconut<X> model(options);
  randomise(model.parameters());
  return model;
}

/// `prompt` random tokens, n_latent latent tokens (id 0) and `after` random tokens; ids below 20.
inline Sequence random_sequence(std::uint64_t problem, int prompt, int n_latent, int after) {
  RandomStream random(6, Purpose::analysis, problem);
  Sequence sequence;
  sequence.problem = problem;
  sequence.latent_begin = prompt;
  sequence.n_latent = n_latent;
  for (int t = 0; t < prompt + n_latent + after; ++t) {
    const bool latent = t >= prompt && t < prompt + n_latent;
    sequence.tokens.push_back(latent ? 0 : static_cast<std::int32_t>(1 + random.below(19)));
  }
  return sequence;
}

/// The sequence with a target at its last position.
inline Sequence with_last_target(Sequence sequence, Tokens labels) {
  sequence.targets.push_back(
      {static_cast<std::int32_t>(sequence.tokens.size()) - 1, std::move(labels)});
  return sequence;
}

inline Sequence plain(Sequence sequence) {
  sequence.feed_back = false;
  return sequence;
}

/// Different lengths, numbers of thoughts and labels; the last one feeds nothing back.
inline std::vector<Sequence> mixed_sequences() {
  std::vector<Sequence> sequences = {with_last_target(random_sequence(3, 9, 2, 0), {4}),
                                     with_last_target(random_sequence(70000, 5, 3, 1), {7, 8, 2}),
                                     with_last_target(random_sequence(8, 12, 0, 2), {1}),
                                     with_last_target(random_sequence(4, 3, 1, 4), {9}),
                                     with_last_target(plain(random_sequence(12, 6, 2, 3)), {11})};
  sequences[3].targets.insert(sequences[3].targets.begin(), {2, {5, 6}});
  sequences[4].targets.insert(sequences[4].targets.begin(), {1, {}});
  return sequences;
}

/// Logits of all targets, row by row.
template <class T>
Numbers logits_of(Network<T>& model, const std::vector<Sequence>& sequences,
                  const Pass& pass = Pass{}) {
  const auto batch = pack(sequences);
  model.forward(batch, pass);
  Numbers result;
  for (const auto& row : target_logits(model, batch))
    result.insert(result.end(), row.begin(), row.end());
  return result;
}

/// Adds the gradient of the sum of losses to `gradients`; returns that sum.
template <class T>
double add_gradient(Network<T>& model, const std::vector<Sequence>& sequences, const Pass& pass,
                    Parameters<T>& gradients) {
  const auto batch = pack(sequences);
  model.forward(batch, pass);
  const double sum = model.loss(batch).sum;
  model.backward(batch, pass, gradients);
  return sum;
}

template <class T>
Numbers host_numbers(const Vector<T>& values) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), values);
  return Numbers(host.data(), host.data() + host.extent(0));
}

/// Gradient of the sum of losses, laid out like Parameters::flat.
template <class T>
Numbers gradient_of(Network<T>& model, const std::vector<Sequence>& sequences,
                    const Pass& pass = Pass{}) {
  Parameters<T> gradients(model.options(), "gradients");
  add_gradient(model, sequences, pass, gradients);
  return host_numbers(gradients.flat);
}

/// Largest |a - b|; infinity where the lengths differ or a number is NaN.
inline double largest_difference(const Numbers& a, const Numbers& b) {
  if (a.size() != b.size()) return INFINITY;
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    largest = difference <= largest ? largest : std::isnan(difference) ? INFINITY : difference;
  }
  return largest;
}

inline double largest_magnitude(const Numbers& values) {
  return largest_difference(values, Numbers(values.size(), 0.0));
}

}  // namespace superpose::model
