#include "train/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/progress_bar.hpp"
#include "data/curriculum.hpp"
#include "data/expand.hpp"
#include "data/vocabulary.hpp"
#include "model/decode.hpp"

namespace superpose::train {
namespace {

using data::Method;
using data::Problem;

/// Problems a forward pass. Fixed, because the size of a matrix product can change its bits.
constexpr std::size_t chunk_size = 32;

using Logits = std::vector<float>;

int argmax(const Logits& logits) {
  return static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

std::vector<double> log_softmax(const Logits& logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - top);
  std::vector<double> log_p;
  for (const double logit : logits) log_p.push_back(logit - top - std::log(sum));
  return log_p;
}

bool contains(const data::NodeSet& set, int node) {
  return std::find(set.begin(), set.end(), node) != set.end();
}

ProblemOutcome outcome_of(const Problem& problem, std::uint32_t index) {
  ProblemOutcome outcome;
  outcome.problem = static_cast<std::int32_t>(index);
  outcome.hops = problem.hops;
  outcome.equal_depth = problem.equal_depth();
  outcome.loss = std::numeric_limits<double>::quiet_NaN();
  return outcome;
}

/// Whether the model was trained with an `[A]` that it was given, although it has no thoughts.
bool answer_is_given(const EvaluationSettings& settings) {
  return settings.method.name == Method::no_cot && settings.sequence_version < 2;
}

Sequence sequence_of(const Problem& problem, std::uint32_t index,
                     const EvaluationSettings& settings, const data::Vocabulary& vocabulary) {
  auto sequence = data::evaluation_sequence(problem, index, settings.n_latent, settings.method,
                                            vocabulary, settings.seed)
                      .sequence;
  if (answer_is_given(settings)) {
    sequence.tokens.push_back(vocabulary.answer());
    ++sequence.targets.back().position;
  }
  return sequence;
}

ProblemOutcome answer_outcome(const Problem& problem, std::uint32_t index, const Logits& logits) {
  auto outcome = outcome_of(problem, index);
  outcome.correct = argmax(logits) == problem.target;
  outcome.preferred = logits[problem.target] > logits[problem.neg_target];
  outcome.loss = -log_softmax(logits)[problem.target];
  return outcome;
}

HopOutcome hop_outcome(const Problem& problem, std::uint32_t index, int k, const Logits& logits,
                       const data::MethodOptions& method) {
  HopOutcome outcome;
  const int best = argmax(logits);
  outcome.problem = static_cast<std::int32_t>(index);
  outcome.hop = k;
  outcome.optimal = contains(problem.optimal[k], best);
  outcome.frontier = contains(problem.frontier[k], best);
  outcome.loss = next_node_loss(log_softmax(logits), problem, k, method);
  outcome.uniform_guess_loss =
      method.name == Method::coconut_bfs_loss ? 0 : data::uniform_guess_loss(problem, k);
  return outcome;
}

/// One chunk through the model: methods whose answer is read off the logits.
void evaluate_logits(model::Network<float>& model, const std::vector<Problem>& problems,
                     const std::vector<std::uint32_t>& chunk, const EvaluationSettings& settings,
                     const data::Vocabulary& vocabulary, Outcomes& outcomes) {
  std::vector<Sequence> sequences;
  for (const auto index : chunk)
    sequences.push_back(sequence_of(problems[index], index, settings, vocabulary));
  const auto batch = model::pack(sequences);
  model.forward(batch, model::Pass{});
  const auto logits = model::target_logits(model, batch);
  for (std::size_t t = 0; t < batch.targets.size(); ++t) {
    const auto [sequence, target, output] = batch.targets[t];
    const auto& problem = problems[chunk[sequence]];
    const bool is_answer = target + 1 == static_cast<int>(sequences[sequence].targets.size());
    if (is_answer) {
      outcomes.problems.push_back(answer_outcome(problem, chunk[sequence], logits[t]));
    } else if (target < problem.hops) {
      outcomes.hops.push_back(
          hop_outcome(problem, chunk[sequence], target + 1, logits[t], settings.method));
    }
  }
}

/// The logits after the first `[A]` of a continuation; null if it has none, or nothing after it.
const Logits* answer_logits(const model::Continuation<float>& continuation, std::int32_t mark) {
  const auto& tokens = continuation.tokens;
  const auto place =
      static_cast<std::size_t>(std::find(tokens.begin(), tokens.end(), mark) - tokens.begin());
  return place < tokens.size() && place + 1 < continuation.logits.size()
             ? &continuation.logits[place + 1]
             : nullptr;
}

/// One chunk of cot or no_cot: the continuation is decoded, the answer is the token after `[A]`.
void evaluate_decoded(model::Network<float>& model, const std::vector<Problem>& problems,
                      const std::vector<std::uint32_t>& chunk, const EvaluationSettings& settings,
                      const data::Vocabulary& vocabulary, Outcomes& outcomes) {
  std::vector<Sequence> prompts;
  int longest = 0;
  for (const auto index : chunk) {
    prompts.push_back(sequence_of(problems[index], index, settings, vocabulary));
    const int path = settings.method.name == Method::cot ? problems[index].hops : 0;
    longest = std::max(longest, path + 3);  // path, [A], target, <eos>
  }
  const auto continuations = model::decode_greedily(model, prompts, longest, vocabulary.eos());
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    const auto* logits = answer_logits(continuations[i], vocabulary.answer());
    outcomes.problems.push_back(logits ? answer_outcome(problems[chunk[i]], chunk[i], *logits)
                                       : outcome_of(problems[chunk[i]], chunk[i]));
  }
}

bool decodes(const EvaluationSettings& settings) {
  return !data::has_stages(settings.method.name) && !answer_is_given(settings);
}

template <class T>
std::vector<T> gather(const distributed::Communicator& communicator, const std::vector<T>& mine) {
  const auto counts = communicator.allgather(static_cast<int>(mine.size()));
  std::vector<T> all(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
  communicator.allgather_blocks(mine.data(), all.data(), counts, sizeof(T));
  return all;
}

Outcomes gather_in_order(const distributed::Communicator& communicator, const Outcomes& mine) {
  Outcomes all{gather(communicator, mine.problems), gather(communicator, mine.hops)};
  std::sort(all.problems.begin(), all.problems.end(),
            [](const auto& a, const auto& b) { return a.problem < b.problem; });
  std::sort(all.hops.begin(), all.hops.end(), [](const auto& a, const auto& b) {
    return std::pair(a.problem, a.hop) < std::pair(b.problem, b.hop);
  });
  return all;
}

}  // namespace

double next_node_loss(const std::vector<double>& log_p, const Problem& problem, int k,
                      const data::MethodOptions& method) {
  if (method.name == Method::coconut_bfs_loss) {
    double mass = 0;
    for (const int v : method.exact_frontier ? problem.frontier[k] : problem.reachable_within(k))
      mass += std::exp(log_p[v]);
    return -std::log(mass);
  }
  const auto& nodes =
      method.name == Method::coconut_bfs_sample ? problem.frontier[k] : problem.optimal[k];
  double sum = 0;
  for (const int v : nodes) sum -= log_p[v];
  return sum / static_cast<double>(nodes.size());
}

Outcomes evaluate(model::Network<float>& model, const std::vector<Problem>& problems,
                  const EvaluationSettings& settings, const distributed::Communicator& communicator,
                  Activity* activity) {
  const data::Vocabulary vocabulary(model.options().vocab_size);
  const auto run = decodes(settings) ? evaluate_decoded : evaluate_logits;
  Outcomes mine;
  const auto round = communicator.size() * chunk_size;
  ProgressBar bar("evaluation", static_cast<std::int64_t>(problems.size()));
  for (std::size_t begin = communicator.rank() * chunk_size; begin < problems.size();
       begin += round) {
    std::vector<std::uint32_t> chunk(std::min(chunk_size, problems.size() - begin));
    std::iota(chunk.begin(), chunk.end(), static_cast<std::uint32_t>(begin));
    run(model, problems, chunk, settings, vocabulary, mine);
    bar.advance(static_cast<std::int64_t>(round));
    if (activity) activity->advance();
  }
  if (activity) activity->meet();
  return gather_in_order(communicator, mine);
}

}  // namespace superpose::train
