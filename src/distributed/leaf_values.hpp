#pragma once
#include <type_traits>
#include <vector>

#include "core/error.hpp"
#include "distributed/communicator.hpp"
#include "distributed/leaf_tree.hpp"

namespace superpose::distributed {

/// Everyone's per-leaf values (loss sums, counts, flags) in the order of leaves, on every rank.
/// `mine` has one value for each leaf of this rank; T is trivially copyable.
template <class T>
std::vector<T> allgather_leaves(const Communicator& communicator, const std::vector<T>& mine,
                                int n_leaves) {
  static_assert(std::is_trivially_copyable_v<T>, "only plain bytes travel between ranks");
  std::vector<int> counts;
  for (int rank = 0; rank < communicator.size(); ++rank)
    counts.push_back(leaves_of_rank(n_leaves, rank, communicator.size()).size());
  SUPERPOSE_EXPECT(mine.size() == static_cast<std::size_t>(counts[communicator.rank()]));
  std::vector<T> all(n_leaves);
  communicator.allgather_blocks(mine.data(), all.data(), counts, sizeof(T));
  return all;
}

/// Everyone's per-leaf values added up from leaf 0 upwards, by T's operator+=: the same bits for
/// every rank count.
template <class T>
T sum_leaves(const Communicator& communicator, const std::vector<T>& mine, int n_leaves) {
  T sum{};
  for (const T& leaf : allgather_leaves(communicator, mine, n_leaves)) sum += leaf;
  return sum;
}

}  // namespace superpose::distributed
