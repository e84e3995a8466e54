#pragma once
#include "core/bfloat16.hpp"
#include "core/types.hpp"
#include "kokkos_kernels/residual.hpp"

namespace superpose::kernels {

/// y = (x - mean) * rstd * weight + bias over each row (Ba et al. 2016).
/// x, y [R,C]; weight, bias [C]; mean, rstd [R] are kept for backward.
template <class X>
void layer_norm_forward(const Exec& exec, Matrix<const Real<X>> x, Vector<const Real<X>> weight,
                        Vector<const Real<X>> bias, double epsilon, Matrix<X> y,
                        Vector<Real<X>> mean, Vector<Real<X>> rstd);

/// dx += the gradient through the norm; dweight, dbias += theirs: rows summed in order, on a GPU in
/// blocks of rows, at most one for every 2C numbers of `scratch`.
/// dy, x, dx [R,C]; mean, rstd [R]; weight, dweight, dbias [C].
template <class T>
void layer_norm_backward(const Exec& exec, Matrix<const T> dy, Matrix<const T> x,
                         Vector<const T> weight, Vector<const T> mean, Vector<const T> rstd,
                         Vector<T> scratch, Matrix<T> dx, Vector<T> dweight, Vector<T> dbias);

/// residual_forward and the norm of its result while the row is in cache:
/// y = x + dropout(branch); ln = layer_norm(y). x, branch, y, ln [R,C]; y may be x or branch.
template <class X>
void residual_layer_norm_forward(const Exec& exec, Matrix<const Real<X>> x,
                                 Matrix<const Real<X>> branch, RowKeys keys, Dropout dropout,
                                 Vector<const Real<X>> weight, Vector<const Real<X>> bias,
                                 double epsilon, Matrix<Real<X>> y, Matrix<X> ln,
                                 Vector<Real<X>> mean, Vector<Real<X>> rstd);

/// Its backward pass: d_y += the gradient through the norm of y, then d_branch = dropout'(d_y); the
/// gradient into x is d_y itself. dweight, dbias += theirs, as above.
/// d_ln, y, d_y, d_branch [R,C]; mean, rstd [R]; weight, dweight, dbias [C].
template <class X>
void layer_norm_residual_backward(const Exec& exec, Matrix<const Real<X>> d_ln,
                                  Matrix<const Real<X>> y, Vector<const Real<X>> weight,
                                  Vector<const Real<X>> mean, Vector<const Real<X>> rstd,
                                  Vector<Real<X>> scratch, Matrix<Real<X>> d_y, RowKeys keys,
                                  Dropout dropout, Matrix<X> d_branch, Vector<Real<X>> dweight,
                                  Vector<Real<X>> dbias);

}  // namespace superpose::kernels
