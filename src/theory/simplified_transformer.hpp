#pragma once
/// The simplified transformer of EoS (arXiv 2509.23365) run forward in full, token by token:
///   <s> s t <e> ... s t <e> [Q] c1 c2 [R] root, thought 1, ..., thought C, [A]
/// The stream of a position is [content ; buffer 1 ; buffer 2], d = 3 |Voc|; token embeddings are
/// unit vectors, the output matrix is theirs. Attention is linear, without softmax.
///
/// Layer 1 copies, score of position i for j: strength <u_x, content_i> 1{j = i - l}
///   (<e>, 2) -> buffer 1 (source)       ([R], 2), ([R], 1) -> buffer 2 (candidates)
///   (<e>, 1) -> buffer 2 (target)       ([A], 1) -> buffer 1 (last thought), strength mu_A
/// Layer 2, score of i for j:
///   content_i^T W buffer1_j + mu_R <u_[A], content_i> <u_[R], content_j>,  value buffer 2.
/// Logits: content + buffer 1 of the last position + what layer 2 reads. A thought is the logits of
/// the nodes, divided by their 2-norm.
///
/// Closed forms: thought_step.hpp for thoughts, prediction_stage.hpp for the answer. The paper was
/// not at hand; the model is the one whose forward pass those formulas are.

#include <cstdint>
#include <functional>
#include <vector>

#include "data/vocabulary.hpp"

namespace superpose::theory {

struct SimplifiedWeights {
  std::function<double(int, int)> W;  ///< match of node u with source s
  double mu_A = 1;                    ///< residual carryover
  double mu_R = 1;                    ///< candidate lift
};

class SimplifiedTransformer {
 public:
  using Vector = std::vector<double>;

  SimplifiedTransformer(const data::Vocabulary& vocabulary, const SimplifiedWeights& weights);

  void clear();  ///< begins another sequence
  void append(std::int32_t token);
  void append(const Vector& content);  ///< [token]
  void remove_last();

  /// [node] logits at the last position.
  Vector logits() const;

  /// Appends logits() / ||logits()||_2: the next thought. Returns it, [node].
  Vector think();

 private:
  struct Row {
    Vector content, buffer_1, buffer_2;  ///< [token]
  };
  struct Copy {
    std::int32_t token;  ///< x
    int l, buffer;
    double strength;
  };

  Vector queries() const;

  data::Vocabulary vocabulary_;
  Vector W_;  ///< [node, node]
  double mu_R_;
  std::vector<Copy> copies_;
  std::vector<Row> rows_;
};

}  // namespace superpose::theory
