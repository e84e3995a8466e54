#pragma once
#include "core/types.hpp"

namespace superpose::kernels {

/// A step of Muon (K. Jordan 2024, kellerjordan.github.io/posts/muon) on a matrix p with gradient
/// g:
///   m <- momentum m + (1 - momentum) g,   x = momentum m + (1 - momentum) g   (Nesterov)
///   p <- (1 - lr wd) p - lr 0.2 sqrt(max(rows, columns)) orthogonalize(x)
/// The factor (Liu et al., arXiv 2502.16982, section 2.2) gives the update a root mean square of
/// 0.2 lr, about AdamW's. Each line is a function here, because what lies between may be shared out
/// over ranks. g, m and p [rows,columns] may be columns of wider matrices; x is dense, and lies
/// down: it is transposed where there are more rows than columns.

struct MuonStep {
  double learning_rate, momentum, weight_decay;
  double gradient_scale;  ///< multiplies the gradient (1 / count, clipping)
};

/// The first line. x [min(rows, columns), max(rows, columns)].
template <class T>
void muon_momentum(const Exec& exec, const MuonStep& step, Matrix<const T> gradient, Matrix<T> m,
                   Matrix<T> x);

/// Memory for orthogonalize() of matrices of at most this size; one matrix uses it at a time.
template <class T>
struct OrthogonalizeSpace {
  OrthogonalizeSpace() = default;
  OrthogonalizeSpace(int most_rows, int most_columns);

  Vector<T> update;              ///< [most_rows most_columns]
  Vector<T> gram, gram_squared;  ///< [n n], n the smaller of the two
};

/// Brings every singular value of x that is not tiny to between 0.7 and 1.2: x / |x|, then five
/// times
///   x <- a x + b (x x^T) x + c (x x^T)^2 x
/// (Newton and Schulz's iteration with Jordan's coefficients). 0 stays 0. x [R,K], R <= K, dense.
template <class T>
void orthogonalize(const Exec& exec, const OrthogonalizeSpace<T>& space, Matrix<T> x);

/// The second line, of an x that is orthogonal.
template <class T>
void muon_update(const Exec& exec, const MuonStep& step, Matrix<const T> x, Matrix<T> parameter);

}  // namespace superpose::kernels
