#pragma once
#include "core/types.hpp"

namespace superpose::kernels {

/// gelu_new of GPT-2 (tanh form): y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). x, y [R,N].
template <class T>
void gelu_forward(const Exec& exec, Matrix<const T> x, Matrix<T> y);

/// dx = dy * gelu'(x). x, dy, dx [R,N]; dx may be dy.
template <class T>
void gelu_backward(const Exec& exec, Matrix<const T> x, Matrix<const T> dy, Matrix<T> dx);

}  // namespace superpose::kernels
