#include "theory/dimension_trial.hpp"

#include <algorithm>
#include <numeric>

#include "theory/verify_construction.hpp"

namespace superpose::theory {
namespace {

using Tokens = std::vector<std::int32_t>;

/// The nodes of the graph and the special tokens of a sequence.
Tokens used_tokens(const data::Problem& problem, const data::Vocabulary& vocabulary) {
  Tokens used(problem.graph.n_nodes);
  std::iota(used.begin(), used.end(), 0);
  used.insert(used.end(), {vocabulary.bar(), vocabulary.question(), vocabulary.root(),
                           vocabulary.answer(), vocabulary.eos()});
  return used;
}

/// One problem in one embedding.
class Trial {
 public:
  Trial(const data::Problem& problem, const data::Vocabulary& vocabulary,
        const RandomEmbedding& embedding, Protection protection)
      : problem_(problem),
        vocabulary_(vocabulary),
        construction_(choose_constants(Encoding::sinusoidal, sizes_of({problem}, 0)), vocabulary,
                      embedding, protection) {}

  StagesRight run() {
    right_.fill(1);
    read_prompt();
    const int last = static_cast<int>(problem_.frontier.size()) - 1;
    for (int c = 1; c <= last; ++c) {
      judge(Stage::expand, expanded() == nodes_within(c));
      const auto nodes = nodes_within(c);
      append(Stage::hold, nodes, {nodes, {}, {}});
    }
    append(Stage::answer, {vocabulary_.answer()}, {{vocabulary_.answer()}, nodes_within(last), {}});
    judge(Stage::answer, answers_right());
    return right_;
  }

 private:
  void judge(Stage stage, bool right) {
    auto& so_far = right_[index_of(stage)];
    so_far = so_far && right;
  }

  void append(Stage stage, const Tokens& content, const Parts& expected) {
    judge(stage, construction_.append(content, expected) == expected);
  }

  Tokens nodes_within(int c) const {
    const auto nodes = problem_.reachable_within(c);
    Tokens tokens(nodes.begin(), nodes.end());
    std::sort(tokens.begin(), tokens.end());
    return tokens;
  }

  /// What is copied from one and from two positions before.
  void read_prompt() {
    const auto prompt = prompt_of(problem_, vocabulary_, 0, 0);
    for (std::size_t i = 0; i < prompt.size(); ++i) {
      Parts expected{{prompt[i]}, {}, {}};
      if (prompt[i] == vocabulary_.bar()) {
        expected.buffer_1 = {prompt[i - 2]};
        expected.buffer_2 = {prompt[i - 1]};
      }
      if (prompt[i] == vocabulary_.root()) {
        expected.buffer_2 = {prompt[i - 2], prompt[i - 1]};
        std::sort(expected.buffer_2.begin(), expected.buffer_2.end());
      }
      append(Stage::copy, {prompt[i]}, expected);
    }
  }

  Tokens expanded() {
    const auto parts = construction_.output();
    Tokens nodes;
    for (std::size_t v = 0; v < parts.size(); ++v)
      if (parts[v] > 0) nodes.push_back(static_cast<std::int32_t>(v));
    return nodes;
  }

  bool answers_right() {
    const auto parts = construction_.output();
    const int target = parts[problem_.target];
    return target > 0 &&
           std::count_if(parts.begin(), parts.end(), [&](int x) { return x >= target; }) == 1;
  }

  const data::Problem& problem_;
  const data::Vocabulary& vocabulary_;
  EmbeddedConstruction construction_;
  StagesRight right_{};
};

}  // namespace

StagesRight run_trial(const data::Problem& problem, const data::Vocabulary& vocabulary,
                      Protection protection, std::int64_t d, RandomStream random) {
  const int first_marked =
      protection == Protection::none ? vocabulary.size() : vocabulary.n_symbols();
  const RandomEmbedding embedding(vocabulary.size(), first_marked, used_tokens(problem, vocabulary),
                                  d, random);
  return Trial(problem, vocabulary, embedding, protection).run();
}

}  // namespace superpose::theory
