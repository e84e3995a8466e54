#include <algorithm>
#include <utility>

#include "bench/measure.hpp"
#include "bench/timing.hpp"
#include "kokkos_kernels/linear.hpp"
#include "kokkos_kernels/math.hpp"
#include "model/block.hpp"

namespace superpose::bench {

/// y_i = sum over k < n_each of exp(x_i k). Not in the unnamed namespace: nvcc's extended lambdas.
void add_exponentials(const Exec& exec, int n_each, const Vector<float>& x,
                      const Vector<float>& y) {
  Kokkos::parallel_for(
      "bench_exponentials", Kokkos::RangePolicy<Exec>(exec, 0, x.extent(0)),
      KOKKOS_LAMBDA(const int i) {
        const float step = x(i);
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int k = 0; k < n_each; ++k) sum += kernels::exponential(step * static_cast<float>(k));
        y(i) = sum;
      });
}

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

/// The shapes of the papers' model, and those of a model of 128 channels on the rows of 8 problems:
/// narrow models learn fast, and what a library makes of their products is no matter of course.
template <class X>
void measure_products(const Communicator& world, model::Precision precision, Machine& machine) {
  for (const auto& [m, width] : {std::pair{4096, 768}, std::pair{832, 128}})
    for (const auto& [n, k] : {std::pair{1, 1}, std::pair{4, 1}, std::pair{1, 4}})
      machine.products.push_back(measure_product<X>(world, precision, m, n * width, k * width));
}

double measure_exponentials(const Communicator& world) {
  // Few bytes; short on a CPU, and enough for all lanes of a GPU.
  constexpr int n = kernels_use_host_memory ? 1 << 12 : 1 << 18, n_each = 512;
  const Exec exec;
  const auto x = numbers(n), y = numbers(n);
  const double seconds = best_seconds(world, [&] { add_exponentials(exec, n_each, x, y); });
  return static_cast<double>(n) * n_each / seconds;
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
  machine.exponential_rate = measure_exponentials(world);
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
