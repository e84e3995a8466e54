#pragma once
#include "core/bfloat16.hpp"
#include "core/types.hpp"

namespace superpose::kernels {

/// Sum of squares of x [n] in double, added in one fixed order. NaN or infinity in x shows in it.
/// Allocates nothing on one thread, n / 4096 doubles where strips are summed side by side.
template <class T>
double sum_of_squares(const Exec& exec, Vector<const T> x);

/// out(c) += sum over rows of x(r, c), rows in order. x [R,N], out [N].
template <class X>
void add_column_sums(const Exec& exec, Matrix<const X> x, Vector<Real<X>> out);

}  // namespace superpose::kernels
