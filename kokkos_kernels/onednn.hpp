#pragma once
/// oneDNN behind linear.hpp: products of dense row-major matrices, one of them possibly in the
/// library's blocked layout. Included by kokkos_kernels only.

#include <oneapi/dnnl/dnnl.hpp>

#include "core/bfloat16.hpp"
#include "core/types.hpp"

namespace superpose::kernels::onednn {

using Layout = dnnl::memory::desc;

/// A matrix and how it lies in memory.
struct Operand {
  Layout layout;
  void* data;
};

template <class X>
Operand operand(const Matrix<X>& matrix);
/// The transpose of `matrix`, by its strides.
template <class X>
Operand transposed(const Matrix<X>& matrix);

/// c = a b + bias, or c += a b. `bias` [1,N] may be null. The library uses as many threads as
/// `exec`. Error (usage) if it has no such product on this CPU.
void multiply(const Exec& exec, const Operand& a, const Operand& b, const Operand* bias,
              const Operand& c, bool add);

/// A weight matrix in the blocked layout in which products with it are fastest.
class PackedMatrix {
 public:
  /// For weights [n_rows, n_columns] of X's type.
  template <class X>
  static PackedMatrix of(int n_rows, int n_columns);

  /// Converts and reorders `from`, of the same extents.
  void take(const Exec& exec, const Operand& from);
  Operand operand() const { return {memory_.get_desc(), memory_.get_data_handle()}; }

 private:
  explicit PackedMatrix(const Layout& layout);

  Vector<unsigned char> bytes_;
  dnnl::memory memory_;
};

}  // namespace superpose::kernels::onednn
