/// Microbenchmarks of the kernels (Google Benchmark), by leaf size and precision. Counters: needed
/// operations and bytes a second, rows.
///
///     build/release/bin/kernel_benchmarks --benchmark_filter='attention.*/bf16'

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <Kokkos_Core.hpp>

#include "bench/kernel_cases.hpp"
#include "core/enum_names.hpp"
#include "data/generator.hpp"
#include "kokkos_kernels/linear.hpp"

namespace superpose::bench {
namespace {

using benchmark::Counter;

void time_kernel(benchmark::State& state, const KernelCase& kernel) {
  const auto run = kernel.prepare();
  run();  // memory touched, library's code generated
  Kokkos::fence();
  for (auto _ : state) {
    run();
    Kokkos::fence();
  }
  const auto rate = Counter::kIsIterationInvariantRate;
  if (kernel.cost.operations > 0)
    state.counters["operations"] = Counter(kernel.cost.operations, rate);
  state.counters["bytes"] = Counter(kernel.cost.bytes, rate);
  state.SetLabel(kernel.shape);
}

/// The papers' model on a leaf of so many problems.
void add_benchmarks(model::Precision precision, int n_problems) {
  train::RunOptions options;
  options.model.precision = precision;
  options.train.leaves = 1;
  const auto problems =
      data::generate_problems({}, 0, static_cast<std::uint64_t>(n_problems)).problems;
  for (const auto& kernel : kernel_cases(options, problems))
    benchmark::RegisterBenchmark(
        fmt::format("{}/{}/{}", kernel.name, to_string(precision), n_problems).c_str(),
        [kernel](benchmark::State& state) { time_kernel(state, kernel); })
        ->UseRealTime();  // kernels may run on threads or a device
}

}  // namespace
}  // namespace superpose::bench

int main(int argc, char** argv) {
  using namespace superpose;
  const Kokkos::ScopeGuard kokkos;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  for (const int n_problems : {2, 8, 32}) {
    bench::add_benchmarks(model::Precision::f32, n_problems);
    if (kernels::has_bfloat16_products()) bench::add_benchmarks(model::Precision::bf16, n_problems);
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::ClearRegisteredBenchmarks();  // they hold memory of Kokkos, which ends with main
  benchmark::Shutdown();
  return 0;
}
