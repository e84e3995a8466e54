#include "analysis/thought_change.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"

namespace superpose::analysis {
namespace {

/// Adds scale * b to a.
void add(Vec& a, double scale, const Vec& b) {
  for (std::size_t c = 0; c < a.size(); ++c) a[c] += scale * b[c];
}

/// An orthonormal basis of the span.
std::vector<Vec> orthonormal(const std::vector<Vec>& vectors) {
  constexpr double dependent = 1e-8;
  std::vector<Vec> basis;
  for (Vec v : vectors) {
    const double length = std::sqrt(dot(v, v));
    for (int round = 0; round < 2; ++round)
      for (const Vec& b : basis) add(v, -dot(v, b), b);
    const double rest = std::sqrt(dot(v, v));
    if (rest <= dependent * length) continue;
    for (double& x : v) x /= rest;
    basis.push_back(std::move(v));
  }
  return basis;
}

}  // namespace

double dot(const Vec& a, const Vec& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

Vec projected(const Vec& h, const std::vector<Vec>& vectors) {
  Vec result(h.size(), 0);
  for (const Vec& b : orthonormal(vectors)) add(result, dot(h, b), b);
  return result;
}

Vec mixed(const Vec& h, const Vec& other, double strength) {
  Vec result(h.size(), 0);
  add(result, 1 - strength, h);
  add(result, strength, other);
  return result;
}

Vec rescaled(const Vec& h, const std::vector<Vec>& vectors, double strength) {
  Vec result = h;
  for (const Vec& b : orthonormal(vectors)) add(result, (strength - 1) * dot(h, b), b);
  return result;
}

Vec strongest_kept(const Vec& h, const std::vector<Vec>& vectors) {
  SUPERPOSE_EXPECT(!vectors.empty());
  const auto weaker = [&](const Vec& a, const Vec& b) { return dot(h, a) < dot(h, b); };
  const Vec& strongest = *std::max_element(vectors.begin(), vectors.end(), weaker);
  Vec result = rescaled(h, vectors, 0);
  add(result, 1, projected(h, {strongest}));
  return result;
}

}  // namespace superpose::analysis
