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

/// Dropout of rows, each drawn by its key.
struct RowDropout {
  RowKeys keys;
  Dropout dropout;

  KOKKOS_FORCEINLINE_FUNCTION DropoutRow row(int r) const {
    return dropout.row(keys.problem(r), keys.position(r));
  }
};

/// out = x + dropout(y). All [R,C]; out may be x or y.
template <class T>
void residual_forward(const Exec& exec, Matrix<const T> x, Matrix<const T> y, RowDropout dropout,
                      Matrix<T> out);

/// dy = dropout'(dout): the gradient into the branch (the one into x is dout itself), as the matrix
/// product before it reads it. [R,C]
template <class X>
void residual_backward(const Exec& exec, Matrix<const Real<X>> dout, RowDropout dropout,
                       Matrix<X> dy);

}  // namespace superpose::kernels
