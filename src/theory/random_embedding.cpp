#include "theory/random_embedding.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"

namespace superpose::theory {
namespace {

using Vector = std::vector<double>;

/// Box and Muller, one of the pair.
double normal(RandomStream& random) {
  const double u = 1 - random.uniform(), angle = 2 * M_PI * random.uniform();
  return std::sqrt(-2 * std::log(u)) * std::cos(angle);
}

double squares(const Vector& x) {
  return std::inner_product(x.begin(), x.end(), x.begin(), 0.0);
}

/// A unit vector by its coordinates: so many normal ones, and what lies outside of them, of `rest`
/// degrees of freedom, in one of its own or left out.
Vector unit_vector(int normals, bool has_own, std::int64_t rest, RandomStream& random) {
  Vector x;
  for (int j = 0; j < normals; ++j) x.push_back(normal(random));
  const double outside = chi_squared(rest, random);
  const double norm = std::sqrt(squares(x) + outside);
  if (has_own) x.push_back(std::sqrt(outside));
  for (double& v : x) v /= norm;
  return x;
}

/// Shorter vectors end in zeros.
double dot(const Vector& a, const Vector& b) {
  const auto n = static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
  return std::inner_product(a.begin(), a.begin() + n, b.begin(), 0.0);
}

/// [token][coordinate]; marked tokens have coordinates beyond those of all others.
std::vector<Vector> draw_vectors(int size, int first_marked, const std::vector<std::int32_t>& used,
                                 std::int64_t d, RandomStream& random) {
  SUPERPOSE_EXPECT(d >= 1);
  std::vector<Vector> vectors(size);
  std::int64_t drawn = 0;
  for (const auto token : used) {
    if (token >= first_marked) continue;
    const auto before = std::min(drawn++, d);
    vectors[token] = unit_vector(static_cast<int>(before), before < d, d - before, random);
  }
  const auto span = static_cast<int>(std::min(drawn, d));
  for (int v = 0; v < first_marked; ++v)
    if (vectors[v].empty()) vectors[v] = unit_vector(span, false, d - span, random);
  for (int v = first_marked; v < size; ++v) {
    vectors[v].assign(span + v - first_marked + 1, 0);
    vectors[v].back() = 1;
  }
  return vectors;
}

}  // namespace

/// Marsaglia and Tsang (2000) for the gamma distribution of shape degrees / 2.
double chi_squared(std::int64_t degrees, RandomStream& random) {
  if (degrees < 8) {
    double sum = 0;
    for (int i = 0; i < degrees; ++i) sum += std::pow(normal(random), 2);
    return sum;
  }
  const double d = static_cast<double>(degrees) / 2 - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal(random), v = std::pow(1 + c * x, 3);
    const double u = 1 - random.uniform();
    if (v > 0 && std::log(u) < 0.5 * x * x + d * (1 - v + std::log(v))) return 2 * d * v;
  }
}

RandomEmbedding::RandomEmbedding(int size, int first_marked, const std::vector<std::int32_t>& used,
                                 std::int64_t d, RandomStream random)
    : RandomEmbedding(draw_vectors(size, first_marked, used, d, random), used) {}

RandomEmbedding::RandomEmbedding(const std::vector<Vector>& vectors,
                                 const std::vector<std::int32_t>& used)
    : size_(static_cast<int>(vectors.size())), place_(vectors.size(), -1) {
  for (const auto token : used) {
    place_[token] = static_cast<int>(products_.size());
    Vector products;
    for (const auto& vector : vectors) products.push_back(dot(vectors[token], vector));
    products[token] = 1;
    sums_.push_back(std::accumulate(products.begin(), products.end(), 0.0));
    products_.push_back(std::move(products));
  }
}

}  // namespace superpose::theory
