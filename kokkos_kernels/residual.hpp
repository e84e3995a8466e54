#pragma once
#include "core/types.hpp"
#include "kokkos_kernels/dropout.hpp"

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

/// dy = dropout'(dout): the gradient into the branch (the one into x is dout itself). [R,C]
template <class T>
void residual_backward(const Exec& exec, Matrix<const T> dout, RowKeys keys, Dropout dropout,
                       Matrix<T> dy);

}  // namespace superpose::kernels
