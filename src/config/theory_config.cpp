#include "config/theory_config.hpp"

#include "core/error.hpp"

namespace superpose::config {
namespace {

/// A vocabulary has up to this many symbols: W is a square matrix of them.
constexpr double most_symbols = 4096;

void add_rows(OptionTable& table, theory::ProblemOptions& problems) {
  table.add("data", problems.data, "problem file; empty: problems are generated");
  table.add("count", problems.count, "problems used, at most", at_least(1));
  table.add("n_nodes", problems.n_nodes, "nodes of generated problems", from_to(8, most_symbols));
  table.add("seed", problems.seed, "of every draw");
}

void add_graphs(OptionTable& table, theory::ConstructOptions& options) {
  table.add("data", options.data, "problem file; empty: graphs are drawn");
  table.add("graphs", options.graphs, "what is drawn");
  table.add("count", options.count, "graphs drawn", at_least(1));
  table.add("min_nodes", options.min_nodes, "smallest random graph", from_to(4, most_symbols));
  table.add("max_nodes", options.max_nodes, "largest random graph; dense: up to 64",
            from_to(4, most_symbols));
  table.add("seed", options.seed, "of every draw");
}

void add_vocabulary(OptionTable& table, int& vocabulary) {
  table.add("vocabulary", vocabulary, "symbols; 0: the nodes of the largest graph",
            from_to(0, most_symbols));
}

void check_graphs(const theory::ConstructOptions& options) {
  validate(
      options.min_nodes <= options.max_nodes, ExitCode::usage,
      "min_nodes = {} is more than max_nodes = {} (there is no such graph); change one of them",
      options.min_nodes, options.max_nodes);
  validate(options.graphs != theory::Graphs::dense || options.max_nodes <= 64, ExitCode::usage,
           "max_nodes = {} is too many for dense graphs (they have up to n^2 edges, and time and "
           "memory grow with their square); give at most 64",
           options.max_nodes);
}

template <class Options>
Options read(const std::vector<Override>& overrides) {
  Options options;
  auto table = option_table(options);
  for (const auto& override : overrides) table.set(override);
  return options;
}

}  // namespace

OptionTable option_table(theory::ConstructOptions& options) {
  OptionTable table;
  add_graphs(table, options);
  table.add("constants", options.constants, "our rule, or RbS Appendix B as written");
  table.add("encoding", options.encoding, "positions; rope is our own, rope_position RbS Lemma 6");
  table.add("precision", options.precision, "number format");
  table.add("d_pe", options.d_pe, "width of the positions, even; 0: by the rule", from_to(0, 4096));
  table.add("beyond", options.beyond, "thoughts after the diameter", from_to(0, 1000));
  table.add("longest", options.longest, "precision study: positions, at most; 0: no study",
            from_to(0, 1 << 24));
  table.add("largest", options.largest, "precision study: nodes, at most", from_to(10, 1000));
  return table;
}

OptionTable option_table(theory::ThresholdOptions& options) {
  OptionTable table;
  table.add("count", options.count, "random graphs of each size and density", at_least(1));
  table.add("largest", options.largest, "nodes of the largest random graphs (8, 16, 24, ...)",
            from_to(8, 32));
  table.add("clique", options.clique, "nodes of the largest clique", from_to(2, 32));
  table.add("search", options.search, "every graph of up to so many nodes is tried", from_to(3, 7));
  table.add("seed", options.seed, "of every draw");
  return table;
}

OptionTable option_table(theory::ChainsOptions& options) {
  OptionTable table;
  add_graphs(table, options.construct);
  table.add("encoding", options.construct.encoding,
            "positions; rope is our own, rope_position RbS Lemma 6");
  table.add("draws", options.draws, "chains of each kind on a graph", from_to(1, 1 << 20));
  return table;
}

OptionTable option_table(theory::DimensionOptions& options) {
  OptionTable table;
  table.add("seed", options.seed, "of every draw");
  table.add("trials", options.trials, "graphs, each with an embedding of its own, at every size",
            from_to(1, 1 << 20));
  table.add("nodes", options.nodes, "of graphs of one size", from_to(4, 31));
  table.add("largest", options.largest, "vocabulary of graphs of one size, at most",
            from_to(40, 1 << 20));
  table.add("largest_growing", options.largest_growing,
            "vocabulary of graphs that grow with it, at most; 0: none", from_to(0, most_symbols));
  table.add("doublings", options.doublings, "d up to 2^doublings", from_to(4, 50));
  return table;
}

OptionTable option_table(theory::ForwardOptions& options) {
  OptionTable table;
  add_rows(table, options.problems);
  table.add("decades", options.decades, "mu from 10^-decades to 10^decades", from_to(1, 24));
  return table;
}

OptionTable option_table(theory::FlowOptions& options) {
  OptionTable table;
  add_rows(table, options.problems);
  add_vocabulary(table, options.vocabulary);
  table.add("decades", options.decades, "the flow runs to time 10^decades", from_to(4, 12));
  table.add("replicas", options.replicas, "independent runs of gradient descent on W; 0: none",
            from_to(0, 100000));
  table.add("steps", options.steps, "steps of each", at_least(1));
  table.add("batch", options.batch, "permuted problems a step", at_least(1));
  table.add("learning_rate", options.learning_rate, "flow time of a step", from_above_to(0, 1000));
  return table;
}

OptionTable option_table(theory::PredictOptions& options) {
  OptionTable table;
  add_rows(table, options.problems);
  add_vocabulary(table, options.vocabulary);
  table.add("decades", options.decades, "the flow runs to time 10^decades", from_to(10, 100000));
  table.add("steps", options.steps, "steps of gradient descent", from_to(1, 1 << 24));
  table.add("learning_rate", options.learning_rate, "its step size", from_above_to(0, 1000));
  return table;
}

theory::ConstructOptions read_construct_options(const std::vector<Override>& overrides) {
  const auto options = read<theory::ConstructOptions>(overrides);
  check_graphs(options);
  const int smallest = theory::is_rotary(options.encoding) ? 4 : 2;
  validate(options.d_pe == 0 || (options.d_pe % 2 == 0 && options.d_pe >= smallest),
           ExitCode::usage,
           "d_pe = {} is no width (positions come in planes of 2, RoPE needs two of "
           "them); give an even number from {} on, or 0 for the rule's",
           options.d_pe, smallest);
  return options;
}

theory::ThresholdOptions read_threshold_options(const std::vector<Override>& overrides) {
  return read<theory::ThresholdOptions>(overrides);
}

theory::ChainsOptions read_chains_options(const std::vector<Override>& overrides) {
  const auto options = read<theory::ChainsOptions>(overrides);
  check_graphs(options.construct);
  return options;
}

theory::DimensionOptions read_dimension_options(const std::vector<Override>& overrides) {
  return read<theory::DimensionOptions>(overrides);
}

theory::ForwardOptions read_forward_options(const std::vector<Override>& overrides) {
  return read<theory::ForwardOptions>(overrides);
}

theory::FlowOptions read_flow_options(const std::vector<Override>& overrides) {
  return read<theory::FlowOptions>(overrides);
}

theory::PredictOptions read_predict_options(const std::vector<Override>& overrides) {
  return read<theory::PredictOptions>(overrides);
}

std::string effective_config(theory::ConstructOptions options) {
  return option_table(options).toml();
}
std::string effective_config(theory::ThresholdOptions options) {
  return option_table(options).toml();
}
std::string effective_config(theory::ChainsOptions options) {
  return option_table(options).toml();
}
std::string effective_config(theory::DimensionOptions options) {
  return option_table(options).toml();
}
std::string effective_config(theory::ForwardOptions options) {
  return option_table(options).toml();
}
std::string effective_config(theory::FlowOptions options) {
  return option_table(options).toml();
}
std::string effective_config(theory::PredictOptions options) {
  return option_table(options).toml();
}

}  // namespace superpose::config
