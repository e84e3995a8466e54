#pragma once
/// Almost orthogonal token embeddings: independent random unit vectors in d dimensions, where RbS
/// Theorem 1 asks for orthonormal ones.

#include <cstdint>
#include <vector>

#include "core/random.hpp"

namespace superpose::theory {

/// Inner products of the embeddings of `size` tokens with those of the tokens a sequence uses.
///
/// Only these products matter to the construction, so the vectors are drawn in a basis of the span
/// of the used ones (Bartlett's decomposition of Gaussian vectors): used token i has i normal
/// coordinates and a chi-distributed one, any other token a normal coordinate for each and a
/// chi-distributed norm of the rest. That is the distribution in d dimensions exactly, at a cost
/// that does not depend on d.
class RandomEmbedding {
 public:
  /// Tokens 0 .. size - 1; `used` without repetition. Tokens from `first_marked` on are
  /// orthonormal, to all others too, in dimensions of their own.
  RandomEmbedding(int size, int first_marked, const std::vector<std::int32_t>& used, std::int64_t d,
                  RandomStream random);

  /// The products of these unit vectors, [token][coordinate]; shorter ones end in zeros.
  RandomEmbedding(const std::vector<std::vector<double>>& vectors,
                  const std::vector<std::int32_t>& used);

  int size() const { return size_; }
  /// [token] its inner product with a used token.
  const std::vector<double>& products(std::int32_t used) const { return products_[place_[used]]; }
  /// <sum of all embeddings, that of a used token>.
  double sum_of_products(std::int32_t used) const { return sums_[place_[used]]; }

 private:
  int size_;
  std::vector<int> place_;                     ///< [token] in `used`, or -1
  std::vector<std::vector<double>> products_;  ///< [place][token]
  std::vector<double> sums_;                   ///< [place]
};

/// A chi-squared number of `degrees` >= 0 degrees of freedom.
double chi_squared(std::int64_t degrees, RandomStream& random);

}  // namespace superpose::theory
