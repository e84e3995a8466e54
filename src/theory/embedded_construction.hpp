#pragma once
/// The construction of RbS Theorem 1 (construction.hpp, sinusoidal positions, f64) with embeddings
/// that are not orthogonal. Every vector of the stream is a sum of embeddings, so it is kept as the
/// weights of tokens, and what a matrix reads of it, <u_v, x>, is a sum of inner products: each
/// weight is also heard, faintly, at every other token.

#include <array>
#include <cstdint>
#include <vector>

#include "core/enum_names.hpp"
#include "data/vocabulary.hpp"
#include "theory/construction.hpp"
#include "theory/random_embedding.hpp"

namespace superpose::theory {

/// How much is done against that.
enum class Protection {
  none,      ///< the embeddings of all tokens are random
  marked,    ///< those of the nine special tokens are orthonormal, in nine dimensions of their own
  constant,  ///< and a chooser reads "is not x" as 1 - <u_x, h>, from a coordinate that is always
             ///< 1, where the paper reads <sum of u_v over all v but x, h>
};
constexpr std::array<const char*, 3> names_of(Protection) {
  return {"none", "marked", "constant"};
}

/// A position after the threshold of layer 1, which leaves weights of 1: its parts, to be divided
/// by the norm of all of it.
struct Parts {
  std::vector<std::int32_t> content, buffer_1, buffer_2;  ///< tokens, ascending
  bool operator==(const Parts& other) const {
    return content == other.content && buffer_1 == other.buffer_1 && buffer_2 == other.buffer_2;
  }
};

class EmbeddedConstruction {
 public:
  using Vector = std::vector<double>;

  EmbeddedConstruction(const Constants& constants, const data::Vocabulary& vocabulary,
                       const RandomEmbedding& embedding, Protection protection);

  /// Layer 1 at a new position that holds the normalised sum of these tokens. What it gives is
  /// returned, and not kept: layer 2 reads the parts of `keep`, so that a position can be corrected
  /// and each part of the construction be judged by itself.
  Parts append(const std::vector<std::int32_t>& content, const Parts& keep);
  void remove_last();

  /// Layer 2 at the last position: [node] 0, 1 or 2 parts of the node after the threshold.
  std::vector<int> output();

 private:
  struct Chooser {
    std::int32_t token;
    int l, buffer;
  };
  struct Row {
    Parts parts;
    double weight;  ///< 1 / norm
  };

  Vector read(const Content<double>& x) const;
  Content<double> unit(const std::vector<std::int32_t>& tokens) const;
  double squared_norm(const std::vector<std::int32_t>& tokens) const;
  double is_not(std::int32_t x, const Content<double>& content) const;
  Vector attend(const Chooser& chooser);
  std::vector<std::int32_t> copied(int buffer);
  std::vector<std::int32_t> threshold_1(const Content<double>& x) const;
  Vector attend_layer_2() const;

  Constants constants_;
  data::Vocabulary vocabulary_;
  const RandomEmbedding& embedding_;
  Protection protection_;
  std::vector<Chooser> choosers_;
  PositionScores<double> positions_;
  std::vector<Content<double>> contents_;  ///< [position] inputs of layer 1
  std::vector<Row> rows_;                  ///< [position] what layer 2 reads
};

}  // namespace superpose::theory
