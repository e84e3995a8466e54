#pragma once
/// What `superpose theory dimension` writes and prints (io/FORMAT.md, superpose_theory).

#include <cstdint>
#include <string>
#include <vector>

#include "io/history.hpp"
#include "theory/dimension_trial.hpp"

namespace superpose::theory {

/// What grows with the vocabulary.
enum class Growth {
  fixed,    ///< nothing: graphs of one size, more and more names
  growing,  ///< the graph: every name is a node
};
constexpr std::array<const char*, 2> names_of(Growth) {
  return {"fixed", "growing"};
}

/// Trials of one size.
struct DimensionCell {
  Growth growth = Growth::fixed;
  Protection protection = Protection::none;
  int vocabulary = 0;  ///< |Voc|
  int nodes = 0;       ///< of each graph
  std::int64_t d = 0;
  std::array<int, n_stages> right{};  ///< trials in which a stage is right
  int all = 0;                        ///< and in which all are
};

/// Share of trials from which on a dimension is called enough.
inline constexpr double enough = 0.9;

/// The smallest d of consecutive cells of one size (d ascending) from which on `enough` of the
/// trials are right at every d; -1 if there is none. `stage` < n_stages, or n_stages: all of them.
std::int64_t needed_dimension(const std::vector<DimensionCell>& cells, std::size_t begin,
                              std::size_t end, int stage, int trials);

io::Table dimension_table(const std::vector<DimensionCell>& cells);
io::Table needed_table(const std::vector<DimensionCell>& cells, int trials);

std::string text(const std::vector<DimensionCell>& cells, int trials);

}  // namespace superpose::theory
