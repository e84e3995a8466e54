#include <algorithm>
#include <utility>

#include "bench/measure.hpp"
#include "bench/timing.hpp"
#include "kokkos_kernels/linear.hpp"
#include "model/block.hpp"

namespace superpose::bench {
namespace {

using distributed::Communicator;
using kernels::Output;

template <class X>
ProductRate measure_product(const Communicator& world, model::Precision precision, int m, int n,
                            int k) {
  const Exec exec;
  const Matrix<const X> dy = numbers<X>(m, k);
  const auto dx = numbers<X>(m, n);
  kernels::LinearWeight<X> w(model::products_of(precision));
  const auto weight = numbers(n, k);
  const auto bias = numbers(k);
  w.update(exec, weight, bias);
  // The input's gradient is a product and nothing else; forward adds a bias.
  const double seconds = best_seconds(
      world, [&] { kernels::linear_backward_input<X>(exec, dy, w, dx, Output::replace); });
  return {precision, m, n, k, 2.0 * m * n * k / seconds};
}

/// The shapes of the papers' model.
template <class X>
void measure_products(const Communicator& world, model::Precision precision, Machine& machine) {
  for (const auto& [n, k] : {std::pair{768, 768}, std::pair{3072, 768}, std::pair{768, 3072}})
    machine.products.push_back(measure_product<X>(world, precision, 4096, n, k));
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
  measure_products<float>(world, model::Precision::f32, machine);
  if (kernels::has_bfloat16_products())
    measure_products<bfloat16>(world, model::Precision::bf16, machine);
  if (kernels::has_tf32_products()) measure_products<float>(world, model::Precision::tf32, machine);
  machine.copy_rate = measure_copy(world);
  return machine;
}

double matrix_rate(const Machine& machine, model::Precision precision) {
  double best = 0;
  for (const auto& product : machine.products)
    if (product.precision == precision) best = std::max(best, product.operations_per_second);
  const bool is_f32 = best == 0 && precision == model::Precision::tf32;  // as on every CPU
  return is_f32 ? matrix_rate(machine, model::Precision::f32) : best;
}

}  // namespace superpose::bench
