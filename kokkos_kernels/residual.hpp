#pragma once
#include "core/bfloat16.hpp"
#include "core/types.hpp"
#include "kokkos_kernels/loops/dropout.hpp"

namespace superpose::kernels {

/// Which (problem, position) each row is; the identity dropout depends on. Both [R].
struct RowKeys {
  Indices problem;
  Indices position;
};

/// out = x + dropout(y), rows keyed by `keys`. All [R,C]; out may be x or y.
template <class T>
void residual_forward(const Exec& exec, Matrix<const T> x, Matrix<const T> y, RowKeys keys,
                      Dropout dropout, Matrix<T> out);

/// dy = dropout'(dout): the gradient into the branch (the one into x is dout itself), as the matrix
/// product before it reads it. [R,C]
template <class X>
void residual_backward(const Exec& exec, Matrix<const Real<X>> dout, RowKeys keys, Dropout dropout,
                       Matrix<X> dy);

}  // namespace superpose::kernels
