#pragma once
/// Labels of kernels and Views, as Kokkos' tools see them. Once watched, whichever test launches a
/// kernel or allocates a View without a label fails.

#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstdint>
#include <string>

#include "core/types.hpp"

namespace superpose::kernels {

/// Lower case words joined by underscores, or Kokkos' own. Kokkos names an unlabelled kernel after
/// the mangled type of its functor, which has digits in it.
inline bool is_label(const std::string& name) {
  if (name.rfind("Kokkos::", 0) == 0) return true;
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char letter) {
    return (letter >= 'a' && letter <= 'z') || letter == '_';
  });
}

inline void check_kernel_label(const char* name, std::uint32_t, std::uint64_t*) {
  EXPECT_TRUE(is_label(name)) << "a kernel without a label: " << name;
}

/// Views in host memory need none where kernels have memory of their own: mirrors of unmanaged
/// Views (the workspace's) are named after them, that is not at all.
inline void check_view_label(Kokkos_Profiling_SpaceHandle space, const char* name, const void*,
                             std::uint64_t) {
  const bool is_mirror = !kernels_use_host_memory && std::string(space.name) == "Host";
  if (is_mirror && name[0] == '\0') return;
  EXPECT_TRUE(is_label(name)) << "a View without a label: \"" << name << '"';
}

/// To be called after Kokkos is initialised.
inline void watch_labels() {
  namespace tools = Kokkos::Tools::Experimental;
  tools::set_begin_parallel_for_callback(check_kernel_label);
  tools::set_begin_parallel_reduce_callback(check_kernel_label);
  tools::set_begin_parallel_scan_callback(check_kernel_label);
  tools::set_allocate_data_callback(check_view_label);
}

}  // namespace superpose::kernels
