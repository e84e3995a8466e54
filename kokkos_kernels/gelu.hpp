#pragma once
#include "core/types.hpp"

namespace superpose::kernels {

/// gelu_new of GPT-2 (tanh form): y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). x, y [R,N].
template <class X>
void gelu_forward(const Exec& exec, Matrix<const X> x, Matrix<X> y);

/// dx = dy * gelu'(x). x, dy, dx [R,N]; dx may be dy.
template <class X>
void gelu_backward(const Exec& exec, Matrix<const X> x, Matrix<const X> dy, Matrix<X> dx);

}  // namespace superpose::kernels
