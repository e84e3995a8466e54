#pragma once
/// The fixed order in which the parts ("leaves") of a batch are summed. It depends on the number of
/// leaves only, so every rank count gives the same bits:
///
///   tree(lo, hi) = tree(lo, mid) + tree(mid, hi),  mid = lo + largest power of two < hi - lo
///
///   8 leaves          +                 5 leaves      +
///                +         +                     +         4
///              +   +     +   +                 +   +
///             0 1 2 3   4 5 6 7               0 1 2 3

#include <vector>

namespace superpose::distributed {

/// A half-open range of leaves: a node of the tree, or what one rank computes.
struct Leaves {
  int begin = 0;
  int end = 0;
  int size() const { return end - begin; }
  bool contains(Leaves other) const { return begin <= other.begin && other.end <= end; }
};

/// First leaf of the right child of `node`; a node has at least two leaves.
int right_child_begin(Leaves node);

/// The leaves of one rank: consecutive, and the counts of two ranks differ by one at most.
/// Error (usage) if there are more ranks than leaves.
Leaves leaves_of_rank(int n_leaves, int rank, int n_ranks);

/// The largest nodes of the tree over `n_leaves` leaves that lie inside `block`, from left to
/// right.
std::vector<Leaves> largest_nodes(int n_leaves, Leaves block);

/// How many nodes of two leaves or more that lie inside `block` are complete once `leaf` has been
/// added, when the leaves of the block are added from left to right.
int nodes_completed_by(int leaf, int n_leaves, Leaves block);

}  // namespace superpose::distributed
