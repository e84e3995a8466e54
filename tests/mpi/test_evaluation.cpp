#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "data/curriculum.hpp"
#include "data/expand.hpp"
#include "model/decode.hpp"
#include "small_training.hpp"
#include "train/evaluation.hpp"

namespace superpose::train {
namespace {

using data::Method;
using distributed::Communicator;

constexpr int n_problems = 75;  // three chunks of 32, the last one smaller

EvaluationSettings settings_of(const RunOptions& options) {
  EvaluationSettings settings;
  settings.method = options.method;
  settings.seed = options.train.seed;
  return settings;
}

Outcomes evaluated(Method method, MPI_Comm handle, const std::vector<data::Problem>& problems) {
  const auto options = small_run(method);
  auto model = small_model(options);
  return evaluate(model, problems, settings_of(options), Communicator(handle));
}

/// Equal bits, or both NaN.
bool same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

bool same(const ProblemOutcome& a, const ProblemOutcome& b) {
  return a.problem == b.problem && a.hops == b.hops && a.equal_depth == b.equal_depth &&
         a.correct == b.correct && a.preferred == b.preferred && same(a.loss, b.loss);
}

bool same(const HopOutcome& a, const HopOutcome& b) {
  return a.problem == b.problem && a.hop == b.hop && a.optimal == b.optimal &&
         a.frontier == b.frontier && same(a.loss, b.loss) &&
         same(a.uniform_guess_loss, b.uniform_guess_loss);
}

template <class Outcome>
void expect_same(const std::vector<Outcome>& a, const std::vector<Outcome>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(same(a[i], b[i])) << "outcome " << i;
}

TEST(Evaluation, IsTheSameOnEveryNumberOfRanks) {
  const auto problems = small_problems(n_problems);
  for (const auto method :
       {Method::coconut, Method::coconut_bfs_loss, Method::pause, Method::cot, Method::no_cot}) {
    const auto here = evaluated(method, MPI_COMM_SELF, problems);
    const auto everywhere = evaluated(method, MPI_COMM_WORLD, problems);
    expect_same(everywhere.problems, here.problems);
    expect_same(everywhere.hops, here.hops);
  }
}

TEST(Evaluation, HasAnOutcomeForEveryProblemAndHopInOrder) {
  const auto problems = small_problems(n_problems);
  const auto outcomes = evaluated(Method::coconut, MPI_COMM_WORLD, problems);
  ASSERT_EQ(outcomes.problems.size(), problems.size());
  auto hop = outcomes.hops.begin();
  for (int p = 0; p < n_problems; ++p) {
    EXPECT_EQ(outcomes.problems[p].problem, p);
    EXPECT_EQ(outcomes.problems[p].hops, problems[p].hops);
    EXPECT_EQ(outcomes.problems[p].equal_depth, problems[p].equal_depth() ? 1 : 0);
    for (int k = 1; k <= problems[p].hops; ++k, ++hop) {
      ASSERT_NE(hop, outcomes.hops.end());
      EXPECT_EQ(hop->problem, p);
      EXPECT_EQ(hop->hop, k);
      EXPECT_DOUBLE_EQ(hop->uniform_guess_loss,
                       std::log(static_cast<double>(problems[p].frontier[k].size())));
    }
  }
  EXPECT_EQ(hop, outcomes.hops.end());
}

bool contains(const data::NodeSet& set, int node) {
  return std::count(set.begin(), set.end(), node) > 0;
}

double minus_log_p(const std::vector<float>& logits, int token) {
  double total = 0;
  for (const double logit : logits) total += std::exp(logit - static_cast<double>(logits[token]));
  return std::log(total);
}

using Logits = std::vector<float>;

int argmax(const Logits& logits) {
  return static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

/// Logits after 0, 1, ..., H hops of thought and at `[A]`, of a problem in a batch of its own.
std::vector<Logits> logits_alone(model::Coconut<float>& model, const RunOptions& options,
                                 const data::Problem& problem, std::size_t index) {
  const data::Vocabulary vocabulary(options.model.vocab_size);
  const auto batch =
      model::pack({data::evaluation_sequence(problem, index, std::nullopt, options.method,
                                             vocabulary, options.train.seed)
                       .sequence});
  model.forward(batch, {});
  return model::target_logits(model, batch);
}

void expect_answer(const ProblemOutcome& outcome, const data::Problem& problem,
                   const Logits& logits) {
  EXPECT_EQ(outcome.correct, argmax(logits) == problem.target ? 1 : 0);
  EXPECT_EQ(outcome.preferred, logits[problem.target] > logits[problem.neg_target] ? 1 : 0);
  EXPECT_NEAR(outcome.loss, minus_log_p(logits, problem.target), 1e-4);
}

void expect_hop(const HopOutcome& outcome, const data::Problem& problem, const Logits& logits) {
  const auto& optimal = problem.optimal[outcome.hop];
  EXPECT_EQ(outcome.optimal, contains(optimal, argmax(logits)) ? 1 : 0);
  EXPECT_EQ(outcome.frontier, contains(problem.frontier[outcome.hop], argmax(logits)) ? 1 : 0);
  double mean = 0;
  for (const int v : optimal) mean += minus_log_p(logits, v) / static_cast<double>(optimal.size());
  EXPECT_NEAR(outcome.loss, mean, 1e-4);
}

TEST(Evaluation, ReadsTheAnswerAndTheHopsOffTheLogits) {
  const auto options = small_run();
  const auto problems = small_problems(n_problems);
  const auto outcomes = evaluated(Method::coconut, MPI_COMM_WORLD, problems);
  auto model = small_model(options);
  std::vector<std::vector<Logits>> logits;
  for (std::size_t p = 0; p < problems.size(); ++p)
    logits.push_back(logits_alone(model, options, problems[p], p));
  int n_preferred = 0, n_optimal = 0, n_frontier = 0;
  for (const auto& answer : outcomes.problems) {
    expect_answer(answer, problems[answer.problem], logits[answer.problem].back());
    n_preferred += answer.preferred;
  }
  for (const auto& hop : outcomes.hops) {
    expect_hop(hop, problems[hop.problem], logits[hop.problem][hop.hop - 1]);
    n_optimal += hop.optimal;
    n_frontier += hop.frontier;
  }
  EXPECT_GT(n_preferred, 0);
  EXPECT_LT(n_preferred, n_problems);
  EXPECT_GT(n_optimal, 0);
  EXPECT_GT(n_frontier, n_optimal);
}

TEST(Evaluation, MethodsWithoutThoughtsHaveNoHops) {
  const auto problems = small_problems(6);
  for (const auto method : {Method::cot, Method::no_cot}) {
    const auto outcomes = evaluated(method, MPI_COMM_WORLD, problems);
    EXPECT_EQ(outcomes.problems.size(), 6U);
    EXPECT_TRUE(outcomes.hops.empty());
  }
}

/// Answers of cot and no_cot read off a greedy continuation made one token at a time, alone.
ProblemOutcome decoded_alone(model::Coconut<float>& model, const RunOptions& options,
                             const data::Problem& problem, std::size_t index) {
  const data::Vocabulary vocabulary(options.model.vocab_size);
  auto sequence = data::evaluation_sequence(problem, index, std::nullopt, options.method,
                                            vocabulary, options.train.seed)
                      .sequence;
  ProblemOutcome outcome;
  outcome.loss = std::nan("");
  const int most = 3 + (options.method.name == Method::cot ? problem.hops : 0);
  bool marked = false;
  for (int n = 0; n < most; ++n) {
    sequence.targets = {{static_cast<std::int32_t>(sequence.tokens.size()) - 1, {}}};
    const auto batch = model::pack({sequence});
    model.forward(batch, {});
    const auto logits = model::target_logits(model, batch)[0];
    if (marked) {
      outcome.correct = argmax(logits) == problem.target;
      outcome.preferred = logits[problem.target] > logits[problem.neg_target];
      outcome.loss = minus_log_p(logits, problem.target);
      return outcome;
    }
    if (argmax(logits) == vocabulary.eos()) return outcome;
    marked = argmax(logits) == vocabulary.answer();
    sequence.tokens.push_back(argmax(logits));
  }
  return outcome;
}

/// The output matrix is the embedding: a long enough embedding of a token makes it likelier
/// everywhere, and here some continuations have an [A], some none.
void lift_answer_mark(model::Coconut<float>& model, const RunOptions& options) {
  const data::Vocabulary vocabulary(options.model.vocab_size);
  const auto host =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), model.parameters().wte);
  for (std::size_t c = 0; c < host.extent(1); ++c) host(vocabulary.answer(), c) *= 2;
  Kokkos::deep_copy(model.parameters().wte, host);
}

TEST(Evaluation, ReadsTheAnswerOfADecodedContinuationAfterItsMark) {
  const auto problems = small_problems(n_problems);
  for (const auto method : {Method::cot, Method::no_cot}) {
    const auto options = small_run(method);
    auto model = small_model(options);
    lift_answer_mark(model, options);
    const auto outcomes =
        evaluate(model, problems, settings_of(options), Communicator(MPI_COMM_WORLD));
    int n_answered = 0, n_preferred = 0;
    for (const auto& outcome : outcomes.problems) {
      const auto alone = decoded_alone(model, options, problems[outcome.problem], outcome.problem);
      EXPECT_EQ(outcome.correct, alone.correct);
      EXPECT_EQ(outcome.preferred, alone.preferred);
      EXPECT_EQ(std::isnan(outcome.loss), std::isnan(alone.loss));
      if (std::isnan(alone.loss)) continue;
      EXPECT_NEAR(outcome.loss, alone.loss, 1e-4);
      ++n_answered;
      n_preferred += outcome.preferred;
    }
    EXPECT_GT(n_answered, 0) << superpose::to_string(method);
    EXPECT_LT(n_answered, n_problems) << superpose::to_string(method);
    EXPECT_GT(n_preferred, 0) << superpose::to_string(method);
    EXPECT_LT(n_preferred, n_answered) << superpose::to_string(method);
  }
}

// Models of the first version of no_cot never learned to write [A].
TEST(Evaluation, GivesTheMarkToANoCotOfVersionOne) {
  const auto problems = small_problems(n_problems);
  const auto options = small_run(Method::no_cot);
  auto model = small_model(options);
  auto settings = settings_of(options);
  settings.sequence_version = 1;
  const data::Vocabulary vocabulary(options.model.vocab_size);
  const auto outcomes = evaluate(model, problems, settings, Communicator(MPI_COMM_WORLD));
  for (const auto& outcome : outcomes.problems) {
    const auto& problem = problems[outcome.problem];
    auto sequence = data::evaluation_sequence(problem, outcome.problem, std::nullopt,
                                              options.method, vocabulary, options.train.seed)
                        .sequence;
    sequence.tokens.push_back(vocabulary.answer());
    sequence.targets = {{static_cast<std::int32_t>(sequence.tokens.size()) - 1, {}}};
    const auto batch = model::pack({sequence});
    model.forward(batch, {});
    expect_answer(outcome, problem, model::target_logits(model, batch)[0]);
  }
}

TEST(Evaluation, NumberOfLatentsCanBeChosen) {
  const auto options = small_run();
  const auto problems = small_problems(6);
  auto model = small_model(options);
  const Communicator world(MPI_COMM_WORLD);
  auto settings = settings_of(options);
  const auto usual = evaluate(model, problems, settings, world);
  settings.n_latent = 1;
  const auto fewer = evaluate(model, problems, settings, world);
  settings.n_latent = 6;
  const auto more = evaluate(model, problems, settings, world);
  EXPECT_EQ(fewer.hops.size(), 12U);  // hops 1 and 2 of each
  EXPECT_EQ(more.hops.size(), usual.hops.size());
  EXPECT_NE(fewer.problems[0].loss, usual.problems[0].loss);
  EXPECT_NE(more.problems[0].loss, usual.problems[0].loss);
}

TEST(Evaluation, OfNoProblemsIsEmpty) {
  EXPECT_TRUE(evaluated(Method::coconut, MPI_COMM_WORLD, {}).problems.empty());
}

}  // namespace
}  // namespace superpose::train
