#include "analysis/report.hpp"

#include <fmt/format.h>

namespace superpose::analysis {
namespace {

std::string number(const Moments& moments) {
  return moments.count() == 0
             ? fmt::format("{:>16}", "-")
             : fmt::format("{:>7.2f} ± {:<6.2f}", moments.mean(), moments.deviation());
}

std::string heading(const std::string& title, int n_thoughts) {
  std::string text = fmt::format("  {:<34}", title);
  for (int k = 1; k <= n_thoughts; ++k) text += fmt::format("{:>16}", fmt::format("thought {}", k));
  return text + "\n";
}

const char* words_of(FrontierRule rule) {
  return rule == FrontierRule::walk ? "walk frontier" : "frontier";
}

/// A row of numbers by thought.
template <class Value>
std::string row(const std::string& name, int n_thoughts, const Value& value) {
  std::string text = fmt::format("    {:<32}", name);
  for (int k = 0; k < n_thoughts; ++k) text += number(value(k));
  return text + "\n";
}

/// Attention of a layer, summed over heads: a row for each group of edges.
std::string rows_by_group(const std::vector<HeadStatistic>& statistics, int n_thoughts, int layer) {
  std::string text;
  for (const Group group : all_values<Group>())
    text += row(to_string(group), n_thoughts, [&](int k) {
      return statistics[index_of(group)].summed.at({layer, k});
    });
  return text;
}

/// Of the last layer, by c.
std::string growth_rows(const GroupedStatistics& s, EdgeOrder order) {
  const auto& axes = s.edge_logits[0].growth[index_of(order)].difference.axes();
  const int n_layer = axes[0].extent, n_growth = axes[1].extent;
  const bool shuffled = order == EdgeOrder::shuffled;
  std::string text = heading(
      shuffled ? "the same, edges shuffled" : fmt::format("growth, layer {} (EoS 5.1)", n_layer),
      n_growth);
  for (const auto& logits : s.edge_logits)
    text += row(fmt::format("logit, {} - others", words_of(logits.rule)), n_growth, [&](int c) {
      return logits.growth[index_of(order)].difference.at({n_layer - 1, c});
    });
  return text;
}

}  // namespace

std::string table(const GroupedStatistics& s) {
  const auto& axes = s.edge_logits[0].difference.axes();
  const int n_layer = axes[0].extent, n_thoughts = axes[1].extent, last = n_layer - 1;
  std::string text = fmt::format(
      "  answers {:.2f} % (candidates {:.2f} %) of {}\n", 100 * s.accuracy.at({}).mean(),
      100 * s.candidate_accuracy.at({}).mean(), s.accuracy.at({}).count());
  text += "  attention of | to its own edge (RbS Fig. 5) and to any one edge, summed over heads\n";
  for (int layer = 0; layer < n_layer; ++layer)
    text += fmt::format("    layer {:<26}source {}  target {}  any edge {}\n", layer + 1,
                        number(s.copying_source.summed.at({layer})),
                        number(s.copying_target.summed.at({layer})),
                        number(s.copying_any_edge.summed.at({layer})));
  text += heading(fmt::format("attention to edges, layer {}", n_layer), n_thoughts);
  text += rows_by_group(s.edge_attention, n_thoughts, last);
  for (const auto& logits : s.edge_logits)
    text += row(fmt::format("logit, {} - others", words_of(logits.rule)), n_thoughts, [&](int k) {
      return logits.difference.at({last, k});
    });
  if (last > 0) {
    text += heading(fmt::format("through the edges | copied, layer {}", last), n_thoughts);
    text += rows_by_group(s.edge_attention_routed, n_thoughts, last);
  }
  text += heading("thought . embedding of node", n_thoughts);
  for (const Group group : all_values<Group>())
    text += row(to_string(group), n_thoughts,
                [&](int k) { return s.inner_product[index_of(group)].at({k}); });
  for (const EdgeOrder order : all_values<EdgeOrder>()) text += growth_rows(s, order);
  return text;
}

std::string line(const GroupedStatistics& s) {
  const auto& difference = s.edge_logits[index_of(FrontierRule::walk)].difference;
  const auto& axes = difference.axes();
  std::string text =
      fmt::format("answers {:.2f} %  copying, layer 1 {:.2f}  logit, walk frontier - others",
                  100 * s.accuracy.at({}).mean(), s.copying.summed.at({0}).mean());
  for (int k = 0; k < axes[1].extent; ++k)
    text += fmt::format(" {:.2f}", difference.at({axes[0].extent - 1, k}).mean());
  return text;
}

}  // namespace superpose::analysis
