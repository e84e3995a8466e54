#pragma once
#include <functional>

namespace superpose::bench {

/// How many kernels, copies and matrix products `work` starts, whatever they run on: on a GPU each
/// costs its launch. Tools that listen to Kokkos hear nothing meanwhile. One at a time.
long count_launches(const std::function<void()>& work);

}  // namespace superpose::bench
