#include <algorithm>

#include "jobs/bench/measure.hpp"
#include "jobs/bench/timing.hpp"
#include "kokkos_kernels/linear.hpp"

namespace superpose::jobs::bench {
namespace {

using distributed::Communicator;
using kernels::Output;

ProductRate measure_product(const Communicator& world, int m, int n, int k) {
  const Exec exec;
  const Matrix<const float> dy = numbers(m, k), w = numbers(n, k);
  const auto dx = numbers(m, n);
  // The input's gradient is a product and nothing else; the other two add a bias or its gradient.
  const double seconds = best_seconds(
      world, [&] { kernels::linear_backward_input<float>(exec, dy, w, dx, Output::replace); });
  return {m, n, k, 2.0 * m * n * k / seconds};
}

double measure_copy(const Communicator& world) {
  constexpr int n = 1 << 26;  // 256 MiB: larger than the caches of today's processors
  const Exec exec;
  const auto from = numbers(n), to = numbers(n);
  const double seconds = best_seconds(world, [&] { Kokkos::deep_copy(exec, to, from); });
  return 2.0 * n * sizeof(float) / seconds;
}

}  // namespace

Machine measure_machine(const Communicator& world) {
  Machine machine;
  machine.products = {measure_product(world, 4096, 768, 768),
                      measure_product(world, 4096, 3072, 768),
                      measure_product(world, 4096, 768, 3072)};
  for (const auto& product : machine.products)
    machine.matrix_rate = std::max(machine.matrix_rate, product.operations_per_second);
  machine.copy_rate = measure_copy(world);
  return machine;
}

}  // namespace superpose::jobs::bench
