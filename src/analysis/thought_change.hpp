#pragma once
/// What an intervention makes of one thought: vector arithmetic in double precision.

#include <vector>

namespace superpose::analysis {

using Vec = std::vector<double>;

double dot(const Vec& a, const Vec& b);

/// The orthogonal projection P h onto the span of `vectors`, by a basis of Gram-Schmidt's, made
/// twice over for accuracy; a vector in the span of those before it (to 1e-8 of its length) adds
/// nothing. Zero for no vectors.
Vec projected(const Vec& h, const std::vector<Vec>& vectors);

/// (1 - strength) h + strength * other.
Vec mixed(const Vec& h, const Vec& other, double strength);

/// h + (strength - 1) P h, P the projection onto the span of `vectors`.
Vec rescaled(const Vec& h, const std::vector<Vec>& vectors, double strength);

/// h - P h + p h, P the projection onto the span of `vectors` (one at least) and p that onto the
/// strongest of them, the one with the largest inner product with h (the first of several). Of h's
/// component in the span only that along the strongest is left: the other vectors are removed as
/// far as they are orthogonal to it. What is outside the span stays.
Vec strongest_kept(const Vec& h, const std::vector<Vec>& vectors);

}  // namespace superpose::analysis
