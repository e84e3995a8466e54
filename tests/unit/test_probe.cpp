/// Probes of models whose attention and thoughts are known by construction.

#include <gtest/gtest.h>

#include "analysis/grouped_statistics.hpp"
#include "analysis/probe.hpp"
#include "tests/constructed_models.hpp"
#include "tests/error_of.hpp"

namespace superpose::analysis {
namespace {

const data::MethodOptions coconut;

GroupedStatistics measured(model::Network<float>& model, const std::vector<data::Problem>& problems,
                           const data::MethodOptions& method = coconut) {
  const ProbeSettings settings{method};
  std::vector<Sequence> sequences;
  auto probed = probed_problems(problems, {0, static_cast<int>(problems.size())},
                                data::Vocabulary(V), settings, sequences);
  GroupedStatistics statistics({1, NH, most_hops(problems)});
  statistics.add(ProbedBatch(model, std::move(probed), sequences));
  return statistics;
}

void expect_exactly(const Moments& moments, double value, int count) {
  EXPECT_EQ(moments.count(), count);
  EXPECT_NEAR(moments.mean(), value, 1e-6);
  EXPECT_NEAR(moments.deviation(), 0, 1e-6);
}

TEST(Probe, HeadsThatCopyAreSeenToCopy) {
  auto model = copying_model([](int head) { return head + 1; });  // target, source
  const auto s = measured(model, {two_edges(0), two_edges(2)});
  const int bars = 2;  // of four edges: the last one of a prompt has none
  expect_exactly(s.copying_target.by_head.at({0, 0}), 1, bars);
  expect_exactly(s.copying_target.by_head.at({0, 1}), 0, bars);
  expect_exactly(s.copying_source.by_head.at({0, 0}), 0, bars);
  expect_exactly(s.copying_source.by_head.at({0, 1}), 1, bars);
  expect_exactly(s.copying.summed.at({0}), 2, bars);
}

TEST(Probe, TheLastEdgeCountsWhereItHasABar) {
  auto model = copying_model([](int head) { return head + 1; });
  auto method = coconut;
  method.last_edge_bar = true;
  const auto s = measured(model, {two_edges(0), two_edges(2)}, method);
  expect_exactly(s.copying.summed.at({0}), 2, 4);
}

TEST(Probe, TheAnswerLooksWhereItWasBuiltToLook) {
  auto model = copying_model([](int head) { return head + 1; });
  const auto s = measured(model, {two_edges(0), two_edges(2)});
  const auto weight = [&](AnswerKey key, int head) {
    return s.answer_attention[static_cast<int>(key)].by_head.at({0, head});
  };
  // `... [R] root <|latent|> [A]`: one position back is the thought, two the root.
  expect_exactly(weight(AnswerKey::last_thought, 0), 1, 2);
  expect_exactly(weight(AnswerKey::root, 1), 1, 2);
  expect_exactly(weight(AnswerKey::root_mark, 0), 0, 2);
  expect_exactly(weight(AnswerKey::target, 1), 0, 2);
  expect_exactly(weight(AnswerKey::other, 1), 0, 2);
  EXPECT_NEAR(s.answer_logit[static_cast<int>(AnswerKey::root)].by_head.at({0, 1}).mean(), 50,
              1e-3);
}

/// 0 -> 1, 0 -> 2 -> 3; 4 -> 5. V_1 = {0, 1, 2}.
data::Problem fork() {
  data::Problem problem;
  problem.graph = {6, {{0, 1}, {0, 2}, {2, 3}, {4, 5}}};
  problem.root = 0;
  problem.target = 3;
  problem.neg_target = 5;
  data::derive(problem);
  return problem;
}

// Four edges, bars at 3, 6 and 9. From the first no edge is so far back that the heads look at: the
// weights there are 1/4 each.
TEST(Probe, HeadsThatCopyAnotherEdgeAreSeenToCopyOne) {
  auto model = copying_model([](int head) { return head + 4; });  // target, source of the last one
  const auto s = measured(model, {fork()});
  EXPECT_NEAR(s.copying.summed.at({0}).mean(), (1 + 0 + 0) / 3.0, 1e-6);
  EXPECT_NEAR(s.copying_any_edge.summed.at({0}).mean(), (1 + 2 + 2) / 3.0, 1e-6);
  EXPECT_NEAR(s.copying_any_edge.by_head.at({0, 0}).mean(), (0.5 + 1 + 1) / 3, 1e-6);
  EXPECT_EQ(s.copying_any_edge.summed.at({0}).count(), 3);
}

TEST(Probe, HeadsThatCopyDifferentEdgesCopyNoneTogether) {
  auto model = copying_model([](int head) { return head == 0 ? 1 : 4; });  // targets of two edges
  const auto s = measured(model, {fork()});
  EXPECT_NEAR(s.copying_any_edge.summed.at({0}).mean(), (1.5 + 1 + 1) / 3, 1e-6);
  EXPECT_NEAR(s.copying_any_edge.by_head.at({0, 0}).mean(), 1, 1e-6);
  EXPECT_NEAR(s.copying_any_edge.by_head.at({0, 1}).mean(), (0.5 + 1 + 1) / 3, 1e-6);
}

TEST(Probe, NothingIsRoutedInTheFirstLayer) {
  auto model = copying_model([](int head) { return head + 1; });
  const auto s = measured(model, {fork()});
  for (const Group group : all_values<Group>())
    EXPECT_EQ(s.edge_attention_routed[index_of(group)].summed.at({0, 0}).count(), 0);
}

TEST(Probe, AnExactSuperpositionIsSeenAsOne) {
  auto model = copying_model([](int head) { return head + 1; });
  auto& p = model.parameters();
  const double weight = 1 / std::sqrt(3.0);  // the thought: (e_0 + e_1 + e_2) / sqrt(3)
  fill(p.ln_f_weight, [](int) { return 0.0; });
  fill(p.ln_f_bias, [&](int c) { return c < 3 ? weight : 0.0; });
  const auto s = measured(model, {fork()});
  const auto product = [&](Group group) {
    return s.inner_product[static_cast<int>(group)].at({0});
  };
  expect_exactly(product(Group::reachable), weight, 3);
  expect_exactly(product(Group::frontier), weight, 2);
  expect_exactly(product(Group::optimal), weight, 1);
  expect_exactly(product(Group::not_reachable), 0, 3);
}

TEST(Probe, EdgeAttentionAndIndexMatchingAreThoseOfTheirEdges) {
  // One head looks 6 positions back, the other 9. The prompt of fork() has 4 edges, 12 tokens with
  // <eos>; the root stands at position 16, so they see positions 10 and 7: the 4th and 3rd edge.
  auto model = copying_model([](int head) { return 6 + 3 * head; });
  const auto s = measured(model, {fork()});
  ProbeSequence probe = probe_sequence(fork(), 0, coconut, data::Vocabulary(V), 0);
  ASSERT_EQ(probe.positions.root, 16);
  const SearchState search(fork());
  // The 4th edge has no bar and does not count; the 3rd one's source is seen with weight 1.
  for (const Group group : all_values<Group>()) {
    const auto& moments = s.edge_attention[static_cast<int>(group)].summed.at({0, 0});
    int members = 0;
    for (int e = 0; e < 3; ++e) members += search.edge_in(group, 1, probe.positions.edges[e]);
    const bool seen = search.edge_in(group, 1, probe.positions.edges[2]);
    ASSERT_EQ(moments.count(), members);
    EXPECT_NEAR(members > 0 ? moments.mean() * members : 0, seen ? 1 : 0, 1e-6);
  }
  // No head looks at a bar: every logit there is 0, and so is the difference.
  EXPECT_NEAR(s.edge_logits[0].difference.at({0, 0}).mean(), 0, 1e-4);
}

TEST(Probe, IndexMatchingIsTheLogitOfFrontierBarsMinusOthers) {
  // Head 0 looks from the root, position 16, at the third bar, position 9.
  auto model = copying_model([](int head) { return head == 0 ? 7 : 100; });
  const auto s = measured(model, {fork()});
  const auto probe = probe_sequence(fork(), 0, coconut, data::Vocabulary(V), 0);
  const SearchState search(fork());
  int frontier = 0;
  for (int e = 0; e < 3; ++e)
    frontier += search.edge_in(Group::frontier, 1, probe.positions.edges[e]);
  const bool seen = search.edge_in(Group::frontier, 1, probe.positions.edges[2]);
  const int others = 3 - frontier;
  const auto difference = s.edge_logits[0].difference.at({0, 0});
  ASSERT_EQ(difference.count(), frontier > 0 && others > 0 ? 1 : 0);
  ASSERT_GT(difference.count(), 0) << "the draw of the edges left nothing to compare";
  EXPECT_NEAR(difference.mean(), seen ? 50.0 / frontier : -50.0 / others, 1e-3);
}

/// Growth of one problem at every c, edges in the order of the file.
Growth growth_of(model::Network<float>& model, const data::Problem& problem) {
  const auto sequence =
      growth_sequence(problem, 0, 4, coconut, data::Vocabulary(V), model.options().n_positions);
  GroupedStatistics s({1, NH, problem.hops});
  s.add_growth(ProbedBatch(model, {{0, &problem, sequence.positions, SearchState(problem, 4)}},
                           {sequence.sequence}),
               EdgeOrder::file);
  return s.edge_logits[0].growth[index_of(EdgeOrder::file)];
}

// Five edges take 15 tokens with <eos>, bars at 3, 6, 9 and 12; then [Q] c1 c2 [R] root at 19.
TEST(Probe, GrowthIsMeasuredOnTheFileAsItStandsAndBeyondTheHops) {
  const auto problem = long_tail();
  ASSERT_EQ(problem.hops, 1);
  const auto sequence = growth_sequence(problem, 0, 4, coconut, data::Vocabulary(V), 1024);
  EXPECT_EQ(sequence.positions.edges, problem.graph.edges);
  EXPECT_EQ(sequence.positions.thoughts, (std::vector<int>{19, 20, 21, 22}));
  EXPECT_EQ(sequence.positions.target_candidate, 16);
  EXPECT_EQ(sequence.sequence.n_latent, 3);
  EXPECT_EQ(sequence.sequence.tokens.size(), 23U) << "no [A]";

  // Head 0 looks 9 back: from thought 3, at 21, at the | of 3 -> 4, which leaves its frontier {3}.
  auto model = copying_model([](int head) { return head == 0 ? 9 : 100; });
  const auto growth = growth_of(model, problem);
  EXPECT_NEAR(growth.difference.at({0, 2}).mean(), 50, 1e-3);
  EXPECT_NEAR(growth.frontier.at({0, 2}).mean(), 50, 1e-3);
  EXPECT_NEAR(growth.other.at({0, 2}).mean(), 0, 1e-3);
  EXPECT_NEAR(growth.difference.at({0, 0}).mean(), 0, 1e-3) << "19 - 9 is no bar";
  EXPECT_EQ(growth.difference.at({0, 2}).count(), 1);
  EXPECT_EQ(growth.difference.at({0, 3}).count(), 0) << "no edge leaves node 4";

  // 13 back: from thought 1, at 19, at the | of 0 -> 2, one of two in its frontier.
  auto other = copying_model([](int head) { return head == 0 ? 13 : 100; });
  EXPECT_NEAR(growth_of(other, problem).difference.at({0, 0}).mean(), 25, 1e-3);
}

TEST(Probe, GrowthGoesAsFarAsPositionsReach) {
  const auto sequence = growth_sequence(long_tail(), 0, 4, coconut, data::Vocabulary(V), 21);
  EXPECT_EQ(sequence.sequence.tokens.size(), 21U);
  EXPECT_EQ(sequence.positions.thoughts, (std::vector<int>{19, 20}));
}

TEST(Probe, AMethodWithoutThoughtsIsRefused) {
  auto method = coconut;
  method.name = data::Method::no_cot;
  const auto [code, message] =
      tests::error_of([&] { probe_sequence(two_edges(0), 0, method, data::Vocabulary(V), 0); });
  EXPECT_EQ(code, ExitCode::usage);
  EXPECT_NE(message.find("no thoughts"), std::string::npos) << message;
}

TEST(Statistic, MomentsAreNumpys) {
  Moments moments;
  for (const double x : {1.0, 2.0, 4.0}) moments.add(x);
  EXPECT_DOUBLE_EQ(moments.mean(), 7.0 / 3);
  EXPECT_DOUBLE_EQ(moments.deviation(), std::sqrt(14.0 / 9));
  EXPECT_DOUBLE_EQ(moments.sample_deviation(), std::sqrt(14.0 / 6));
  EXPECT_DOUBLE_EQ(moments.standard_error(), std::sqrt(14.0 / 18));
  EXPECT_TRUE(std::isnan(Moments().mean()));
  EXPECT_TRUE(std::isnan(Moments().deviation()));
}

}  // namespace
}  // namespace superpose::analysis
