#include "distributed/leaf_tree.hpp"

#include "core/error.hpp"

namespace superpose::distributed {
namespace {

void append_largest_nodes(Leaves node, Leaves block, std::vector<Leaves>& nodes) {
  if (node.end <= block.begin || block.end <= node.begin) return;
  if (block.contains(node)) {
    nodes.push_back(node);
    return;
  }
  const int mid = right_child_begin(node);
  append_largest_nodes({node.begin, mid}, block, nodes);
  append_largest_nodes({mid, node.end}, block, nodes);
}

}  // namespace

int right_child_begin(Leaves node) {
  SUPERPOSE_EXPECT(node.size() >= 2);
  int power = 1;
  while (power < node.size() - power) power *= 2;
  return node.begin + power;
}

Leaves leaves_of_rank(int n_leaves, int rank, int n_ranks) {
  validate(n_ranks <= n_leaves, ExitCode::usage,
           "{} ranks share {} leaves (each rank computes at least one part of the batch); raise "
           "train.leaves to {} or more, or start fewer ranks",
           n_ranks, n_leaves, n_ranks);
  const auto begin_of = [&](int r) { return static_cast<int>(1LL * n_leaves * r / n_ranks); };
  return {begin_of(rank), begin_of(rank + 1)};
}

std::vector<Leaves> largest_nodes(int n_leaves, Leaves block) {
  std::vector<Leaves> nodes;
  append_largest_nodes({0, n_leaves}, block, nodes);
  return nodes;
}

int nodes_completed_by(int leaf, int n_leaves, Leaves block) {
  int completed = 0;
  Leaves node{0, n_leaves};
  while (node.size() > 1) {  // from the root down to the leaf
    if (block.contains(node) && node.end == leaf + 1) ++completed;
    const int mid = right_child_begin(node);
    node = leaf < mid ? Leaves{node.begin, mid} : Leaves{mid, node.end};
  }
  return completed;
}

}  // namespace superpose::distributed
