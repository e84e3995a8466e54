#pragma once
/// cuBLASLt behind linear.hpp: products of row-major matrices on a GPU, with what can be fused into
/// them. Included by kokkos_kernels only.

#include <library_types.h>

#include "core/bfloat16.hpp"
#include "core/types.hpp"
#include "kokkos_kernels/linear.hpp"

namespace superpose::kernels::cublaslt {

/// A row-major matrix in device memory, or its transpose.
struct Operand {
  cudaDataType_t type;
  int n_rows, n_columns, leading;  ///< of the matrix as stored
  bool transposed;                 ///< what is meant is its transpose
  void* data;
};

template <class X>
Operand operand(const Matrix<X>& matrix);
template <class X>
Operand transposed(const Matrix<X>& matrix);

/// What happens to a product before it is stored.
enum class Epilogue {
  none,
  bias,           ///< + bias
  bias_gelu,      ///< + bias, kept in `aux`; then GELU (tanh form)
  gelu_gradient,  ///< times the slope of GELU at `aux`
};

struct Fusion {
  Epilogue epilogue = Epilogue::none;
  const void* bias = nullptr;  ///< [N] of c's type
  void* aux = nullptr;         ///< [M,N] of c's type, dense
};

/// c = epilogue(a b), or c += a b. a [M,K], b [K,N], c [M,N]; double with double, float with float,
/// bfloat16 with bfloat16 or float in c. Sums are in float (double for double), in an order that
/// depends on the types, the extents and the GPU model only. Asynchronous on `exec`. False, and
/// nothing done, if the library does not have this fusion for these operands.
bool multiply(const Exec& exec, const Operand& a, const Operand& b, const Operand& c, bool add,
              const Fusion& fusion = {}, FloatProducts products = FloatProducts::full);

}  // namespace superpose::kernels::cublaslt
