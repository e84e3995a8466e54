#pragma once
#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstdint>
#include <limits>

#include "core/timer.hpp"
#include "core/types.hpp"
#include "distributed/communicator.hpp"

namespace superpose::bench {

/// The largest of all ranks' values, on every rank. Collective.
template <class T>
T largest(const distributed::Communicator& communicator, T here) {
  const auto all = communicator.allgather(here);
  return *std::max_element(all.begin(), all.end());
}

/// The shortest of at least five calls of `work` after one that is not timed; of the slowest rank.
/// Collective; `work` is not.
template <class Work>
double best_seconds(const distributed::Communicator& communicator, const Work& work) {
  constexpr int least_calls = 5;
  constexpr double least_seconds = 0.05;  // a short call is measured many times: timers are coarse
  work();
  Kokkos::fence();
  communicator.barrier();  // ranks share memory and clock rate: they are measured side by side
  double best = std::numeric_limits<double>::infinity();
  const Stopwatch all;
  for (int call = 0; call < least_calls || all.seconds() < least_seconds; ++call) {
    const Stopwatch watch;
    work();
    Kokkos::fence();
    best = std::min(best, watch.seconds());
  }
  return largest(communicator, best);
}

/// Numbers in [-0.5, 0.5) without a pattern: products of constants draw less power than real ones.
template <class X>
void scatter_numbers(const Vector<X>& values) {
  Kokkos::parallel_for(
      "bench_numbers", Kokkos::RangePolicy<Exec>(0, values.extent(0)), KOKKOS_LAMBDA(const int i) {
        const std::uint32_t hash = static_cast<std::uint32_t>(i) * 2654435761U;
        values(i) = static_cast<X>(static_cast<float>(hash >> 8) * 0x1.0p-24F - 0.5F);
      });
}

template <class X = float>
Vector<X> numbers(int n) {
  Vector<X> result("bench_vector", n);
  scatter_numbers(result);
  return result;
}

template <class X = float>
Matrix<X> numbers(int n_rows, int n_columns) {
  Matrix<X> result("bench_matrix", n_rows, n_columns);
  scatter_numbers(Vector<X>(result.data(), result.size()));
  return result;
}

}  // namespace superpose::bench
