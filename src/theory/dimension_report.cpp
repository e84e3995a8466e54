#include "theory/dimension_report.hpp"

#include <fmt/format.h>

#include "theory/columns.hpp"

namespace superpose::theory {
namespace {

int right_of(const DimensionCell& cell, int stage) {
  return stage < n_stages ? cell.right[stage] : cell.all;
}

bool same_size(const DimensionCell& a, const DimensionCell& b) {
  return a.growth == b.growth && a.protection == b.protection && a.vocabulary == b.vocabulary;
}

/// Calls work(begin, end) for the cells of each size.
template <class Work>
void for_each_size(const std::vector<DimensionCell>& cells, Work&& work) {
  for (std::size_t begin = 0, end = 0; begin < cells.size(); begin = end) {
    while (end < cells.size() && same_size(cells[begin], cells[end])) ++end;
    work(begin, end);
  }
}

std::vector<io::Column> size_columns() {
  return {count("growth", "0 fixed: graphs of one size, 1 growing: every name is a node"),
          count("protection",
                "0 none, 1 marked: orthonormal special tokens, 2 constant: and a "
                "constant coordinate"),
          count("vocabulary", "|Voc|"), count("nodes", "of a graph")};
}

io::Row size_of(const DimensionCell& cell) {
  return {{"growth", one(static_cast<int>(cell.growth))},
          {"protection", one(static_cast<int>(cell.protection))},
          {"vocabulary", one(cell.vocabulary)},
          {"nodes", one(cell.nodes)}};
}

std::string name_of(int stage) {
  return stage < n_stages ? names_of(Stage{})[stage] : "all";
}

}  // namespace

std::int64_t needed_dimension(const std::vector<DimensionCell>& cells, std::size_t begin,
                              std::size_t end, int stage, int trials) {
  std::int64_t needed = -1;
  for (std::size_t i = end; i > begin; --i) {
    if (right_of(cells[i - 1], stage) < enough * trials) break;
    needed = cells[i - 1].d;
  }
  return needed;
}

io::Table dimension_table(const std::vector<DimensionCell>& cells) {
  auto columns = size_columns();
  columns.push_back(count("d", "dimensions of an embedding"));
  for (int stage = 0; stage <= n_stages; ++stage)
    columns.push_back(count(name_of(stage), "trials in which this stage is right"));
  io::Table table("dimension", count("cell", "trials of one size"), columns);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    auto row = size_of(cells[i]);
    row["d"] = one(static_cast<double>(cells[i].d));
    for (int stage = 0; stage <= n_stages; ++stage)
      row[name_of(stage)] = one(right_of(cells[i], stage));
    table.append(static_cast<std::int64_t>(i), row);
  }
  return table;
}

io::Table needed_table(const std::vector<DimensionCell>& cells, int trials) {
  auto columns = size_columns();
  for (int stage = 0; stage <= n_stages; ++stage)
    columns.push_back(count("d_" + name_of(stage),
                            "smallest d from which on 90 % of the trials are right; -1: none"));
  io::Table table("needed", count("size", "growth, protection and vocabulary"), columns);
  std::int64_t size = 0;
  for_each_size(cells, [&](std::size_t begin, std::size_t end) {
    auto row = size_of(cells[begin]);
    for (int stage = 0; stage <= n_stages; ++stage)
      row["d_" + name_of(stage)] =
          one(static_cast<double>(needed_dimension(cells, begin, end, stage, trials)));
    table.append(size++, row);
  });
  return table;
}

std::string text(const std::vector<DimensionCell>& cells, int trials) {
  std::string lines = fmt::format(
      "dimensions from which on 90 % of {} trials are right (-1: none tried)\n  {:<8} {:<9} {:>7} "
      "{:>5}",
      trials, "graphs", "protected", "|Voc|", "nodes");
  for (int stage = 0; stage <= n_stages; ++stage) lines += fmt::format(" {:>11}", name_of(stage));
  for_each_size(cells, [&](std::size_t begin, std::size_t end) {
    const auto& cell = cells[begin];
    lines += fmt::format("\n  {:<8} {:<9} {:>7} {:>5}", to_string(cell.growth),
                         to_string(cell.protection), cell.vocabulary, cell.nodes);
    for (int stage = 0; stage <= n_stages; ++stage)
      lines += fmt::format(" {:>11}", needed_dimension(cells, begin, end, stage, trials));
  });
  return lines;
}

}  // namespace superpose::theory
