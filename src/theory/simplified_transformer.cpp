#include "theory/simplified_transformer.hpp"

#include <cmath>
#include <utility>

namespace superpose::theory {
namespace {

using Vector = SimplifiedTransformer::Vector;

void add(double factor, const Vector& part, Vector& to) {
  for (std::size_t v = 0; v < to.size(); ++v) to[v] += factor * part[v];
}

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t v = 0; v < a.size(); ++v) sum += a[v] * b[v];
  return sum;
}

}  // namespace

SimplifiedTransformer::SimplifiedTransformer(const data::Vocabulary& vocabulary,
                                             const SimplifiedWeights& weights)
    : vocabulary_(vocabulary),
      mu_R_(weights.mu_R),
      copies_{{vocabulary.bar(), 2, 1, 1},
              {vocabulary.bar(), 1, 2, 1},
              {vocabulary.root(), 2, 2, 1},
              {vocabulary.root(), 1, 2, 1},
              {vocabulary.answer(), 1, 1, weights.mu_A}} {
  for (int u = 0; u < vocabulary.n_symbols(); ++u)
    for (int s = 0; s < vocabulary.n_symbols(); ++s) W_.push_back(weights.W(u, s));
}

void SimplifiedTransformer::clear() {
  rows_.clear();
}

void SimplifiedTransformer::remove_last() {
  rows_.pop_back();
}

void SimplifiedTransformer::append(std::int32_t token) {
  Vector content(vocabulary_.size(), 0);
  content[token] = 1;
  append(content);
}

/// Layer 1. What a position attends to lies at most two before it.
void SimplifiedTransformer::append(const Vector& content) {
  const Vector zero(content.size(), 0);
  rows_.push_back({content, zero, zero});
  auto& row = rows_.back();
  for (const auto& copy : copies_) {
    if (rows_.size() <= static_cast<std::size_t>(copy.l)) continue;
    const auto& attended = rows_[rows_.size() - 1 - copy.l].content;
    add(copy.strength * content[copy.token], attended,
        copy.buffer == 1 ? row.buffer_1 : row.buffer_2);
  }
}

/// [token] W^T content of the last position; nodes only.
Vector SimplifiedTransformer::queries() const {
  const int n = vocabulary_.n_symbols();
  const auto& content = rows_.back().content;
  Vector query(content.size(), 0);
  for (int u = 0; u < n; ++u)
    for (int s = 0; s < n; ++s) query[s] += content[u] * W_[static_cast<std::size_t>(u) * n + s];
  return query;
}

Vector SimplifiedTransformer::logits() const {
  const auto& last = rows_.back();
  const auto query = queries();
  const double asks = mu_R_ * last.content[vocabulary_.answer()];
  Vector out = last.content;
  add(1, last.buffer_1, out);
  for (const auto& row : rows_)
    add(dot(query, row.buffer_1) + asks * row.content[vocabulary_.root()], row.buffer_2, out);
  out.resize(vocabulary_.n_symbols());
  return out;
}

Vector SimplifiedTransformer::think() {
  auto thought = logits();
  const double norm = std::sqrt(dot(thought, thought));
  for (double& x : thought) x /= norm;
  Vector content = thought;
  content.resize(vocabulary_.size(), 0);
  append(content);
  return thought;
}

}  // namespace superpose::theory
