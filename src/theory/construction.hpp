#pragma once
/// The two-layer transformer of RbS (arXiv 2505.12514), Theorem 1, with its weights given instead
/// of trained. It reads
///   <s> s t <e> s t <e> ... s t <e> [Q] c1 c2 [R] root, thought 1, ..., thought C, [A]
/// (<s> and <e> are `<eos>` and `|` of data::Vocabulary).
///
/// The stream of a position is [content ; buffer 1 ; buffer 2 ; positions], d = 3 d_TE + d_PE
/// (rope: 3 d_TE; rope_position: 3 d_TE + 2), d_TE the size of the vocabulary. The theorem asks for
/// orthonormal token embeddings; here they are the unit vectors, so a content is a list of weights
/// of tokens, and what is zero is neither stored nor multiplied. LayerNorm(x) = x / ||x||_2.
///
/// The sinusoidal encoding and rope_position (Lemma 6) are the paper's choosers; rope is one of our
/// own (position_encoding.hpp). Constants are the paper's or ours (constants.hpp).
///
/// Layer 1, five attention choosers (Lemmas 3 and 6; rope: ours), each copying the content of the
/// position it chooses: (<e>, 2) the source to buffer 1, (<e>, 1) the target to buffer 2, ([R], 2)
/// and ([R], 1) the candidates to buffer 2, ([A], 1) the last thought to buffer 1. All other
/// positions attend to <s>, which the value matrices leave out. MLP: 1{x >= eps_1} on every
/// coordinate. It takes the place of the stream (no residual around it): a threshold alone cannot
/// remove what it was given.
///
/// Layer 2, one head: queries kappa (content; [A] reads as [R]), keys buffer 1 + the [R] of the
/// content, values buffer 2, added to the content. MLP: 1{x >= eps_2} of each node in the content,
/// plus the same of buffer 1, into which [A] has copied the thought; without residual again.
///
/// By the paper's rule the last MLP keeps all tokens, not nodes alone, so the output at [A] holds
/// u_A too: (2 u_target + u_other + u_A + the rest of V_C) / sqrt(|V_C| + 5). Its query is the
/// content and its key of [R] holds u_A, where ours reads [A] as [R]; the products are the same.
///
/// A thought is then (1 / sqrt(|V_c|)) sum of u_v over V_c, the nodes within c steps of the root.
/// At [A] the reachable candidate alone has 2 parts, one from the thought and one from [R]. The
/// root must have an edge: with none to match, attention spreads evenly. It has one wherever the
/// target is another node.

#include <cstdint>
#include <limits>
#include <vector>

#include "data/vocabulary.hpp"
#include "theory/constants.hpp"
#include "theory/position_scores.hpp"
#include "theory/precision.hpp"

namespace superpose::theory {

/// A weight of one token's embedding.
template <class X>
struct Entry {
  std::int32_t token;
  X weight;
};

/// A vector of the content or of a buffer: its weights that are not zero, tokens ascending.
template <class X>
using Content = std::vector<Entry<X>>;

/// How far the inputs of the thresholds stay from them, over everything computed: the construction
/// holds while above > 1 > below.
struct Slack {
  double above = std::numeric_limits<double>::infinity();  ///< smallest x / eps with x >= eps
  double below = 0;                                        ///< largest x / eps with x < eps
  /// 1{x >= eps}.
  bool passes(double x, double eps);
};

template <class X>
class Construction {
 public:
  using R = Real<X>;

  /// The output of the last position. "Tokens" are nodes; by the paper's rule all of them.
  struct Output {
    Content<X> thought;      ///< after the LayerNorm: the next thought, or logits by token
    std::vector<R> weights;  ///< [token] the input of layer 2's threshold, content only
  };

  /// Error (usage) if the vocabulary has fewer names than sizes.n_max.
  Construction(const Constants& constants, const data::Vocabulary& vocabulary);

  void clear();  ///< begins another sequence
  int size() const { return static_cast<int>(contents_.size()); }

  /// Layer 1 at a new position with this content. Positions before it do not change.
  void append(Content<X> content);
  void append(std::int32_t token) { append(Content<X>{{token, rounded<X>(1)}}); }
  void remove_last();  ///< as if it had not been appended

  /// Layer 2 at the last position.
  Output output();

  const Constants& constants() const { return constants_; }
  const Slack& slack_1() const { return slack_1_; }  ///< of layer 1's MLP
  const Slack& slack_2() const { return slack_2_; }

 private:
  struct Chooser {
    std::int32_t token;  ///< x
    int l;
    int buffer;  ///< 1 or 2
  };
  /// A position after layer 1.
  struct Row {
    Content<X> content, buffer_1, buffer_2;
  };

  std::vector<R> attend(const Chooser& chooser);
  std::vector<R> positional_logits(int l, R off);
  std::vector<R> rope_logits(int l, R on, R off);
  std::vector<R> attend_layer_2() const;
  void copy(const Chooser& chooser, std::vector<R>& buffer);
  Content<X> threshold_1(const std::vector<R>& dense);

  Constants constants_;
  data::Vocabulary vocabulary_;
  std::vector<Chooser> choosers_;
  PositionScores<X> positions_;
  std::vector<Content<X>> contents_;  ///< [position] inputs of layer 1
  std::vector<Row> rows_;             ///< [position] its outputs
  Slack slack_1_, slack_2_;
};

extern template class Construction<double>;
extern template class Construction<float>;
extern template class Construction<bfloat16>;

}  // namespace superpose::theory
