/// Interventions on a model that answers by what its thought holds, and by nothing else.

#include <gtest/gtest.h>

#include "analysis/intervention.hpp"
#include "tests/constructed_models.hpp"
#include "tests/error_of.hpp"

namespace superpose::analysis {
namespace {

distributed::Communicator self() {
  return distributed::Communicator(MPI_COMM_SELF);
}

/// [A] copies the thought, one position back, by a map that takes each root to its target: 0 -> 1
/// and 2 -> 3. The thought is the embedding of the root, because `[R]` before it maps to nothing.
model::Coconut<float> answering_model() {
  auto model = copying_model([](int) { return 1; });
  auto& p = model.parameters();
  auto& block = p.h[0];
  const auto c_attn = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), block.c_attn_weight);
  for (const int root : {0, 2}) c_attn(root, 2 * C + root) = 1;
  Kokkos::deep_copy(block.c_attn_weight, c_attn);
  fill(block.attn_proj_weight,
       [](int from, int to) { return (from == 0 || from == 2) && to == from + 1 ? 20.0 : 0.0; });
  return model;
}

struct Shares {
  double before, after;
};

Shares right(const Intervention& intervention) {
  auto model = answering_model();
  const auto outcome =
      intervene(model, {two_edges(0), two_edges(2)}, ProbeSettings{}, {intervention}, self())[0];
  EXPECT_EQ(outcome.problems, 2);
  return {static_cast<double>(outcome.right_before) / 2,
          static_cast<double>(outcome.right_after) / 2};
}

Intervention rescale(Group group, double strength, int thought = 1) {
  return {InterventionKind::rescale, group, thought, strength};
}

TEST(Intervention, RemovingWhatTheThoughtHoldsTakesTheAnswerAway) {
  for (const int thought : {0, 1}) {
    EXPECT_EQ(right(rescale(Group::reachable, 0, thought)).before, 1);
    EXPECT_EQ(right(rescale(Group::reachable, 0, thought)).after, 0);
  }
}

TEST(Intervention, RemovingWhatItDoesNotHoldChangesNothing) {
  EXPECT_EQ(right(rescale(Group::frontier, 0)).after, 1);  // the target: not in the thought
  EXPECT_EQ(right(rescale(Group::not_reachable, 0)).after, 1);
}

TEST(Intervention, StrengthOneOfRescaleAndZeroOfOthersChangeNothing) {
  EXPECT_EQ(right(rescale(Group::reachable, 1)).after, 1);
  for (const auto kind : {InterventionKind::swap, InterventionKind::nearest_token,
                          InterventionKind::keep_strongest, InterventionKind::frontier_span})
    EXPECT_EQ(right({kind, Group::frontier, 1, 0}).after, 1) << to_string(kind);
}

TEST(Intervention, TurningTheComponentAroundIsNotRemovingIt) {
  EXPECT_EQ(right(rescale(Group::reachable, 2)).after, 1);
  EXPECT_EQ(right(rescale(Group::reachable, -1)).after, 0);
}

TEST(Intervention, ASwappedThoughtAnswersTheOtherProblem) {
  auto model = answering_model();
  const auto outcome = intervene(model, {two_edges(0), two_edges(2)}, ProbeSettings{},
                                 {{InterventionKind::swap, Group::frontier, 1, 1}}, self())[0];
  EXPECT_EQ(outcome.right_after, 0);
  EXPECT_EQ(outcome.preferred_before, 2);
  EXPECT_EQ(outcome.preferred_after, 0) << "the other problem's target is the other candidate";
}

/// 0 -> 1 -> 2 and 3 -> 4 -> 5.
data::Problem two_chains(int root) {
  data::Problem problem;
  problem.graph = {6, {{0, 1}, {1, 2}, {3, 4}, {4, 5}}};
  problem.root = root;
  problem.target = root + 2;
  problem.neg_target = 7 - problem.target;
  data::derive(problem);
  return problem;
}

/// A latent token embeds the thought before it, and its position copies nothing: every thought is
/// the first one. `[A]` answers by the thought before it: 0 -> 2 and 3 -> 5.
TEST(Intervention, SwapGivesTheThoughtsOfTheUndisturbedPartner) {
  auto model = copying_model([](int) { return 1; });
  auto& block = model.parameters().h[0];
  const auto c_attn = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), block.c_attn_weight);
  for (const int root : {0, 3}) c_attn(root, 2 * C + root) = 1;
  Kokkos::deep_copy(block.c_attn_weight, c_attn);
  fill(block.attn_proj_weight,
       [](int from, int to) { return (from == 0 || from == 3) && to == from + 2 ? 20.0 : 0.0; });
  const std::vector<data::Problem> problems{two_chains(0), two_chains(3)};
  const auto outcomes = intervene(model, problems, ProbeSettings{},
                                  {{InterventionKind::swap, Group::frontier, 0, 0},
                                   {InterventionKind::swap, Group::frontier, 0, 1}},
                                  self());
  EXPECT_EQ(outcomes[0].preferred_after, outcomes[0].preferred_before);
  // With the other's thoughts, untouched by its own swap, each answers the other's question.
  EXPECT_EQ(outcomes[1].preferred_before, 2);
  EXPECT_EQ(outcomes[1].preferred_after, 0);
}

TEST(Intervention, AProblemWithoutPartnerIsNotCounted) {
  auto model = answering_model();
  const auto outcome = intervene(model, {two_edges(0)}, ProbeSettings{},
                                 {{InterventionKind::swap, Group::frontier, 1, 1}}, self())[0];
  EXPECT_EQ(outcome.problems, 0);
}

TEST(Intervention, TheNearestTokenOfAPureThoughtIsItself) {
  EXPECT_EQ(right({InterventionKind::nearest_token, Group::frontier, 1, 1}).after, 1);
}

TEST(Intervention, APureThoughtIsItsStrongestNodeAndNotItsFrontier) {
  EXPECT_EQ(right({InterventionKind::keep_strongest, Group::frontier, 1, 1}).after, 1);
  EXPECT_EQ(right({InterventionKind::frontier_span, Group::frontier, 1, 1}).after, 0)
      << "the thought holds the root, which is no node of its frontier";
}

/// The model answers by the root in its thought, beside which the target's weight is put, and the
/// other candidate's, a little more: without the root that one is preferred.
TEST(Intervention, OfASuperpositionTheStrongestNodeIsKept) {
  for (const double weight : {0.2, 3.0}) {
    auto model = answering_model();
    fill(model.parameters().ln_f_bias, [&](int c) {
      return (c < V ? row_mean() : 0.0) + (c == 1 ? weight : c == 3 ? weight + 0.1 : 0);
    });
    const Intervention keep{InterventionKind::keep_strongest, Group::frontier, 1, 1};
    const auto outcome = intervene(model, {two_edges(0)}, ProbeSettings{}, {keep}, self())[0];
    EXPECT_EQ(outcome.preferred_before, 1);
    EXPECT_EQ(outcome.preferred_after, weight < 1 ? 1 : 0) << "the root weighs 1";
  }
}

TEST(Intervention, AThoughtThatNoProblemHasReachesNone) {
  auto model = answering_model();
  const auto outcome = intervene(model, {two_edges(0), two_edges(2)}, ProbeSettings{},
                                 {rescale(Group::reachable, 0, 2)}, self())[0];
  EXPECT_EQ(outcome.problems, 0);
}

TEST(Intervention, LatentsThatAreNotFedBackAreRefused) {
  auto model = answering_model();
  ProbeSettings settings;
  settings.method.name = data::Method::pause;
  const auto [code, message] =
      tests::error_of([&] { intervene(model, {two_edges(0)}, settings, {}, self()); });
  EXPECT_EQ(code, ExitCode::usage);
  EXPECT_NE(message.find("not fed back"), std::string::npos) << message;
}

}  // namespace
}  // namespace superpose::analysis
