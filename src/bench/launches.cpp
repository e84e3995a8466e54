#include "bench/launches.hpp"

#include <Kokkos_Core.hpp>
#include <cstdint>
#include <cstring>

#include "kokkos_kernels/product_region.hpp"

namespace superpose::bench {
namespace {

/// Kokkos' callbacks take no argument of ours.
long& launches() {
  static long number = 0;
  return number;
}

void count_kernel(const char*, std::uint32_t, std::uint64_t*) {
  ++launches();
}

void count_copy(Kokkos_Profiling_SpaceHandle, const char*, const void*,
                Kokkos_Profiling_SpaceHandle, const char*, const void*, std::uint64_t) {
  ++launches();
}

void count_product(const char* region) {
  if (std::strcmp(region, kernels::ProductRegion::name) == 0) ++launches();
}

}  // namespace

long count_launches(const std::function<void()>& work) {
  namespace tools = Kokkos::Tools::Experimental;
  const auto listening = tools::get_callbacks();
  launches() = 0;
  tools::set_begin_parallel_for_callback(count_kernel);
  tools::set_begin_parallel_reduce_callback(count_kernel);
  tools::set_begin_parallel_scan_callback(count_kernel);
  tools::set_begin_deep_copy_callback(count_copy);
  tools::set_push_region_callback(count_product);
  work();
  tools::set_callbacks(listening);
  return launches();
}

}  // namespace superpose::bench
