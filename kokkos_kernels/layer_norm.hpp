#pragma once
#include "core/bfloat16.hpp"
#include "core/types.hpp"
#include "kokkos_kernels/residual.hpp"

namespace superpose::kernels {

/// A LayerNorm of rows (Ba et al. 2016): its weights, and what forward keeps of each row for
/// backward.
template <class T>
struct LayerNorm {
  Vector<const T> weight, bias;  ///< [C]
  Vector<T> mean, rstd;          ///< [R] rstd: 1 / sqrt(variance + epsilon)
  double epsilon = 1e-5;

  /// The same norm of a range of the rows.
  LayerNorm rows(Range range) const {
    return {weight, bias, slice(mean, range), slice(rstd, range), epsilon};
  }
};

/// Gradients of a norm's weights, added to: rows in order, on a GPU in blocks of rows, at most one
/// for every 2C numbers of `scratch`.
template <class T>
struct LayerNormGradient {
  Vector<T> weight, bias;  ///< [C]
  Vector<T> scratch;
};

/// y = (x - mean) * rstd * weight + bias over each row. x, y [R,C]; writes the norm's mean and
/// rstd.
template <class X>
void layer_norm_forward(const Exec& exec, Matrix<const Real<X>> x, const LayerNorm<Real<X>>& norm,
                        Matrix<X> y);

/// dx += the gradient through the norm; dnorm += its weights'. dy, x, dx [R,C].
template <class T>
void layer_norm_backward(const Exec& exec, Matrix<const T> dy, Matrix<const T> x,
                         const LayerNorm<T>& norm, Matrix<T> dx, const LayerNormGradient<T>& dnorm);

/// residual_forward and the norm of its result while the row is in cache:
/// y = x + dropout(branch); ln = layer_norm(y). x, branch, y, ln [R,C]; y may be x or branch.
template <class X>
void residual_layer_norm_forward(const Exec& exec, Matrix<const Real<X>> x,
                                 Matrix<const Real<X>> branch, RowDropout dropout,
                                 const LayerNorm<Real<X>>& norm, Matrix<Real<X>> y, Matrix<X> ln);

/// Its backward pass: dy += the gradient through the norm of y, then dbranch = dropout'(dy); the
/// gradient into x is dy itself. dnorm += the weights', as above. dln, y, dy, dbranch [R,C].
template <class X>
void layer_norm_residual_backward(const Exec& exec, Matrix<const Real<X>> dln,
                                  Matrix<const Real<X>> y, const LayerNorm<Real<X>>& norm,
                                  RowDropout dropout, Matrix<Real<X>> dy, Matrix<X> dbranch,
                                  const LayerNormGradient<Real<X>>& dnorm);

}  // namespace superpose::kernels
