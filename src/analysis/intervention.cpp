#include "analysis/intervention.hpp"

#include <algorithm>

#include "analysis/thought_change.hpp"
#include "core/error.hpp"
#include "core/progress_bar.hpp"
#include "model/decode.hpp"

namespace superpose::analysis {
namespace {

using HostMatrix = Kokkos::View<float**, Kokkos::LayoutRight, Kokkos::HostSpace>;

HostMatrix copy_of(const Matrix<const float>& matrix) {
  const HostMatrix host("host_copy", matrix.extent(0), matrix.extent(1));
  Kokkos::deep_copy(host, matrix);
  return host;
}

Vec row_of(const HostMatrix& matrix, int row) {
  return Vec(&matrix(row, 0), &matrix(row, 0) + matrix.extent(1));
}

/// A problem of the chunk: where its outputs are, and who its partner is.
struct Subject {
  ProbedProblem probed;
  int partner = -1;         ///< place in the chunk of the next problem with as many hops
  std::vector<int> output;  ///< [position] row of the outputs, -1 where there is none
};

bool reaches(const Intervention& intervention, const Subject& subject) {
  const int n_thoughts = static_cast<int>(subject.probed.positions.thoughts.size());
  const bool has_partner = intervention.kind != InterventionKind::swap || subject.partner >= 0;
  return has_partner && intervention.thought <= n_thoughts;
}

int thought_row(const Subject& subject, int thought) {
  return subject.output[subject.probed.positions.thoughts[thought - 1]];
}

/// Embeddings of the nodes of a group for a thought.
std::vector<Vec> embeddings_of(Group group, const Subject& subject, int thought,
                               const HostMatrix& embedding) {
  std::vector<Vec> nodes;
  for (int node = 0; node < subject.probed.problem->graph.n_nodes; ++node)
    if (subject.probed.search.node_in(group, thought, node))
      nodes.push_back(row_of(embedding, node));
  return nodes;
}

int most_likely_token(const Vec& h, const HostMatrix& output_matrix) {
  int best = 0;
  double largest = dot(h, row_of(output_matrix, 0));
  for (int token = 1; token < static_cast<int>(output_matrix.extent(0)); ++token) {
    const double logit = dot(h, row_of(output_matrix, token));
    if (logit > largest) largest = logit, best = token;
  }
  return best;
}

/// What interventions read besides the thought.
struct Sources {
  HostMatrix embedding, output;  ///< [V,C] wte, lm_head
  HostMatrix plain;              ///< [O,C] final hidden states of the chunk without intervention
};

Vec changed(const HostMatrix& hidden, const std::vector<Subject>& subjects, int p, int thought,
            const Intervention& intervention, const Sources& sources) {
  const Subject& subject = subjects[p];
  const double strength = intervention.strength;
  const Vec h = row_of(hidden, thought_row(subject, thought));
  const auto nodes = [&](Group group) {
    return embeddings_of(group, subject, thought, sources.embedding);
  };
  switch (intervention.kind) {
    case InterventionKind::rescale:
      return rescaled(h, nodes(intervention.group), strength);
    case InterventionKind::swap:
      return mixed(h, row_of(sources.plain, thought_row(subjects[subject.partner], thought)),
                   strength);
    case InterventionKind::nearest_token:
      return mixed(h, row_of(sources.embedding, most_likely_token(h, sources.output)), strength);
    case InterventionKind::keep_strongest:
      return mixed(h, strongest_kept(h, nodes(Group::reachable)), strength);
    case InterventionKind::frontier_span:
      return mixed(h, projected(h, nodes(Group::frontier)), strength);
  }
  throw std::logic_error("an InterventionKind without a rule");
}

/// Replaces the thoughts among `outputs`.
void apply(const Intervention& intervention, const std::vector<Subject>& subjects,
           const Sources& sources, Range outputs, const Matrix<float>& hidden) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), hidden);
  for (int p = 0; p < static_cast<int>(subjects.size()); ++p) {
    if (!reaches(intervention, subjects[p])) continue;
    const int n_thoughts = static_cast<int>(subjects[p].probed.positions.thoughts.size());
    for (int thought = 1; thought <= n_thoughts; ++thought) {
      const int row = thought_row(subjects[p], thought);
      const bool chosen = intervention.thought == 0 || intervention.thought == thought;
      if (!chosen || row < outputs.begin || row >= outputs.end) continue;
      const Vec values = changed(host, subjects, p, thought, intervention, sources);
      std::transform(values.begin(), values.end(), &host(row, 0),
                     [](double x) { return static_cast<float>(x); });
    }
  }
  Kokkos::deep_copy(hidden, host);
}

/// Place in the chunk of each problem's partner.
void find_partners(std::vector<Subject>& subjects) {
  const std::size_t n = subjects.size();
  for (std::size_t p = 0; p < n; ++p)
    for (std::size_t step = 1; step < n && subjects[p].partner < 0; ++step) {
      const std::size_t other = (p + step) % n;
      if (subjects[other].probed.problem->hops == subjects[p].probed.problem->hops)
        subjects[p].partner = static_cast<int>(other);
    }
}

/// Only thoughts and the answer are outputs here: the last layer is spared the rest.
void keep_needed_outputs(Sequence& sequence, const Positions& positions) {
  sequence.targets.clear();
  for (const int position : positions.thoughts) sequence.targets.push_back({position, {}});
  sequence.targets.push_back({positions.answer, {}});
}

std::vector<Subject> subjects_of(std::vector<ProbedProblem> probed, const model::PackedBatch& batch,
                                 const std::vector<Sequence>& sequences) {
  std::vector<Subject> subjects;
  for (std::size_t p = 0; p < probed.size(); ++p)
    subjects.push_back(
        {std::move(probed[p]), -1, std::vector<int>(sequences[p].tokens.size(), -1)});
  for (const auto& [sequence, target, output] : batch.targets)
    subjects[sequence].output[sequences[sequence].targets[target].position] = output;
  find_partners(subjects);
  return subjects;
}

struct Answer {
  bool right, preferred;
};

std::vector<Answer> answers(const model::Network<float>& model,
                            const std::vector<Subject>& subjects) {
  const auto logits = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), model.logits());
  std::vector<Answer> result;
  for (const auto& subject : subjects) {
    const auto& problem = *subject.probed.problem;
    const float* row = &logits(subject.output[subject.probed.positions.answer], 0);
    const auto best = std::max_element(row, row + logits.extent(1)) - row;
    result.push_back({best == problem.target, row[problem.target] > row[problem.neg_target]});
  }
  return result;
}

void add_outcomes(const Intervention& intervention, const std::vector<Subject>& subjects,
                  const std::vector<Answer>& before, const std::vector<Answer>& after,
                  InterventionOutcome& outcome) {
  for (std::size_t p = 0; p < subjects.size(); ++p) {
    if (!reaches(intervention, subjects[p])) continue;
    ++outcome.problems;
    outcome.right_before += before[p].right;
    outcome.right_after += after[p].right;
    outcome.preferred_before += before[p].preferred;
    outcome.preferred_after += after[p].preferred;
  }
}

void intervene_on_chunk(model::Network<float>& model, std::vector<ProbedProblem> probed,
                        std::vector<Sequence> sequences, Sources sources,
                        const std::vector<Intervention>& interventions,
                        std::vector<InterventionOutcome>& outcomes) {
  for (std::size_t p = 0; p < probed.size(); ++p)
    keep_needed_outputs(sequences[p], probed[p].positions);
  const auto batch = model::pack(sequences);
  const auto subjects = subjects_of(std::move(probed), batch, sequences);
  model.forward(batch, model::Pass{});
  const auto before = answers(model, subjects);
  sources.plain = copy_of(model.hidden());
  const Range prompts = batch.segments[0].outputs;
  for (std::size_t i = 0; i < interventions.size(); ++i) {
    model.forward_thoughts(batch, [&](Range outputs, const Matrix<float>& hidden) {
      // The one before has changed the first thoughts in place, which are not computed again.
      if (outputs.begin == prompts.begin) Kokkos::deep_copy(hidden, sources.plain);
      apply(interventions[i], subjects, sources, outputs, hidden);
    });
    add_outcomes(interventions[i], subjects, before, answers(model, subjects), outcomes[i]);
  }
}

/// Counts are integers: their sum does not depend on its order.
void add_over_ranks(const distributed::Communicator& communicator,
                    std::vector<InterventionOutcome>& outcomes) {
  for (auto& outcome : outcomes) {
    const auto all = communicator.allgather(outcome);
    outcome = {};
    for (const auto& of_rank : all) {
      outcome.problems += of_rank.problems;
      outcome.right_before += of_rank.right_before;
      outcome.right_after += of_rank.right_after;
      outcome.preferred_before += of_rank.preferred_before;
      outcome.preferred_after += of_rank.preferred_after;
    }
  }
}

}  // namespace

void require_fed_back(const data::MethodOptions& method) {
  validate(method.name != data::Method::pause, ExitCode::usage,
           "method pause takes no interventions (its latent tokens are not fed back, so a change "
           "would reach nothing); leave --intervene out");
}

std::vector<InterventionOutcome> intervene(model::Network<float>& model,
                                           const std::vector<data::Problem>& problems,
                                           const ProbeSettings& settings,
                                           const std::vector<Intervention>& interventions,
                                           const distributed::Communicator& communicator) {
  require_fed_back(settings.method);
  const data::Vocabulary vocabulary(model.options().vocab_size);
  const Sources sources{copy_of(model.parameters().wte), copy_of(model.parameters().lm_head), {}};
  std::vector<InterventionOutcome> outcomes(interventions.size());
  const auto rank = static_cast<std::size_t>(communicator.rank());
  const auto rounds = rounds_of(static_cast<int>(problems.size()), communicator.size());
  ProgressBar bar("interventions", static_cast<std::int64_t>(rounds.size()));
  for (const auto& round : rounds) {
    if (rank >= round.size()) continue;
    std::vector<Sequence> sequences;
    auto probed = probed_problems(problems, round[rank], vocabulary, settings, sequences);
    intervene_on_chunk(model, std::move(probed), std::move(sequences), sources, interventions,
                       outcomes);
    bar.advance();
  }
  add_over_ranks(communicator, outcomes);
  return outcomes;
}

}  // namespace superpose::analysis
