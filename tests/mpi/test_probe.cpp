#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "analysis/intervention.hpp"
#include "analysis/probe.hpp"
#include "small_training.hpp"
#include "tests/constructed_models.hpp"

namespace superpose::analysis {
namespace {

using distributed::Communicator;

constexpr int n_problems = 75;  // three chunks of 32, the last one smaller

ProbeSettings settings_of(const train::RunOptions& options) {
  return {options.method, options.train.seed};
}

TEST(Probe, HasTheSameBitsOnEveryNumberOfRanks) {
  const auto problems = train::small_problems(n_problems);
  const auto options = train::small_run();
  auto model = train::small_model(options);
  const auto here = probe(model, problems, settings_of(options), Communicator(MPI_COMM_SELF));
  const auto everywhere =
      probe(model, problems, settings_of(options), Communicator(MPI_COMM_WORLD));
  EXPECT_EQ(here.accuracy.at({}).count(), n_problems);
  const auto a = here.moments(), b = everywhere.moments();
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(Moments)), 0);
}

TEST(Probe, TellsEveryRankOfEveryRound) {
  const Communicator world(MPI_COMM_WORLD);
  const auto problems = train::small_problems(n_problems);
  const auto options = train::small_run();
  auto model = train::small_model(options);
  int rounds = 0, probed = 0;
  probe(model, problems, settings_of(options), world, [&](const ProbedBatch* batch) {
    ++rounds;
    if (batch) probed += static_cast<int>(batch->problems().size());
  });
  int all_probed = 0;
  for (const int of_rank : world.allgather(probed)) all_probed += of_rank;
  EXPECT_EQ(all_probed, n_problems);
  EXPECT_EQ(rounds, (3 + world.size() - 1) / world.size());
}

TEST(Probe, GrowthIsMeasuredInTheOrderOfTheFileAndAsTheEdgesWereDrawn) {
  // From the root, head 0 sees the second edge's bar.
  auto model = copying_model([](int head) { return head == 0 ? 13 : 100; });
  const auto problem = long_tail();
  const auto expected = [&](const std::vector<std::array<int, 2>>& edges) {
    const auto of_root = [](const auto& edge) { return edge[0] == 0; };
    const auto frontier = std::count_if(edges.begin(), edges.end() - 1, of_root);
    return of_root(edges[1]) ? 50.0 / frontier : -50.0 / (4 - frontier);
  };
  int different = 0;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    ProbeSettings settings;
    settings.seed = seed;
    const auto drawn =
        probe_sequence(problem, 0, settings.method, data::Vocabulary(V), seed).positions.edges;
    const auto s = probe(model, {problem}, settings, Communicator(MPI_COMM_WORLD));
    const auto growth = [&](EdgeOrder order) {
      return s.edge_logits[0].growth[index_of(order)].difference.at({0, 0}).mean();
    };
    EXPECT_NEAR(growth(EdgeOrder::file), expected(problem.graph.edges), 1e-3);
    EXPECT_NEAR(growth(EdgeOrder::shuffled), expected(drawn), 1e-3) << "seed " << seed;
    different += drawn[1][0] != 0;
  }
  EXPECT_GT(different, 0) << "no draw put another edge there than the file";
}

TEST(Intervention, HasTheSameOutcomesOnEveryNumberOfRanks) {
  const auto problems = train::small_problems(n_problems);
  const auto options = train::small_run();
  auto model = train::small_model(options);
  const std::vector<Intervention> interventions{
      {InterventionKind::rescale, Group::reachable, 0, 0},
      {InterventionKind::swap, Group::frontier, 1, 1},
      {InterventionKind::nearest_token, Group::frontier, 3, 0.5},
      {InterventionKind::keep_strongest, Group::frontier, 0, 1},
      {InterventionKind::frontier_span, Group::frontier, 2, 1}};
  const auto outcomes = [&](MPI_Comm handle) {
    return intervene(model, problems, settings_of(options), interventions, Communicator(handle));
  };
  const auto here = outcomes(MPI_COMM_SELF), everywhere = outcomes(MPI_COMM_WORLD);
  for (std::size_t i = 0; i < interventions.size(); ++i)
    EXPECT_EQ(std::memcmp(&here[i], &everywhere[i], sizeof(InterventionOutcome)), 0)
        << "intervention " << i;
  EXPECT_EQ(here[0].problems, n_problems);
  EXPECT_LT(here[2].problems, n_problems) << "problems of two hops have no third thought";
}

}  // namespace
}  // namespace superpose::analysis
