#pragma once
#include "core/types.hpp"

namespace superpose::kernels {

/// y = (x - mean) * rstd * weight + bias over each row.
/// x, y [R,C]; weight, bias [C]; mean, rstd [R] are kept for backward.
template <class T>
void layer_norm_forward(const Exec& exec, Matrix<const T> x, Vector<const T> weight,
                        Vector<const T> bias, double epsilon, Matrix<T> y, Vector<T> mean,
                        Vector<T> rstd);

/// dx += the gradient through the norm; dweight, dbias += theirs (rows summed in order).
/// dy, x, dx [R,C]; mean, rstd [R]; weight, dweight, dbias [C].
template <class T>
void layer_norm_backward(const Exec& exec, Matrix<const T> dy, Matrix<const T> x,
                         Vector<const T> weight, Vector<const T> mean, Vector<const T> rstd,
                         Matrix<T> dx, Vector<T> dweight, Vector<T> dbias);

}  // namespace superpose::kernels
