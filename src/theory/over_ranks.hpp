#pragma once
/// Independent items, dealt to the ranks in turn and gathered in order: what an item gives depends
/// on its index alone, so any number of ranks gives the same list.

#include <cstdint>
#include <type_traits>
#include <vector>

#include "core/progress_bar.hpp"
#include "distributed/communicator.hpp"

namespace superpose::theory {

/// [i] = work(i) for 0 <= i < count, on every rank. Collective. An Error of one rank ends the job:
/// the others wait for it in the exchange.
template <class Work>
auto over_ranks(const distributed::Communicator& world, std::uint64_t count, Work&& work) {
  using Item = decltype(work(count));
  static_assert(std::is_trivially_copyable_v<Item>, "items travel between ranks as plain bytes");
  const std::uint64_t rank = world.rank(), size = world.size();
  std::vector<Item> mine, gathered(count), ordered(count);
  ProgressBar bar("theory", static_cast<std::int64_t>(count));
  for (std::uint64_t i = rank; i < count; i += size) {
    mine.push_back(work(i));
    bar.advance(static_cast<std::int64_t>(size));
  }
  std::vector<int> counts;
  for (std::uint64_t r = 0; r < size; ++r)
    counts.push_back(static_cast<int>((count + size - 1 - r) / size));
  world.allgather_blocks(mine.data(), gathered.data(), counts, sizeof(Item));
  std::uint64_t next = 0;
  for (std::uint64_t r = 0; r < size; ++r)
    for (std::uint64_t i = r; i < count; i += size) ordered[i] = gathered[next++];
  return ordered;
}

}  // namespace superpose::theory
