#pragma once
#include "core/bfloat16.hpp"
#include "core/types.hpp"

namespace superpose::kernels {

/// to = from, rounded to nearest. [R,N]; rows of either may be parts of longer ones.
template <class X>
void convert(const Exec& exec, Matrix<const Real<X>> from, Matrix<X> to);

}  // namespace superpose::kernels
