#pragma once
/// The one door to matrix libraries.
#include "core/types.hpp"

namespace superpose::kernels {

/// Whether a product replaces its output or is added to it.
enum class Output { replace, add };

/// y = x w + bias. x [R,K], w [K,N] (Hugging Face's Conv1D orientation), bias [N], y [R,N].
/// Column subviews are allowed for every matrix.
template <class T>
void linear_forward(const Exec& exec, Matrix<const T> x, Matrix<const T> w, Vector<const T> bias,
                    Matrix<T> y);

/// dx (+)= dy w^T. dy [R,N], w [K,N], dx [R,K].
template <class T>
void linear_backward_input(const Exec& exec, Matrix<const T> dy, Matrix<const T> w, Matrix<T> dx,
                           Output output);

/// dw += x^T dy, dbias += column sums of dy. x [R,K], dy [R,N], dw [K,N], dbias [N].
template <class T>
void linear_backward_weight(const Exec& exec, Matrix<const T> x, Matrix<const T> dy, Matrix<T> dw,
                            Vector<T> dbias);

/// logits = h w^T, the output matrix without bias. h [O,C], w [V,C], logits [O,V].
template <class T>
void logits_forward(const Exec& exec, Matrix<const T> h, Matrix<const T> w, Matrix<T> logits);

/// dh = dlogits w, dw += dlogits^T h.
template <class T>
void logits_backward(const Exec& exec, Matrix<const T> dlogits, Matrix<const T> h,
                     Matrix<const T> w, Matrix<T> dh, Matrix<T> dw);

}  // namespace superpose::kernels
