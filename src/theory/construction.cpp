#include "theory/construction.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "theory/extremes.hpp"

namespace superpose::theory {
namespace {

/// <sum of u_v over all v but x, h>, or over all v for x = -1.
template <class X>
Real<X> sum_without(const Content<X>& content, std::int32_t x) {
  Real<X> sum = 0;
  for (const auto& [token, weight] : content)
    if (token != x) sum += static_cast<Real<X>>(weight);
  return sum;
}

template <class X>
Real<X> weight_of(const Content<X>& content, std::int32_t x) {
  for (const auto& [token, weight] : content)
    if (token == x) return weight;
  return 0;
}

template <class R>
void softmax(std::vector<R>& logits) {
  const R largest = *std::max_element(logits.begin(), logits.end());
  const R negligible = std::log(std::numeric_limits<R>::min());  // below, exp gives 0 at a cost
  R sum = 0;
  for (R& x : logits) {
    x = x - largest < negligible ? 0 : std::exp(x - largest);
    sum += x;
  }
  for (R& x : logits) x /= sum;
}

/// to[v] += factor part[v] for every token v that `to` has room for; other tokens are left out.
template <class X>
void add_tokens(const Content<X>& part, Real<X> factor, std::vector<Real<X>>& to) {
  for (const auto& [token, weight] : part)
    if (token < static_cast<int>(to.size())) to[token] += factor * static_cast<Real<X>>(weight);
}

/// x / ||x||_2 over everything the position holds.
template <class X>
void layer_norm(std::initializer_list<Content<X>*> parts) {
  Real<X> sum = 0;
  for (const auto* part : parts)
    for (const auto& [token, weight] : *part)
      sum += static_cast<Real<X>>(weight) * static_cast<Real<X>>(weight);
  const Real<X> norm = std::sqrt(sum);
  if (norm == 0) return;
  for (auto* part : parts)
    for (auto& entry : *part)
      entry.weight = static_cast<X>(static_cast<Real<X>>(entry.weight) / norm);
}

}  // namespace

bool Slack::passes(double x, double eps) {
  if (!(x >= eps)) {  // NaN too
    below = larger(below, x / eps);
    return false;
  }
  above = smaller(above, x / eps);
  return true;
}

template <class X>
Construction<X>::Construction(const Constants& constants, const data::Vocabulary& vocabulary)
    : constants_(constants), vocabulary_(vocabulary), positions_(constants) {
  validate(
      constants.sizes.n_max <= vocabulary.n_symbols(), ExitCode::usage,
      "n_max = {} nodes do not fit a vocabulary of {} tokens ({} of them name nodes); choose a "
      "larger one",
      constants.sizes.n_max, vocabulary.size(), vocabulary.n_symbols());
  choosers_ = {{vocabulary.bar(), 2, 1},
               {vocabulary.bar(), 1, 2},
               {vocabulary.root(), 2, 2},
               {vocabulary.root(), 1, 2},
               {vocabulary.answer(), 1, 1}};
}

template <class X>
void Construction<X>::clear() {
  contents_.clear();
  rows_.clear();
}

template <class X>
void Construction<X>::remove_last() {
  contents_.pop_back();
  rows_.pop_back();
}

template <class X>
void Construction<X>::append(Content<X> content) {
  SUPERPOSE_EXPECT(size() < constants_.sizes.t_max);
  contents_.push_back(std::move(content));
  std::vector<R> dense(vocabulary_.size()), buffer_1(dense), buffer_2(dense);
  for (const auto& [token, weight] : contents_.back()) dense[token] = weight;
  for (const auto& chooser : choosers_) copy(chooser, chooser.buffer == 1 ? buffer_1 : buffer_2);
  Row row{threshold_1(dense), threshold_1(buffer_1), threshold_1(buffer_2)};
  layer_norm<X>({&row.content, &row.buffer_1, &row.buffer_2});
  rows_.push_back(std::move(row));
}

/// Attention of the last position, [j] (attention chooser, RbS Lemma 3; RoPE: ours).
template <class X>
std::vector<Real<X>> Construction<X>::attend(const Chooser& chooser) {
  const R on = weight_of(contents_.back(), chooser.token);
  const R off = sum_without(contents_.back(), chooser.token);
  auto logits = constants_.encoding == Encoding::rope ? rope_logits(chooser.l, on, off)
                                                      : positional_logits(chooser.l, off);
  softmax(logits);
  return logits;
}

template <class X>
std::vector<Real<X>> Construction<X>::positional_logits(int l, R off) {
  const int i = size() - 1;
  auto logits = positions_.offset(l, i);
  for (int j = 0; j <= i; ++j) logits[j] += off * positions_.first(i, j);
  return logits;
}

/// The factors are sums over contents; where one is 0, so is the product.
template <class X>
std::vector<Real<X>> Construction<X>::rope_logits(int l, R on, R off) {
  const int i = size() - 1;
  std::vector<R> logits(i + 1, 0);
  for (int j = 0; j <= i && on != 0; ++j)
    logits[j] = on * sum_without<X>(contents_[j], -1) * positions_.offset(l, i)[j];
  for (int j = 0; j <= i; ++j) {
    const R is_first = weight_of(contents_[j], vocabulary_.eos());
    if (is_first != 0) logits[j] += off * is_first * positions_.first(i, j);
  }
  return logits;
}

/// Adds the attended contents to a buffer; the value matrix leaves <s> out.
template <class X>
void Construction<X>::copy(const Chooser& chooser, std::vector<R>& buffer) {
  const auto attention = attend(chooser);
  for (int j = 0; j < size(); ++j) {
    if (attention[j] == 0) continue;
    for (const auto& [token, weight] : contents_[j])
      if (token != vocabulary_.eos()) buffer[token] += attention[j] * static_cast<R>(weight);
  }
}

template <class X>
Content<X> Construction<X>::threshold_1(const std::vector<R>& dense) {
  Content<X> passed;
  for (std::size_t token = 0; token < dense.size(); ++token)
    if (dense[token] != 0 && slack_1_.passes(static_cast<X>(dense[token]), constants_.eps_1))
      passed.push_back({static_cast<std::int32_t>(token), rounded<X>(1)});
  return passed;
}

/// Attention of the last position in layer 2, [j].
template <class X>
std::vector<Real<X>> Construction<X>::attend_layer_2() const {
  std::vector<R> query(vocabulary_.size(), 0);
  for (const auto& [token, weight] : rows_.back().content) {
    const std::int32_t asked = token == vocabulary_.answer() ? vocabulary_.root() : token;
    const bool read = token < vocabulary_.n_symbols() || token == vocabulary_.answer();
    if (read)
      query[asked] = static_cast<X>(static_cast<R>(constants_.kappa) * static_cast<R>(weight));
  }
  std::vector<R> logits;
  for (const auto& row : rows_) {
    R logit = query[vocabulary_.root()] * weight_of(row.content, vocabulary_.root());
    for (const auto& [token, weight] : row.buffer_1) logit += query[token] * static_cast<R>(weight);
    logits.push_back(logit);
  }
  softmax(logits);
  return logits;
}

template <class X>
typename Construction<X>::Output Construction<X>::output() {
  const auto attention = attend_layer_2();
  const int kept =
      constants_.rule == ConstantsRule::paper ? vocabulary_.size() : vocabulary_.n_symbols();
  Output out;
  out.weights.assign(kept, 0);
  std::vector<R> copied(kept, 0);
  for (std::size_t j = 0; j < rows_.size(); ++j)
    if (attention[j] != 0) add_tokens(rows_[j].buffer_2, attention[j], out.weights);
  add_tokens<X>(rows_.back().content, 1, out.weights);
  add_tokens<X>(rows_.back().buffer_1, 1, copied);
  for (int v = 0; v < kept; ++v) {
    int parts = 0;
    for (const R x : {out.weights[v], copied[v]})
      if (x != 0 && slack_2_.passes(static_cast<X>(x), constants_.eps_2)) ++parts;
    if (parts > 0) out.thought.push_back({v, rounded<X>(parts)});
  }
  layer_norm<X>({&out.thought});
  return out;
}

template class Construction<double>;
template class Construction<float>;
template class Construction<bfloat16>;

}  // namespace superpose::theory
