#include "data/visits.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.hpp"
#include "core/random.hpp"

namespace superpose::data {

std::vector<FileVisits> visits_of(const std::vector<std::size_t>& sizes,
                                  const std::vector<double>& shares) {
  SUPERPOSE_EXPECT(shares.empty() || shares.size() == sizes.size());
  std::vector<FileVisits> files;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const double share = shares.empty() ? 1 : shares[i];
    const auto visited = std::llround(share * static_cast<double>(sizes[i]));
    files.push_back({sizes[i], std::max<std::size_t>(1, static_cast<std::size_t>(visited))});
  }
  return files;
}

std::vector<std::uint32_t> epoch_order(const std::vector<FileVisits>& files, std::uint64_t seed,
                                       std::uint64_t epoch) {
  std::vector<std::uint32_t> order;
  std::uint32_t first = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::vector<std::uint32_t> of_file(files[i].n_problems);
    std::iota(of_file.begin(), of_file.end(), first);
    first += static_cast<std::uint32_t>(of_file.size());
    if (files[i].n_visited < of_file.size())
      RandomStream(seed, Purpose::epoch_order, i + 1, epoch).shuffle(of_file);
    order.insert(order.end(), of_file.begin(),
                 of_file.begin() + static_cast<std::ptrdiff_t>(files[i].n_visited));
  }
  RandomStream(seed, Purpose::epoch_order, 0, epoch).shuffle(order);
  return order;
}

Visits::Visits(const std::vector<std::size_t>& sizes, const SharePlan& plan)
    : first_(visits_of(sizes, plan.shares)),
      later_(visits_of(sizes, plan.later_shares)),
      later_from_(plan.later_shares.empty() ? std::numeric_limits<std::int64_t>::max()
                                            : plan.later_from) {}

const std::vector<FileVisits>& Visits::of_epoch(std::int64_t epoch) const {
  return epoch < later_from_ ? first_ : later_;
}

std::int64_t Visits::n_problems(std::int64_t epoch) const {
  const auto& files = of_epoch(epoch);
  return std::accumulate(
      files.begin(), files.end(), std::int64_t{0},
      [](auto sum, const auto& file) { return sum + static_cast<std::int64_t>(file.n_visited); });
}

std::int64_t Visits::n_steps(std::int64_t first, std::int64_t last, std::int64_t batch_size) const {
  std::int64_t n = 0;
  for (auto epoch = first; epoch < last; ++epoch)
    n += (n_problems(epoch) + batch_size - 1) / batch_size;
  return n;
}

}  // namespace superpose::data
