#include "kokkos_kernels/matrix_library.hpp"

#include <cblas.h>
#include <fmt/format.h>

#include <oneapi/dnnl/dnnl.hpp>

namespace superpose::kernels {

std::string matrix_library() {
  const auto* onednn = dnnl_version();
  return fmt::format("oneDNN {}.{}.{}, {}", onednn->major, onednn->minor, onednn->patch,
                     openblas_get_config());
}

}  // namespace superpose::kernels
