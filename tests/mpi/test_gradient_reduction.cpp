#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "core/random.hpp"
#include "distributed/gradient_reduction.hpp"
#include "distributed/leaf_values.hpp"

namespace superpose::distributed {
namespace {

/// Gradient of one leaf: numbers of very different size, so that the order of a sum shows in it.
template <class T>
void add_gradient(int leaf, int step, std::vector<T>& gradient) {
  RandomStream random(7, Purpose::analysis, leaf, step);
  for (T& g : gradient)
    g += static_cast<T>(std::ldexp(random.uniform() - 0.5, static_cast<int>(random.below(12))));
}

template <class T>
std::vector<T> serial_tree(Leaves node, int step, std::size_t n) {
  if (node.size() == 1) {
    std::vector<T> gradient(n, T{0});
    add_gradient(node.begin, step, gradient);
    return gradient;
  }
  const int mid = right_child_begin(node);
  auto sum = serial_tree<T>({node.begin, mid}, step, n);
  const auto right = serial_tree<T>({mid, node.end}, step, n);
  for (std::size_t i = 0; i < n; ++i) sum[i] += right[i];
  return sum;
}

template <class T>
std::vector<T> gradient_of(int leaf, int step, std::size_t n) {
  std::vector<T> gradient(n, T{0});
  add_gradient(leaf, step, gradient);
  return gradient;
}

/// Elements [begin, end) of `values` to the same place of `buffer`.
template <class T>
void write(const std::vector<T>& values, std::size_t begin, std::size_t end,
           const Vector<T>& buffer) {
  const Kokkos::View<const T*, Kokkos::HostSpace, Kokkos::MemoryUnmanaged> host(
      values.data() + begin, end - begin);
  Kokkos::deep_copy(Kokkos::subview(buffer, Kokkos::make_pair(begin, end)), host);
}

template <class T>
std::vector<T> read(const Vector<T>& buffer) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), buffer);
  return std::vector<T>(host.data(), host.data() + host.extent(0));
}

template <class T>
Vector<T> reduced(GradientReduction<T>& reduction, int step, std::size_t n) {
  for (int leaf = reduction.leaves().begin; leaf < reduction.leaves().end; ++leaf) {
    const auto buffer = reduction.leaf_buffer();
    EXPECT_EQ(read(buffer), std::vector<T>(n, T{0}));
    write(gradient_of<T>(leaf, step, n), 0, n, buffer);
    reduction.add_leaf();
  }
  return reduction.reduce();
}

/// The same, the last leaf told to be final in steps of `stride` elements from its end, other ranks
/// stepping differently.
template <class T>
Vector<T> reduced_on_the_way(GradientReduction<T>& reduction, int step, std::size_t n,
                             std::size_t stride) {
  const auto leaves = reduction.leaves();
  for (int leaf = leaves.begin; leaf < leaves.end; ++leaf) {
    const auto buffer = reduction.leaf_buffer();
    const auto gradient = gradient_of<T>(leaf, step, n);
    std::size_t first = n;
    while (leaf + 1 == leaves.end && first > stride) {
      write(gradient, first - stride, first, buffer);
      reduction.final_from(first -= stride);
      reduction.final_from(first);  // with no news
    }
    write(gradient, 0, first, buffer);
    reduction.add_leaf();
  }
  return reduction.reduce();
}

template <class T>
bool same_bits(const Vector<T>& a, const std::vector<T>& b) {
  return std::memcmp(read(a).data(), b.data(), b.size() * sizeof(T)) == 0;
}

/// Where kernels use the host's memory, the copies of the second path are ordinary memory of it.
std::vector<ExchangePath> paths() {
  if (kernels_use_host_memory || mpi_reads_device_memory())
    return {ExchangePath::direct, ExchangePath::staged};
  return {ExchangePath::staged};
}

template <class T>
class GradientReductionTest : public testing::Test {
 protected:
  Communicator world{MPI_COMM_WORLD};
};
using FloatTypes = testing::Types<float, double>;
TYPED_TEST_SUITE(GradientReductionTest, FloatTypes);

TYPED_TEST(GradientReductionTest, GivesTheBitsOfTheSerialTree) {
  for (const auto path : paths())
    for (const int n_leaves : {1, 2, 3, 5, 8, 16}) {
      if (n_leaves < this->world.size()) continue;
      for (const std::size_t n : {1, 2, 3, 17, 64, 1003}) {
        GradientReduction<TypeParam> reduction(this->world, n, n_leaves, 1000, path);
        for (int step = 0; step < 3; ++step) {  // buffers of the former step are used again
          const auto sum = reduced(reduction, step, n);
          EXPECT_TRUE(same_bits(sum, serial_tree<TypeParam>({0, n_leaves}, step, n)))
              << n_leaves << " leaves, " << n << " elements, step " << step;
          Kokkos::deep_copy(sum, TypeParam{1});  // the caller may scale or clip it in place
        }
      }
    }
}

/// Elements, and how many of them are exchanged together.
struct Buckets {
  std::size_t n, bucket;
};

TYPED_TEST(GradientReductionTest, GivesTheSameBitsBucketByBucket) {
  for (const auto path : paths())
    for (const int n_leaves : {4, 5, 16})
      for (const auto [n, bucket] : {Buckets{17, 1}, {17, 8}, {1003, 40}, {1003, 5000}}) {
        GradientReduction<TypeParam> reduction(this->world, n, n_leaves, bucket, path);
        for (int step = 0; step < 3; ++step) {
          const std::size_t stride = 3 + 40 * static_cast<std::size_t>(this->world.rank());
          const auto sum = reduced_on_the_way(reduction, step, n, stride);
          // A collective call of the program's between the reduction's own.
          EXPECT_TRUE(this->world.all_agree(true));
          EXPECT_TRUE(same_bits(sum, serial_tree<TypeParam>({0, n_leaves}, step, n)))
              << n_leaves << " leaves, " << n << " elements, buckets of " << bucket;
        }
      }
}

TYPED_TEST(GradientReductionTest, RefusesToTakeBackWhatWasFinal) {
  GradientReduction<TypeParam> reduction(this->world, 8, this->world.size());
  reduction.leaf_buffer();
  reduction.final_from(4);
  EXPECT_THROW(reduction.final_from(5), std::logic_error);
  reduction.add_leaf();
  reduction.reduce();
}

TYPED_TEST(GradientReductionTest, OrderOfTheTestDataMatters) {
  const std::size_t n = 64;
  std::vector<TypeParam> left_to_right(n, TypeParam{0});
  for (int leaf = 0; leaf < 8; ++leaf) {
    std::vector<TypeParam> gradient(n, TypeParam{0});
    add_gradient(leaf, 0, gradient);
    for (std::size_t i = 0; i < n; ++i) left_to_right[i] += gradient[i];
  }
  const auto tree = serial_tree<TypeParam>({0, 8}, 0, n);
  EXPECT_NE(left_to_right, tree);
}

TYPED_TEST(GradientReductionTest, LeavesAreDividedAmongRanksInOrder) {
  const GradientReduction<TypeParam> reduction(this->world, 4, 16);
  const auto all = this->world.allgather(reduction.leaves());
  EXPECT_EQ(all.front().begin, 0);
  EXPECT_EQ(all.back().end, 16);
  for (std::size_t rank = 1; rank < all.size(); ++rank)
    EXPECT_EQ(all[rank].begin, all[rank - 1].end);
}

TYPED_TEST(GradientReductionTest, RefusesMoreRanksThanLeaves) {
  try {
    GradientReduction<TypeParam>(this->world, 4, this->world.size() - 1);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_NE(std::string(error.what()).find("train.leaves"), std::string::npos);
  }
}

TYPED_TEST(GradientReductionTest, RefusesToReduceBeforeTheLastLeaf) {
  GradientReduction<TypeParam> reduction(this->world, 4, 16);
  reduction.leaf_buffer();
  EXPECT_THROW(reduction.reduce(), std::logic_error);
}

TYPED_TEST(GradientReductionTest, MeasuresItsTime) {
  GradientReduction<TypeParam> reduction(this->world, 1003, 8);
  EXPECT_EQ(reduction.exposed_seconds(), 0);
  reduced(reduction, 0, 1003);
  EXPECT_GT(reduction.exposed_seconds(), 0);
  EXPECT_EQ(reduction.overlapped_seconds(), 0);
  reduced_on_the_way(reduction, 1, 1003, 100);
  EXPECT_GT(reduction.overlapped_seconds(), 0);
}

/// What a trainer sums besides gradients.
struct LeafRecord {
  double loss = 0;
  long targets = 0;
  bool diverged = false;
  LeafRecord& operator+=(const LeafRecord& other) {
    loss += other.loss;
    targets += other.targets;
    diverged = diverged || other.diverged;
    return *this;
  }
};

LeafRecord record_of(int leaf) {
  return {1.0 / (3 + leaf), 10L * leaf, leaf == 4};
}

TEST(SumLeaves, AddsRecordsInLeafOrder) {
  const Communicator world(MPI_COMM_WORLD);
  for (const int n_leaves : {4, 5, 16}) {
    const Leaves block = leaves_of_rank(n_leaves, world.rank(), world.size());
    std::vector<LeafRecord> mine;
    for (int leaf = block.begin; leaf < block.end; ++leaf) mine.push_back(record_of(leaf));
    LeafRecord expected;
    for (int leaf = 0; leaf < n_leaves; ++leaf) expected += record_of(leaf);
    const LeafRecord sum = sum_leaves(world, mine, n_leaves);
    EXPECT_EQ(sum.loss, expected.loss);
    EXPECT_EQ(sum.targets, expected.targets);
    EXPECT_EQ(sum.diverged, n_leaves > 4);
  }
}

}  // namespace
}  // namespace superpose::distributed
