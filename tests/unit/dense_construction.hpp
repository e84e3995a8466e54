#pragma once
/// RbS Theorem 1 once more, densely: token embeddings are a random orthonormal basis of d_TE
/// numbers, content and both buffers are full vectors in it, every map is applied to them by plain
/// loops. Independent of src/theory/construction.cpp, with which it shares the constants.

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/random.hpp"
#include "data/vocabulary.hpp"
#include "theory/constants.hpp"

namespace superpose::theory {

class DenseConstruction {
 public:
  using Vector = std::vector<double>;

  DenseConstruction(const Constants& constants, const data::Vocabulary& vocabulary)
      : c_(constants), vocabulary_(vocabulary), d_te_(vocabulary.size()), w_(frequencies(c_.d_pe)) {
    make_basis();
  }

  const Vector& embedding(int token) const { return basis_[token]; }

  /// At the last position of a sequence of contents.
  struct Output {
    Vector before;   ///< content before the threshold of layer 2
    Vector content;  ///< and after it and the LayerNorm
  };
  Output run(const std::vector<Vector>& contents) const { return layer_2(layer_1(contents)); }

  /// <u_v, content> of every token; nodes come first.
  Vector weights(const Vector& content) const {
    Vector result;
    for (const auto& u : basis_) result.push_back(dot(u, content));
    return result;
  }

 private:
  struct Row {
    Vector content, buffer_1, buffer_2;
  };
  bool rope() const { return c_.encoding == Encoding::rope; }
  bool paper() const { return c_.rule == ConstantsRule::paper; }

  /// The last plane of a vector becomes the point at this angle.
  void set_slowest(Vector& x, double angle, double scale) const {
    x[x.size() - 2] = scale * std::cos(angle * w_.back());
    x[x.size() - 1] = scale * std::sin(angle * w_.back());
  }

  static double dot(const Vector& a, const Vector& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  }

  /// Gram-Schmidt on random vectors.
  void make_basis() {
    RandomStream random(99, Purpose::theory, 0);
    for (int v = 0; v < d_te_; ++v) {
      Vector u(d_te_);
      for (double& x : u) x = random.uniform() - 0.5;
      for (int pass = 0; pass < 2; ++pass)
        for (const auto& other : basis_) {
          const double along = dot(u, other);
          for (int i = 0; i < d_te_; ++i) u[i] -= along * other[i];
        }
      const double norm = std::sqrt(dot(u, u));
      for (double& x : u) x /= norm;
      basis_.push_back(u);
    }
  }

  Vector position(double i, double scale = 1) const {
    Vector p;
    for (const double w : w_) {
      p.push_back(scale * std::cos(i * w));
      p.push_back(scale * std::sin(i * w));
    }
    return p;
  }

  /// <sum of u_v over all tokens but x (-1: none left out), content>, by an explicit sum of
  /// embeddings.
  double read(const Vector& content, int left_out) const {
    Vector sum(d_te_, 0);
    for (int v = 0; v < d_te_; ++v)
      if (v != left_out)
        for (int i = 0; i < d_te_; ++i) sum[i] += basis_[v][i];
    return dot(sum, content);
  }

  Vector query(const Vector& content, int i, int x, int l) const {
    const double off = read(content, x), on = dot(basis_[x], content);
    if (c_.encoding == Encoding::rope_position) {
      Vector q = position(i);  // R_i p_0
      set_slowest(q, i - c_.sizes.t_max, c_.xi * off);
      return q;
    }
    if (!rope()) {
      Vector q = position(i);
      for (const double p : position(0, c_.xi * off)) q.push_back(p);
      return q;
    }
    Vector q = position(i - l, on);  // R_i R_(-l) z
    set_slowest(q, i, c_.xi * off);
    return q;
  }

  Vector key(const Vector& content, int j, int l) const {
    if (c_.encoding == Encoding::rope_position) {
      Vector k = position(j + l, c_.eta);  // R_j eta p_l
      set_slowest(k, j, c_.eta);
      return k;
    }
    if (!rope()) {
      Vector k = position(j + l, c_.eta);
      for (const double p : position(j, c_.eta)) k.push_back(p);
      return k;
    }
    Vector k = position(j, c_.eta * read(content, -1));
    set_slowest(k, j, c_.eta * dot(basis_[vocabulary_.eos()], content));
    return k;
  }

  static Vector softmax(Vector logits) {
    double largest = logits[0], sum = 0;
    for (const double x : logits) largest = std::max(largest, x);
    for (double& x : logits) sum += x = std::exp(x - largest);
    for (double& x : logits) x /= sum;
    return logits;
  }

  /// Sum of u_v 1{<u_v, x> >= eps}: W_2 sigma(W_1 x) with W_1 = U^T, W_2 = U, nodes only if asked.
  Vector threshold(const Vector& x, double eps, bool nodes_only) const {
    Vector y(d_te_, 0);
    for (int v = 0; v < (nodes_only ? vocabulary_.n_symbols() : d_te_); ++v)
      if (dot(basis_[v], x) >= eps)
        for (int i = 0; i < d_te_; ++i) y[i] += basis_[v][i];
    return y;
  }

  static void normalise(std::vector<Vector*> parts) {
    double sum = 0;
    for (const auto* part : parts) sum += dot(*part, *part);
    for (auto* part : parts)
      for (double& x : *part) x /= std::sqrt(sum);
  }

  void copy(const std::vector<Vector>& contents, int i, int x, int l, Vector& buffer) const {
    const Vector q = query(contents[i], i, x, l);
    Vector logits;
    for (int j = 0; j <= i; ++j) logits.push_back(dot(q, key(contents[j], j, l)));
    const Vector attention = softmax(logits);
    const Vector& first = basis_[vocabulary_.eos()];
    for (int j = 0; j <= i; ++j) {
      const double along = dot(first, contents[j]);  // W_V leaves <s> out
      for (int k = 0; k < d_te_; ++k)
        buffer[k] += attention[j] * (contents[j][k] - along * first[k]);
    }
  }

  std::vector<Row> layer_1(const std::vector<Vector>& contents) const {
    std::vector<Row> rows;
    for (int i = 0; i < static_cast<int>(contents.size()); ++i) {
      Vector b1(d_te_, 0), b2(d_te_, 0);
      copy(contents, i, vocabulary_.bar(), 2, b1);
      copy(contents, i, vocabulary_.bar(), 1, b2);
      copy(contents, i, vocabulary_.root(), 2, b2);
      copy(contents, i, vocabulary_.root(), 1, b2);
      copy(contents, i, vocabulary_.answer(), 1, b1);
      Row row{threshold(contents[i], c_.eps_1, false), threshold(b1, c_.eps_1, false),
              threshold(b2, c_.eps_1, false)};
      normalise({&row.content, &row.buffer_1, &row.buffer_2});
      rows.push_back(row);
    }
    return rows;
  }

  /// RbS Proposition B.3: the query is the content, the keys tau (buffer 1 + u_A at [R]).
  Vector paper_logits(const std::vector<Row>& rows) const {
    const Vector& q = rows.back().content;
    Vector logits;
    for (const auto& row : rows) {
      Vector key = row.buffer_1;
      const double is_root = dot(basis_[vocabulary_.root()], row.content);
      for (int i = 0; i < d_te_; ++i) key[i] += is_root * basis_[vocabulary_.answer()][i];
      logits.push_back(c_.kappa * dot(q, key));
    }
    return logits;
  }

  /// The query is the content on nodes; [A] reads as [R]; nothing else.
  Vector our_logits(const std::vector<Row>& rows) const {
    const Row& last = rows.back();
    Vector q = last.content;
    const Vector& answer = basis_[vocabulary_.answer()];
    const Vector& root = basis_[vocabulary_.root()];
    for (int v = vocabulary_.n_symbols(); v < d_te_; ++v) {
      const double along = dot(basis_[v], last.content);
      for (int i = 0; i < d_te_; ++i) q[i] -= along * basis_[v][i];
    }
    const double asks = dot(answer, last.content);
    for (int i = 0; i < d_te_; ++i) q[i] += asks * root[i];
    Vector logits;
    for (const auto& row : rows)
      logits.push_back(c_.kappa * (dot(q, row.buffer_1) + dot(q, root) * dot(root, row.content)));
    return logits;
  }

  Output layer_2(const std::vector<Row>& rows) const {
    const Row& last = rows.back();
    const Vector attention = softmax(paper() ? paper_logits(rows) : our_logits(rows));
    Vector content = last.content;
    for (std::size_t j = 0; j < rows.size(); ++j)
      for (int i = 0; i < d_te_; ++i) content[i] += attention[j] * rows[j].buffer_2[i];
    Vector out = threshold(content, c_.eps_2, !paper());
    const Vector copied = threshold(last.buffer_1, c_.eps_2, !paper());
    for (int i = 0; i < d_te_; ++i) out[i] += copied[i];
    normalise({&out});
    return {content, out};
  }

  Constants c_;
  data::Vocabulary vocabulary_;
  int d_te_;
  std::vector<double> w_;
  std::vector<Vector> basis_;  ///< [token] embeddings
};

}  // namespace superpose::theory
