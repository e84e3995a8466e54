#pragma once
/// oneDNN behind linear.hpp: products of dense row-major matrices, one of them possibly in the
/// library's blocked layout. Included by kokkos_kernels only.

#include <oneapi/dnnl/dnnl.hpp>

#include "core/bfloat16.hpp"
#include "core/types.hpp"

namespace superpose::kernels::onednn {

using dnnl::memory;

/// How a matrix lies in memory: by its strides, or both 0: weights in the library's own layout.
struct Shape {
  memory::dim n_rows, n_columns, row_stride, column_stride;
  memory::data_type type;
};

/// A matrix and where it is.
struct Operand {
  Shape shape;
  void* data;
};

template <class X>
Operand operand(const Matrix<X>& matrix);
/// The transpose of `matrix`, by its strides.
template <class X>
Operand transposed(const Matrix<X>& matrix);

/// Whether this CPU multiplies matrices of bfloat16 (AVX-512). If not, float products of the same
/// rounded numbers stand in: equal but for the order of the sums, and slower.
bool multiplies_bfloat16();

/// c = a b + bias, or c += a b (c of float). `bias` [1,N] may be null. The library uses as many
/// threads as `exec`.
void multiply(const Exec& exec, const Operand& a, const Operand& b, const Operand* bias,
              const Operand& c, bool add);

/// A weight matrix in the layout in which products with it are fastest.
class PackedMatrix {
 public:
  /// For weights [n_rows, n_columns] of X's type.
  template <class X>
  static PackedMatrix of(int n_rows, int n_columns);

  /// Converts and reorders `from`, of the same extents.
  void take(const Exec& exec, const Operand& from);
  Operand operand() const { return {shape_, bytes_.data()}; }

 private:
  PackedMatrix(const Shape& shape, bool rounded);

  Shape shape_;
  bool rounded_;  ///< holds float, rounded to bfloat16 (multiplies_bfloat16)
  Vector<unsigned char> bytes_;
};

}  // namespace superpose::kernels::onednn
