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

}  // namespace

std::string table(const GroupedStatistics& s) {
  const auto& axes = s.edge_logits[0].difference.axes();
  const int n_layer = axes[0].extent, n_thoughts = axes[1].extent, last = n_layer - 1;
  std::string text = fmt::format(
      "  answers {:.2f} % (candidates {:.2f} %) of {}\n", 100 * s.accuracy.at({}).mean(),
      100 * s.candidate_accuracy.at({}).mean(), s.accuracy.at({}).count());
  text += "  attention of | to its own edge, summed over heads (RbS Fig. 5)\n";
  for (int layer = 0; layer < n_layer; ++layer)
    text += fmt::format("    layer {:<26}source {}  target {}\n", layer + 1,
                        number(s.copying_source.summed.at({layer})),
                        number(s.copying_target.summed.at({layer})));
  text += heading(fmt::format("attention to edges, layer {}", n_layer), n_thoughts);
  for (const Group group : all_values<Group>())
    text += row(to_string(group), n_thoughts, [&](int k) {
      return s.edge_attention[index_of(group)].summed.at({last, k});
    });
  for (const auto& logits : s.edge_logits)
    text += row(fmt::format("logit, {} - others", words_of(logits.rule)), n_thoughts, [&](int k) {
      return logits.difference.at({last, k});
    });
  text += heading("thought . embedding of node", n_thoughts);
  for (const Group group : all_values<Group>())
    text += row(to_string(group), n_thoughts,
                [&](int k) { return s.inner_product[index_of(group)].at({k}); });
  const int n_growth = s.edge_logits[0].growth_difference.axes()[1].extent;
  text += heading(fmt::format("growth, layer {} (EoS 5.1)", n_layer), n_growth);
  for (const auto& logits : s.edge_logits)
    text += row(fmt::format("logit, {} - others", words_of(logits.rule)), n_growth, [&](int c) {
      return logits.growth_difference.at({last, c});
    });
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
