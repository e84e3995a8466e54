#pragma once
#include "core/types.hpp"

namespace superpose::kernels {

/// Sum of squares of x [n] in double, added in one fixed order. NaN or infinity in x shows in it.
template <class T>
double sum_of_squares(const Exec& exec, Vector<const T> x);

/// out(c) += sum over rows of x(r, c), rows in order. x [R,N], out [N].
template <class T>
void add_column_sums(const Exec& exec, Matrix<const T> x, Vector<T> out);

}  // namespace superpose::kernels
