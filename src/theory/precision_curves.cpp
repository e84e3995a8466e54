#include "theory/precision_curves.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/enum_names.hpp"
#include "data/vocabulary.hpp"
#include "theory/columns.hpp"
#include "theory/extremes.hpp"
#include "theory/over_ranks.hpp"
#include "theory/random_graphs.hpp"
#include "theory/verify_construction.hpp"

namespace superpose::theory {
namespace {

using distributed::Communicator;

/// Pairs of an encoding and a number format.
constexpr std::size_t n_formats = all_values<Encoding>().size() * all_values<Precision>().size();

/// "leak_rope_bf16".
std::string name_of(const char* quantity, Encoding encoding, Precision precision) {
  return fmt::format("{}_{}_{}", quantity, to_string(encoding), to_string(precision));
}

/// Calls study(encoding, precision) for all of them, in the order of the tables.
template <class Study>
void for_formats(Study&& study) {
  for (const auto encoding : all_values<Encoding>())
    for (const auto precision : all_values<Precision>()) study(encoding, precision);
}

void add_up(const GraphResult& graph, GraphPrecision& sum, double& asked) {
  sum.thought_error = larger(sum.thought_error, graph.thought_error);
  for (int offset = 0; offset <= furthest_offset; ++offset) {
    asked += static_cast<double>(graph.asked[offset + furthest_offset]);
    sum.right += static_cast<double>(graph.right[offset + furthest_offset]);
  }
}

/// A size of graphs in a format.
struct GraphCase {
  int nodes;
  Encoding encoding;
  Precision precision;
};

GraphPrecision study_nodes(const GraphCase& asked, const ConstructOptions& options) {
  constexpr int graphs = 6;
  std::vector<data::Problem> problems;
  for (int i = 0; i < graphs; ++i)
    problems.push_back(random_problem(options.seed, i, asked.nodes, asked.nodes));
  const auto sizes = sizes_of(problems, 1);
  if (!has_constants(options.constants, asked.encoding))
    return {NAN, NAN, static_cast<double>(sizes.t_max)};
  const auto constants = choose_constants(asked.encoding, sizes, 0, options.constants);
  const data::Vocabulary vocabulary(data::smallest_vocab_size(asked.nodes));
  GraphPrecision sum{0, 0, static_cast<double>(sizes.t_max)};
  double count = 0;
  with_precision(asked.precision, [&](auto x) {
    Construction<decltype(x)> construction(constants, vocabulary);
    for (int i = 0; i < graphs; ++i)
      add_up(verify_construction(construction, vocabulary, problems[i], options.seed, i, 1), sum,
             count);
  });
  sum.right /= count;
  return sum;
}

/// The first length that fails, or that no constants serve; "-" if there is none.
std::string first_failure(const ChooserCurve& curve, Encoding e, Precision p, std::size_t w) {
  for (std::size_t i = 0; i < curve.positions.size(); ++i) {
    const auto& r = curve.at(i, e, p, w);
    if (std::isnan(r.leak) || r.leak > safety * r.allowed)
      return std::to_string(curve.positions[i]);
  }
  return "-";
}

}  // namespace

ChooserCurve study_choosers(const ConstructOptions& options, const Communicator& world) {
  ChooserCurve curve{options.constants, {}, {2, 4, 8, 16, 32, 64}, {}};
  for (int positions = 64; positions <= options.longest; positions *= 2)
    curve.positions.push_back(positions);
  std::vector<ChooserCase> cases;
  for (const int positions : curve.positions)
    for_formats([&](Encoding encoding, Precision precision) {
      for (const int d_pe : curve.widths)
        cases.push_back({encoding, precision, positions, d_pe, options.constants});
    });
  curve.results =
      over_ranks(world, cases.size(), [&](std::uint64_t i) { return measure_chooser(cases[i]); });
  return curve;
}

GraphCurve study_graphs(const ConstructOptions& options, const Communicator& world) {
  GraphCurve curve;
  std::vector<GraphCase> cases;
  for (int nodes = 10; nodes <= options.largest; nodes *= 2) {
    curve.nodes.push_back(nodes);
    for_formats([&](Encoding e, Precision p) { cases.push_back({nodes, e, p}); });
  }
  curve.results = over_ranks(world, cases.size(),
                             [&](std::uint64_t i) { return study_nodes(cases[i], options); });
  return curve;
}

const ChooserResult& ChooserCurve::at(std::size_t position, Encoding encoding, Precision precision,
                                      std::size_t width) const {
  const auto format = index_of(encoding) * all_values<Precision>().size() + index_of(precision);
  return results[(position * n_formats + format) * widths.size() + width];
}

io::Table chooser_table(const ChooserCurve& curve) {
  const std::vector<io::ColumnDimension> by{{"d_pe", {curve.widths.begin(), curve.widths.end()}}};
  std::vector<io::Column> columns;
  std::vector<io::Row> rows(curve.positions.size());
  const auto add = [&](const std::string& name, const char* description, Encoding encoding,
                       Precision precision, double ChooserResult::*value) {
    columns.push_back(
        {name, "1", fmt::format("{}; {}", description, label(encoding)), DType::f64, by});
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (std::size_t w = 0; w < curve.widths.size(); ++w)
        rows[i][name].push_back(curve.at(i, encoding, precision, w).*value);
  };
  using Result = ChooserResult;
  constexpr auto any = Precision::f64;  // of what depends on the encoding alone
  for (const auto e : all_values<Encoding>()) {
    const std::string encoding = std::string("_") + to_string(e);
    for (const auto p : all_values<Precision>())
      add(name_of("leak", e, p), "attention off the chosen position, largest found", e, p,
          &Result::leak);
    add("allowed" + encoding, "what the constants promise", e, any, &Result::allowed);
    add("largest_logit" + encoding, "largest logit in absolute value", e, any,
        &Result::largest_logit);
    add("delta" + encoding, "gap of the position encoding", e, any, &Result::delta);
    add("eta" + encoding, "scale of the keys", e, any, &Result::eta);
    add("xi" + encoding, "weight of the first position", e, any, &Result::xi);
  }
  io::Table table("choosers", count("positions", "positions of the sequence"), columns);
  for (std::size_t i = 0; i < rows.size(); ++i) table.append(curve.positions[i], rows[i]);
  return table;
}

io::Table graph_precision_table(const GraphCurve& curve) {
  std::vector<io::Column> columns{count("n_positions", "positions of the longest sequence")};
  std::vector<io::Row> rows(curve.nodes.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < rows.size(); ++i)
    for_formats([&](Encoding e, Precision p) {
      const auto& result = curve.results[next++];
      rows[i]["n_positions"] = one(result.n_positions);
      rows[i][name_of("thought_error", e, p)] = one(result.thought_error);
      rows[i][name_of("right", e, p)] = one(result.right);
    });
  for_formats([&](Encoding e, Precision p) {
    const std::string whose = std::string("; ") + label(e);
    columns.push_back(real(name_of("thought_error", e, p), "largest error of a thought" + whose));
    columns.push_back(real(name_of("right", e, p), "share of right answers, C >= hops" + whose));
  });
  io::Table table("formats", count("n_nodes", "nodes of the graphs"), columns);
  for (std::size_t i = 0; i < rows.size(); ++i) table.append(curve.nodes[i], rows[i]);
  return table;
}

std::string text(const ChooserCurve& curve) {
  std::string lines = fmt::format(
      "first prompt length at which the choosers fail (-: none up to {} positions)\n  {:<30}",
      curve.positions.empty() ? 0 : curve.positions.back(), "d_pe");
  for (const int width : curve.widths) lines += fmt::format("{:>10}", width);
  for_formats([&](Encoding e, Precision p) {
    if (!has_constants(curve.rule, e)) return;
    lines += fmt::format("\n  {:<30}", fmt::format("{} {}", label(e), to_string(p)));
    for (std::size_t w = 0; w < curve.widths.size(); ++w)
      lines += fmt::format("{:>10}", first_failure(curve, e, p, w));
  });
  return lines;
}

std::string text(const GraphCurve& curve) {
  std::string lines =
      fmt::format("graphs of up to {} nodes: answers right, thoughts off by at most",
                  curve.nodes.empty() ? 0 : curve.nodes.back());
  std::size_t format = 0;
  for_formats([&](Encoding e, Precision p) {
    double right = 1, error = 0;
    for (std::size_t i = format++; i < curve.results.size(); i += n_formats) {
      right = smaller(right, curve.results[i].right);
      error = larger(error, curve.results[i].thought_error);
    }
    if (std::isnan(right)) return;  // no constants by this rule
    lines += fmt::format("\n  {:<30}{:>8.2f} %{:>10.1e}",
                         fmt::format("{} {}", label(e), to_string(p)), 100 * right, error);
  });
  return lines;
}

}  // namespace superpose::theory
