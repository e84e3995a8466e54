#pragma once
/// Row-wise parallel loops with one source for all back ends. On a CPU a row is one thread's vector
/// loop (`omp simd`, which Kokkos' own reductions prevent); on a GPU it is one team.

#include <Kokkos_Core.hpp>
#include <type_traits>

#include "core/types.hpp"
#include "kokkos_kernels/loops/dropout_lanes.hpp"

namespace superpose::kernels {

/// A row's work on a CPU thread.
struct HostLane {
  template <class Body>
  KOKKOS_FORCEINLINE_FUNCTION void each(int n, const Body& body) const {
#pragma omp simd
    for (int c = 0; c < n; ++c) body(c);
  }

  template <class T, class Body>
  KOKKOS_FORCEINLINE_FUNCTION T sum(int n, const Body& body) const {
    T total = 0;
#pragma omp simd reduction(+ : total)
    for (int c = 0; c < n; ++c) total += body(c);
    return total;
  }

  template <class T, class Body>
  KOKKOS_FORCEINLINE_FUNCTION T max(int n, const Body& body) const {
    T largest = body(0);
#pragma omp simd reduction(max : largest)
    for (int c = 0; c < n; ++c) {
      const T value = body(c);
      largest = value > largest ? value : largest;
    }
    return largest;
  }

  /// body(c, multiplier): the multiplier is 0 with the dropout probability p, else 1 / (1 - p).
  template <class Body>
  KOKKOS_FORCEINLINE_FUNCTION void each_dropped(int n, const DropoutRow& row,
                                                const Body& body) const {
    if (!row.active()) {
      each(n, [&](int c) { body(c, 1.0F); });
      return;
    }
    for (int begin = 0; begin < n; begin += DropoutRow::chunk) {
      std::uint32_t words[4][DropoutRow::width];
      std::uint32_t counter[DropoutRow::width];
      for (int i = 0; i < DropoutRow::width; ++i)
        counter[i] = row.counter(begin / DropoutRow::chunk, i);
      draw_lanes(row, counter, words);
      for (int half = 0; half < DropoutRow::halves; ++half)
        each_of_half(n, begin + half * DropoutRow::width, row, words[half / 2], half % 2, body);
    }
  }

  KOKKOS_FORCEINLINE_FUNCTION void barrier() const {}

 private:
  /// The columns of a chunk that read one half of a word each: neighbours in memory and in `word`,
  /// and but for the last of a row a known number of them, so that no lane is gathered or masked.
  template <class Body>
  static KOKKOS_FORCEINLINE_FUNCTION void each_of_half(int n, int begin, const DropoutRow& row,
                                                       const std::uint32_t* word, int half,
                                                       const Body& body) {
    if (begin + DropoutRow::width <= n) {
#pragma omp simd
      for (int i = 0; i < DropoutRow::width; ++i) body(begin + i, row.multiplier(word[i], half));
    } else {
#pragma omp simd
      for (int i = 0; i < n - begin; ++i) body(begin + i, row.multiplier(word[i], half));
    }
  }
};

/// A row's work shared by a GPU team.
template <class Member>
struct TeamLane {
  const Member& member;

  template <class Body>
  KOKKOS_FORCEINLINE_FUNCTION void each(int n, const Body& body) const {
    Kokkos::parallel_for(Kokkos::TeamVectorRange(member, n), body);
  }

  template <class T, class Body>
  KOKKOS_FORCEINLINE_FUNCTION T sum(int n, const Body& body) const {
    T total = 0;
    Kokkos::parallel_reduce(
        Kokkos::TeamVectorRange(member, n), [&](int c, T& part) { part += body(c); }, total);
    return total;
  }

  template <class T, class Body>
  KOKKOS_FORCEINLINE_FUNCTION T max(int n, const Body& body) const {
    T largest;
    Kokkos::parallel_reduce(
        Kokkos::TeamVectorRange(member, n),
        [&](int c, T& part) {
          const T value = body(c);
          part = value > part ? value : part;
        },
        Kokkos::Max<T>(largest));
    return largest;
  }

  template <class Body>
  KOKKOS_FORCEINLINE_FUNCTION void each_dropped(int n, const DropoutRow& row,
                                                const Body& body) const {
    if (!row.active()) {
      each(n, [&](int c) { body(c, 1.0F); });
      return;
    }
    const int n_draws = (n + DropoutRow::chunk - 1) / DropoutRow::chunk * DropoutRow::width;
    each(n_draws, [&](int draw) {
      const int chunk = draw / DropoutRow::width, i = draw % DropoutRow::width;
      std::uint32_t words[4];
      row.draw(chunk, i, words[0], words[1], words[2], words[3]);
      for (int half = 0; half < DropoutRow::halves; ++half) {
        const int c = chunk * DropoutRow::chunk + half * DropoutRow::width + i;
        if (c < n) body(c, row.multiplier(words[half / 2], half % 2));
      }
    });
  }

  /// result(j, sum of body(j, c) over c < n) for j < n_rows: a warp a row, so that neighbours read
  /// neighbours.
  template <class T, class Body, class Result>
  KOKKOS_FORCEINLINE_FUNCTION void row_sums(int n_rows, int n, const Body& body,
                                            const Result& result) const {
    Kokkos::parallel_for(Kokkos::TeamThreadRange(member, n_rows), [&](int j) {
      T total = 0;
      Kokkos::parallel_reduce(
          Kokkos::ThreadVectorRange(member, n), [&](int c, T& part) { part += body(j, c); }, total);
      Kokkos::single(Kokkos::PerThread(member), [&] { result(j, total); });
    });
  }

  KOKKOS_FORCEINLINE_FUNCTION void barrier() const { member.team_barrier(); }
};

using TeamMember = Kokkos::TeamPolicy<Exec>::member_type;

constexpr bool on_host = Kokkos::SpaceAccessibility<Exec, Kokkos::HostSpace>::accessible;

/// Whether a row is one thread's, as on a CPU. SUPERPOSE_TEAM_LANES: the tests' way to run the form
/// for a GPU without one.
#ifdef SUPERPOSE_TEAM_LANES
constexpr bool row_per_thread = false;
#else
constexpr bool row_per_thread = on_host;
#endif
using Lane = std::conditional_t<row_per_thread, HostLane, TeamLane<TeamMember>>;

/// The lane of a team: its member on a GPU, nothing on a CPU where a team is one thread.
template <class Member>
KOKKOS_FORCEINLINE_FUNCTION auto make_lane([[maybe_unused]] const Member& member) {
  if constexpr (row_per_thread) {
    return HostLane{};
  } else {
    return TeamLane<Member>{member};
  }
}

// --- teams ---------------------------------------------------------------------------------------

/// Makes the pool of main memory for teams larger than nothing, once: while it is empty, Kokkos'
/// CUDA back end allocates 0 bytes for it at each launch. In device.cpp.
void keep_scratch_pool(const Exec& exec);

/// What a team shares beside its lanes: shared memory on a GPU. Kokkos grants a block 48 KiB, of
/// which its own reductions need a part.
constexpr std::size_t fast_scratch_bytes = std::size_t{46} * 1024;

/// Light: closures travel as a kernel's arguments. From 512 bytes on Kokkos would put them into
/// constant memory, where the host waits for the kernel before, and could not run ahead.
using TeamPolicy =
    Kokkos::TeamPolicy<Exec, Kokkos::Experimental::WorkItemProperty::HintLightWeight_t>;

/// A league of `n` teams of `n_warps` warps; on a CPU teams as large as the back end allows, so
/// that tests meet their barriers. Never Kokkos::AUTO, which asks for the occupancy at each launch.
inline TeamPolicy team_policy(const Exec& exec, int n, int n_warps) {
  constexpr int warp = 32;
  if (row_per_thread) return TeamPolicy(exec, n, 1);
  if (on_host) return TeamPolicy(exec, n, exec.concurrency());
  keep_scratch_pool(exec);
  return TeamPolicy(exec, n, n_warps, warp);
}

/// How many rows a loop has and how many elements each: the latter sizes the teams.
struct Rows {
  int n, width;

  Rows(int n_rows, int row_width = 1024) : n(n_rows), width(row_width) {}

  /// A lane has 8 elements, the number that a Philox block of dropout serves.
  int n_warps() const {
    constexpr int per_warp = 32 * DropoutRow::halves, most = 8;
    const int warps = (width + per_warp - 1) / per_warp;
    return warps < 1 ? 1 : warps > most ? most : warps;
  }
};

// --- loops ---------------------------------------------------------------------------------------

template <class Body>
void for_team_rows(const char* label, const Exec& exec, Rows rows, const Body& body);

/// Calls body(row, lane) for row = 0..rows.n-1.
template <class Body>
void for_rows(const char* label, const Exec& exec, Rows rows, const Body& body) {
  if constexpr (row_per_thread) {
    Kokkos::parallel_for(label, Kokkos::RangePolicy<Exec>(exec, 0, rows.n),
                         [=](const int row) { body(row, HostLane{}); });
  } else {
    for_team_rows(label, exec, rows, body);
  }
}

/// The GPU form of for_rows; a function of its own because an extended lambda may not be in a
/// discarded statement.
template <class Body>
void for_team_rows(const char* label, const Exec& exec, Rows rows, const Body& body) {
  Kokkos::parallel_for(
      label, team_policy(exec, rows.n, rows.n_warps()),
      KOKKOS_LAMBDA(const TeamMember& member) { body(member.league_rank(), make_lane(member)); });
}

/// Whether for_rows takes one row after the other, so that a row may add to what all rows share.
inline bool rows_in_order(const Exec& exec) {
  return row_per_thread && exec.concurrency() == 1;
}

template <int level, class Body>
void for_teams(const char* label, const TeamPolicy& policy, int scratch_bytes, const Body& body) {
  Kokkos::parallel_for(
      label, policy, KOKKOS_LAMBDA(const TeamMember& member) {
        void* scratch = member.team_scratch(level).get_shmem(scratch_bytes);
        body(member.league_rank(), make_lane(member), scratch);
      });
}

/// Calls body(index, lane, scratch) with `scratch_bytes` of memory private to each index. On a GPU
/// that is shared memory if it fits, as it is known to do where `always_fits`, else main memory.
template <bool always_fits = false, class Body>
void for_rows_with_scratch(const char* label, const Exec& exec, Rows rows,
                           std::size_t scratch_bytes, const Body& body) {
  constexpr int shared = 0, main_memory = 1;
  const bool fits = !row_per_thread && scratch_bytes <= fast_scratch_bytes;
  const auto bytes = static_cast<int>(scratch_bytes);
  auto policy = team_policy(exec, rows.n, rows.n_warps());
  policy.set_scratch_size(fits ? shared : main_memory, Kokkos::PerTeam(bytes));
  if constexpr (!row_per_thread)
    if (fits) return for_teams<shared>(label, policy, bytes, body);
  if constexpr (row_per_thread || !always_fits) for_teams<main_memory>(label, policy, bytes, body);
}

}  // namespace superpose::kernels
