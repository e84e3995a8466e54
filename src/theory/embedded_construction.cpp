#include "theory/embedded_construction.hpp"

#include <algorithm>
#include <cmath>

namespace superpose::theory {
namespace {

using Vector = EmbeddedConstruction::Vector;
using Tokens = std::vector<std::int32_t>;

void softmax(Vector& logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (double& x : logits) sum += x = std::exp(x - largest);
  for (double& x : logits) x /= sum;
}

Content<double> sparse(const Vector& weights) {
  Content<double> content;
  for (std::size_t v = 0; v < weights.size(); ++v)
    if (weights[v] != 0) content.push_back({static_cast<std::int32_t>(v), weights[v]});
  return content;
}

double sum_at(const Vector& readings, const Tokens& tokens) {
  double sum = 0;
  for (const auto token : tokens) sum += readings[token];
  return sum;
}

}  // namespace

EmbeddedConstruction::EmbeddedConstruction(const Constants& constants,
                                           const data::Vocabulary& vocabulary,
                                           const RandomEmbedding& embedding, Protection protection)
    : constants_(constants),
      vocabulary_(vocabulary),
      embedding_(embedding),
      protection_(protection),
      choosers_{{vocabulary.bar(), 2, 1},
                {vocabulary.bar(), 1, 2},
                {vocabulary.root(), 2, 2},
                {vocabulary.root(), 1, 2},
                {vocabulary.answer(), 1, 1}},
      positions_(constants) {}

/// [v] <u_v, x>.
Vector EmbeddedConstruction::read(const Content<double>& x) const {
  Vector readings(embedding_.size(), 0);
  for (const auto& [token, weight] : x) {
    const auto& products = embedding_.products(token);
    for (std::size_t v = 0; v < readings.size(); ++v) readings[v] += weight * products[v];
  }
  return readings;
}

double EmbeddedConstruction::squared_norm(const Tokens& tokens) const {
  double sum = 0;
  for (const auto token : tokens) sum += sum_at(embedding_.products(token), tokens);
  return sum;
}

/// The sum of the tokens' embeddings, normalised.
Content<double> EmbeddedConstruction::unit(const Tokens& tokens) const {
  const double weight = 1 / std::sqrt(squared_norm(tokens));
  Content<double> content;
  for (const auto token : tokens) content.push_back({token, weight});
  return content;
}

double EmbeddedConstruction::is_not(std::int32_t x, const Content<double>& content) const {
  double sum = 0, is = 0;
  for (const auto& [token, weight] : content) {
    sum += weight * embedding_.sum_of_products(token);
    is += weight * embedding_.products(token)[x];
  }
  return (protection_ == Protection::constant ? 1 : sum) - is;
}

Vector EmbeddedConstruction::attend(const Chooser& chooser) {
  const int i = static_cast<int>(contents_.size()) - 1;
  const double off = is_not(chooser.token, contents_.back());
  auto logits = positions_.offset(chooser.l, i);
  for (int j = 0; j <= i; ++j) logits[j] += off * positions_.first(i, j);
  softmax(logits);
  return logits;
}

/// The tokens in a buffer after its threshold; the value matrices leave <s> out.
Tokens EmbeddedConstruction::copied(int buffer) {
  Vector weights(embedding_.size(), 0);
  const auto first = vocabulary_.eos();
  for (const auto& chooser : choosers_) {
    if (chooser.buffer != buffer) continue;
    const auto attention = attend(chooser);
    for (std::size_t j = 0; j < attention.size(); ++j)
      for (const auto& [token, weight] : contents_[j]) {
        weights[token] += attention[j] * weight;
        weights[first] -= attention[j] * weight * embedding_.products(token)[first];
      }
  }
  return threshold_1(sparse(weights));
}

Tokens EmbeddedConstruction::threshold_1(const Content<double>& x) const {
  const auto readings = read(x);
  Tokens passed;
  for (std::size_t v = 0; v < readings.size(); ++v)
    if (readings[v] >= constants_.eps_1) passed.push_back(static_cast<std::int32_t>(v));
  return passed;
}

Parts EmbeddedConstruction::append(const Tokens& content, const Parts& keep) {
  contents_.push_back(unit(content));
  const double squares =
      squared_norm(keep.content) + squared_norm(keep.buffer_1) + squared_norm(keep.buffer_2);
  rows_.push_back({keep, 1 / std::sqrt(squares)});
  return {threshold_1(contents_.back()), copied(1), copied(2)};
}

void EmbeddedConstruction::remove_last() {
  contents_.pop_back();
  rows_.pop_back();
}

/// Query: kappa (content + [R] <u_[A], content>); key: buffer 1 + [R] <u_[R], content>.
Vector EmbeddedConstruction::attend_layer_2() const {
  const auto& last = rows_.back();
  const auto answer = vocabulary_.answer(), root = vocabulary_.root();
  Content<double> query;
  for (const auto token : last.parts.content) query.push_back({token, last.weight});
  const double asks = last.weight * sum_at(embedding_.products(answer), last.parts.content);
  query.push_back({root, asks});
  const auto readings = read(query);
  Vector logits;
  for (const auto& row : rows_) {
    const double is_root = sum_at(embedding_.products(root), row.parts.content);
    const double match = sum_at(readings, row.parts.buffer_1) + readings[root] * is_root;
    logits.push_back(constants_.kappa * row.weight * match);
  }
  softmax(logits);
  return logits;
}

std::vector<int> EmbeddedConstruction::output() {
  const auto attention = attend_layer_2();
  const auto& last = rows_.back();
  Vector weights(embedding_.size(), 0), carried(weights);
  for (std::size_t j = 0; j < rows_.size(); ++j)
    for (const auto token : rows_[j].parts.buffer_2)
      weights[token] += attention[j] * rows_[j].weight;
  for (const auto token : last.parts.content) weights[token] += last.weight;
  for (const auto token : last.parts.buffer_1) carried[token] += last.weight;
  const auto in_content = read(sparse(weights)), in_buffer = read(sparse(carried));
  std::vector<int> parts;
  for (int v = 0; v < vocabulary_.n_symbols(); ++v)
    parts.push_back((in_content[v] >= constants_.eps_2) + (in_buffer[v] >= constants_.eps_2));
  return parts;
}

}  // namespace superpose::theory
