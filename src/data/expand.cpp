#include "data/expand.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/by_stage.hpp"
#include "core/error.hpp"
#include "data/curriculum.hpp"

namespace superpose::data {

namespace {

using Tokens = std::vector<std::int32_t>;

std::vector<int> identity(int n) {
  std::vector<int> ids(static_cast<std::size_t>(n));
  std::iota(ids.begin(), ids.end(), 0);
  return ids;
}

Layout draw_layout(const Problem& problem, bool shuffle_nodes, RandomStream& stream) {
  Layout layout{problem.graph.edges, true, identity(problem.graph.n_nodes)};
  stream.shuffle(layout.edges);
  layout.target_first = stream.below(2) == 0;
  if (shuffle_nodes) stream.shuffle(layout.token_of_node);
  return layout;
}

/// The stage a problem trains: min(stage, H), or with uniform_prob one of 0..min(stage, H).
int draw_stage(int stage, int hops, const MethodOptions& options, RandomStream& stream) {
  const int last = std::min(stage, hops);
  const double uniform_prob = by_stage(options.uniform_prob_by_stage, stage, options.uniform_prob);
  if (stream.uniform() >= uniform_prob) return last;
  return static_cast<int>(stream.below(static_cast<std::uint32_t>(last + 1)));
}

std::int32_t token_of(const Layout& layout, int node) {
  return layout.token_of_node[static_cast<std::size_t>(node)];
}

/// Position of the last token so far.
std::int32_t last_position(const Sequence& sequence) {
  return static_cast<std::int32_t>(sequence.tokens.size()) - 1;
}

/// Supervises the prediction that follows the last token.
void add_target(Sequence& sequence, Tokens labels) {
  sequence.targets.push_back({last_position(sequence), std::move(labels)});
}

/// Supervises the next token, then appends it.
void append_supervised(Sequence& sequence, std::int32_t token) {
  add_target(sequence, {token});
  sequence.tokens.push_back(token);
}

void append_latents(Sequence& sequence, int n_latent, const Vocabulary& vocabulary) {
  sequence.n_latent = n_latent;
  sequence.tokens.insert(sequence.tokens.end(), static_cast<std::size_t>(n_latent),
                         vocabulary.latent());
}

int prompt_length(const Problem& problem, bool last_edge_bar) {
  return 3 * static_cast<int>(problem.graph.edges.size()) + 5 + (last_edge_bar ? 1 : 0);
}

/// Positions after the prompt; n_latent is that of the longest sequence with stages.
int continuation_length(Method method, int hops, int n_latent) {
  if (method == Method::cot) return hops + 2;  // path, [A], target
  if (method == Method::no_cot) return 2;      // [A], target
  return n_latent + 1;                         // latents, [A]
}

int draw(const NodeSet& nodes, RandomStream& stream) {
  SUPERPOSE_EXPECT(!nodes.empty());
  return nodes[stream.below(static_cast<std::uint32_t>(nodes.size()))];
}

/// What the thought before hop k <= H is asked for.
Tokens hop_labels(const Problem& problem, const Layout& layout, int k, const MethodOptions& options,
                  RandomStream& stream) {
  const auto hop = static_cast<std::size_t>(k);
  if (options.name == Method::coconut_bfs_sample)
    return {token_of(layout, draw(problem.frontier[hop], stream))};
  if (options.name != Method::coconut_bfs_loss)
    return {token_of(layout, draw(problem.optimal[hop], stream))};

  const NodeSet nodes =
      options.exact_frontier ? problem.frontier[hop] : problem.reachable_within(k);
  Tokens labels(nodes.size());
  std::transform(nodes.begin(), nodes.end(), labels.begin(),
                 [&](int node) { return token_of(layout, node); });
  return labels;
}

/// Labels of the hops before hop k, each where the thoughts of the hops before it end, as
/// append_hop would supervise it. The target that hop k has stays the last one.
void add_earlier_hops(Sequence& sequence, const Problem& problem, const Layout& layout, int k,
                      const MethodOptions& options, RandomStream& stream) {
  std::vector<Target> targets;
  for (int hop = 1; hop < k; ++hop)
    targets.push_back({sequence.latent_begin - 1 + (hop - 1) * options.c_thought,
                       hop_labels(problem, layout, hop, options, stream)});
  sequence.targets.insert(sequence.targets.begin(), targets.begin(), targets.end());
}

/// The children of a node on the path, which are the hop-th nodes of shortest paths.
NodeSet next_on_path(const Problem& problem, int node, int hop) {
  const auto& optimal = problem.optimal[static_cast<std::size_t>(hop)];
  NodeSet next;
  for (const auto& [parent, child] : problem.graph.edges)
    if (parent == node && std::find(optimal.begin(), optimal.end(), child) != optimal.end())
      next.push_back(child);
  return next;
}

void append_path(Sequence& sequence, const Problem& problem, const Layout& layout,
                 RandomStream& stream) {
  int node = problem.root;
  for (int hop = 1; hop <= problem.hops; ++hop) {
    node = draw(next_on_path(problem, node, hop), stream);
    append_supervised(sequence, token_of(layout, node));
  }
}

void append_edges(Tokens& tokens, const Layout& layout, bool last_edge_bar,
                  const Vocabulary& vocabulary) {
  for (const auto& [parent, child] : layout.edges)
    tokens.insert(tokens.end(),
                  {token_of(layout, parent), token_of(layout, child), vocabulary.bar()});
  if (!last_edge_bar) tokens.pop_back();
}

/// The default, or what was asked for where the method has latent tokens.
int checked_latents(std::optional<int> n_latent, const Problem& problem,
                    const MethodOptions& options) {
  if (!n_latent) return problem.hops * options.c_thought;
  validate(has_stages(options.name), ExitCode::usage,
           "{} latent tokens asked for (method.name = \"{}\" has none); leave the number out",
           *n_latent, to_string(options.name));
  validate(*n_latent >= 0, ExitCode::usage, "{} latent tokens asked for; ask for 0 or more",
           *n_latent);
  return *n_latent;
}

}  // namespace

Sequence prompt_sequence(const Problem& problem, std::uint64_t index, const Layout& layout,
                         const MethodOptions& options, const Vocabulary& vocabulary) {
  const int length = prompt_length(problem, options.last_edge_bar);
  const int first = layout.target_first ? problem.target : problem.neg_target;
  const int second = layout.target_first ? problem.neg_target : problem.target;
  Sequence sequence;
  sequence.problem = index;
  sequence.feed_back = has_stages(options.name) && options.name != Method::pause;
  auto& tokens = sequence.tokens;
  tokens.reserve(static_cast<std::size_t>(
      length + continuation_length(options.name, problem.hops, problem.hops * options.c_thought)));
  tokens.push_back(vocabulary.eos());
  append_edges(tokens, layout, options.last_edge_bar, vocabulary);
  tokens.insert(tokens.end(),
                {vocabulary.question(), token_of(layout, first), token_of(layout, second),
                 vocabulary.root(), token_of(layout, problem.root)});
  SUPERPOSE_EXPECT(static_cast<int>(tokens.size()) == length);
  sequence.latent_begin = length;
  return sequence;
}

void append_hop(Sequence& sequence, const Problem& problem, const Layout& layout, int k,
                const MethodOptions& options, const Vocabulary& vocabulary, RandomStream& stream) {
  SUPERPOSE_EXPECT(has_stages(options.name) && k >= 1 && k <= problem.hops + 1);
  append_latents(sequence, (k - 1) * options.c_thought, vocabulary);
  if (k <= problem.hops) {
    add_target(sequence, hop_labels(problem, layout, k, options, stream));
  } else {
    sequence.tokens.push_back(vocabulary.answer());
    add_target(sequence, {token_of(layout, problem.target)});
  }
}

Sequence expand(const Problem& problem, std::uint64_t index, int stage, std::uint64_t epoch,
                const MethodOptions& options, const Vocabulary& vocabulary, std::uint64_t seed) {
  SUPERPOSE_EXPECT(stage >= 0 && problem.hops >= 1);
  RandomStream stream(seed, Purpose::expand, index, epoch);
  const Layout layout = draw_layout(problem, options.shuffle_nodes, stream);
  Sequence sequence = prompt_sequence(problem, index, layout, options, vocabulary);

  if (has_stages(options.name)) {
    const int k = draw_stage(stage, problem.hops, options, stream) + 1;
    append_hop(sequence, problem, layout, k, options, vocabulary, stream);
    if (options.supervise == Supervision::all)
      add_earlier_hops(sequence, problem, layout, k, options, stream);
    return sequence;
  }
  if (options.name == Method::cot) append_path(sequence, problem, layout, stream);
  append_supervised(sequence, vocabulary.answer());
  append_supervised(sequence, token_of(layout, problem.target));
  add_target(sequence, {vocabulary.eos()});
  return sequence;
}

EvaluationSequence evaluation_sequence(const Problem& problem, std::uint64_t index,
                                       std::optional<int> n_latent, const MethodOptions& options,
                                       const Vocabulary& vocabulary, std::uint64_t seed) {
  const int latents = checked_latents(n_latent, problem, options);
  RandomStream stream(seed, Purpose::evaluate, index);
  Layout layout = draw_layout(problem, false, stream);
  Sequence sequence = prompt_sequence(problem, index, layout, options, vocabulary);

  if (has_stages(options.name)) {
    for (int done = 0; done <= latents; done += options.c_thought)
      sequence.targets.push_back({sequence.latent_begin - 1 + done, {}});
    append_latents(sequence, latents, vocabulary);
    sequence.tokens.push_back(vocabulary.answer());
  }
  add_target(sequence, {});
  return {std::move(sequence), std::move(layout.token_of_node)};
}

int longest_sequence(const std::vector<Problem>& problems, const MethodOptions& options,
                     std::optional<int> n_latent) {
  int longest = 0;
  for (const auto& problem : problems) {
    const int latents = std::max(problem.hops * options.c_thought, n_latent.value_or(0));
    longest = std::max(longest, prompt_length(problem, options.last_edge_bar) +
                                    continuation_length(options.name, problem.hops, latents));
  }
  return longest;
}

void check_fits_positions(int longest, int n_positions) {
  validate(
      longest <= n_positions, ExitCode::data,
      "the longest sequence has {} tokens (model.n_positions = {} is the most the model reads); "
      "use smaller problems or fewer latent tokens, or a model of model.n_positions = {} or "
      "more",
      longest, n_positions, longest);
}

}  // namespace superpose::data
