#include <cublasLt.h>
#include <fmt/format.h>

#include "kokkos_kernels/matrix_library.hpp"
#ifdef SUPERPOSE_CUDNN
#include "kokkos_kernels/attention/cudnn.hpp"
#endif

namespace superpose::kernels {

std::string matrix_library() {
  const auto number = cublasLtGetVersion();
  const auto cublaslt =
      fmt::format("cuBLASLt {}.{}.{}", number / 10000, number / 100 % 100, number % 100);
#ifdef SUPERPOSE_CUDNN
  return cublaslt + ", " + cudnn::version();
#else
  return cublaslt + ", no cuDNN";
#endif
}

}  // namespace superpose::kernels
