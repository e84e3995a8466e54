#include "kokkos_kernels/matrix_library.hpp"

#include <cblas.h>

namespace superpose::kernels {

std::string matrix_library() {
  return openblas_get_config();
}

}  // namespace superpose::kernels
