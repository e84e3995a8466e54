#pragma once
#include "core/bfloat16.hpp"
#include "core/types.hpp"

namespace superpose::kernels {

/// Sum of squares of x [n] in double, added in one fixed order. NaN or infinity in x shows in it.
/// Allocates nothing on one thread or on a GPU, n / 4096 doubles where a CPU's threads sum strips
/// side by side.
template <class T>
double sum_of_squares(const Exec& exec, Vector<const T> x);

/// out(c) += sum over rows of x(r, c). x [R,N], out [N]. Rows in order; on a GPU within blocks of
/// rows, at most one for every N numbers of `scratch`, and then block after block.
template <class X>
void add_column_sums(const Exec& exec, Matrix<const X> x, Vector<Real<X>> scratch,
                     Vector<Real<X>> out);

}  // namespace superpose::kernels
