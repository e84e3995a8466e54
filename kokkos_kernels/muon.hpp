#pragma once
#include "core/types.hpp"

namespace superpose::kernels {

/// Memory for the steps of muon() on matrices of at most this size; one matrix uses it at a time.
template <class T>
struct MuonSpace {
  MuonSpace() = default;
  MuonSpace(int most_rows, int most_columns);

  Vector<T> x, update;           ///< [most_rows most_columns]
  Vector<T> gram, gram_squared;  ///< [n n], n the smaller of the two
};

/// Constants of one step of Muon.
struct MuonStep {
  double learning_rate, momentum, weight_decay;
  double gradient_scale;  ///< multiplies the gradient (1 / count, clipping)
};

/// One step of Muon (K. Jordan 2024, kellerjordan.github.io/posts/muon) on one matrix:
///   m <- momentum m + (1 - momentum) g,   x = momentum m + (1 - momentum) g   (Nesterov)
///   p <- (1 - lr wd) p - lr 0.2 sqrt(max(rows, columns)) orthogonalize(x)
/// where g is gradient_scale * gradient. The factor (Liu et al., arXiv 2502.16982, section 2.2)
/// gives the update a root mean square of 0.2 lr, about AdamW's. gradient, m and parameter
/// [rows,columns] may be columns of wider matrices.
template <class T>
void muon(const Exec& exec, MuonStep step, Matrix<const T> gradient, const MuonSpace<T>& space,
          Matrix<T> m, Matrix<T> parameter);

/// Brings every singular value of x that is not tiny to between 0.7 and 1.2: x / |x|, then five
/// times
///   x <- a x + b (x x^T) x + c (x x^T)^2 x
/// (Newton and Schulz's iteration with Jordan's coefficients). 0 stays 0. x [R,K], R <= K, dense.
template <class T>
void orthogonalize(const Exec& exec, const MuonSpace<T>& space, Matrix<T> x);

}  // namespace superpose::kernels
