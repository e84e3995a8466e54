#pragma once
/// Counter-based random numbers (Philox4x32-10, Salmon et al. 2011): a draw depends only on
/// (seed, purpose, id, step), never on the rank or on what was drawn before.

#include <array>
#include <cstdint>
#include <utility>

namespace superpose {

/// What a stream of draws is for. Values are part of the file formats: never renumber.
enum class Purpose : std::uint32_t {
  initialise = 1,   ///< parameters; id = index of the parameter tensor
  generate = 2,     ///< graphs; id = index of the attempt
  epoch_order = 3,  ///< order of problems; step = epoch
  expand = 4,       ///< a problem's text: edges, candidates, ids, stage, label; step = epoch
  evaluate = 5,     ///< the same for held-out problems
  dropout = 6,
  negatives = 7,
  analysis = 8,
  theory = 9,  ///< graphs, candidates and permutations of src/theory; step tells them apart
  // 10 was that of a bootstrap over seeds
};

/// A sequence of draws on the host. Counter: (block, id low, step, purpose | id high).
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, Purpose purpose, std::uint64_t id, std::uint64_t step = 0)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        counter_{0, static_cast<std::uint32_t>(id), static_cast<std::uint32_t>(step),
                 (static_cast<std::uint32_t>(purpose) << 24) |
                     static_cast<std::uint32_t>((id >> 32) & 0xffffffU)} {}

  std::uint32_t next() {
    if (used_ == 4) draw_block();
    return block_[used_++];
  }

  /// Uniform in [0, 1), 53 bits.
  double uniform() {
    const std::uint64_t high = next() >> 5, low = next() >> 6;
    return static_cast<double>((high << 26) | low) * 0x1.0p-53;
  }

  /// Uniform integer in [0, n), n >= 1, without bias (Lemire's rejection).
  std::uint32_t below(std::uint32_t n) {
    std::uint64_t product = std::uint64_t{next()} * n;
    const std::uint32_t threshold = (0U - n) % n;
    while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{next()} * n;
    return static_cast<std::uint32_t>(product >> 32);
  }

  /// Fisher-Yates; the same permutation on every machine (std::shuffle is not).
  template <class Container>
  void shuffle(Container& items) {
    for (std::size_t i = items.size(); i > 1; --i)
      std::swap(items[i - 1], items[below(static_cast<std::uint32_t>(i))]);
  }

 private:
  void draw_block();

  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  std::size_t used_ = 4;
};

}  // namespace superpose
