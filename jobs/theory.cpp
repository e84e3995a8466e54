/// `superpose theory construct|threshold|chains|dimension|forward|flow|predict`.

#include <array>
#include <deque>

#include "config/theory_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/timer.hpp"
#include "distributed/same_on_ranks.hpp"
#include "jobs/run_metadata.hpp"
#include "jobs/subcommand.hpp"
#include "theory/chains_study.hpp"
#include "theory/construct_study.hpp"
#include "theory/dimension_study.hpp"
#include "theory/flow_study.hpp"
#include "theory/forward_study.hpp"
#include "theory/output_file.hpp"
#include "theory/precision_curves.hpp"
#include "theory/prediction_study.hpp"
#include "theory/threshold_report.hpp"

namespace superpose::jobs {
namespace {

/// `superpose theory PART OUT.h5 [--KEY VALUE ...]`
struct Arguments {
  std::string output;                       ///< HDF5 file to write
  std::vector<config::Override> overrides;  ///< keys of the options in theory/options.hpp
  bool force = false;                       ///< replace what is there
  std::string command_line;                 ///< as typed, for the output file
};

using distributed::Communicator;
using namespace theory;

/// What a part is about: its effective configuration, its problems and its seed.
struct Subject {
  std::string configuration;
  ProblemSet set;
  std::uint64_t seed;
  std::string data;  ///< the problem file, if any
};

/// The file of a part: refused before the work, if it has to be, and written after it.
class OutputOfPart {
 public:
  OutputOfPart(const Arguments& arguments, const Subject& subject, const Communicator& world)
      : name_(arguments.output), world_(world) {
    distributed::require_same(world, {{"data", subject.set.hash, ExitCode::data}});
    metadata_ = run_metadata(world, arguments.command_line, subject.configuration);
    metadata_.seeds = {{"theory", subject.seed}};
    if (!subject.set.hash.empty()) metadata_.data_hashes = {{"theory", subject.set.hash}};
    path_ = prepare_output(
        {arguments.output, arguments.command_line, {subject.data}, arguments.force}, world);
  }

  void write(const std::deque<io::Table>& tables) const {
    write_output(path_, metadata_, tables, world_);
    log::info("{} in {:.1f} s", name_, watch_.seconds());
  }

 private:
  Stopwatch watch_;
  std::string name_, path_;
  Communicator world_;
  io::RunMetadata metadata_;
};

std::string ranks(const Communicator& world) {
  return fmt::format("{} rank{}", world.size(), world.size() == 1 ? "" : "s");
}

/// Where finite precision ends the construction.
void study_precision(const ConstructOptions& options, const Communicator& world,
                     std::deque<io::Table>& tables) {
  const auto choosers = study_choosers(options, world);
  log::info("{}", text(choosers));
  tables.push_back(chooser_table(choosers));
  const auto sizes = study_graphs(options, world);
  log::info("{}", text(sizes));
  tables.push_back(graph_precision_table(sizes));
}

int run_construct(const Arguments& arguments, const Communicator& world) {
  const auto options = config::read_construct_options(arguments.overrides);
  const auto set = problem_set(options);
  const OutputOfPart output(
      arguments, {config::effective_config(options), set, options.seed, options.data}, world);
  log::info("superpose theory construct: {} {}, {}, {}", set.count, set.name,
            to_string(options.precision), ranks(world));
  const auto results = study_construction(options, set, world);
  log::info("{}", text(results));
  std::deque<io::Table> tables{constants_table(results), graphs_table(results.graphs),
                               answers_table(results.graphs)};
  if (options.longest > 0) study_precision(options, world, tables);
  output.write(tables);
  return 0;
}

int run_threshold(const Arguments& arguments, const Communicator& world) {
  const auto options = config::read_threshold_options(arguments.overrides);
  const OutputOfPart output(arguments, {config::effective_config(options), {}, options.seed, ""},
                            world);
  log::info("superpose theory threshold: graphs of up to {} nodes, {}", options.largest,
            ranks(world));
  const auto results = study_threshold(options, world);
  log::info("{}", text(results));
  output.write({smallest_table(results.smallest), cliques_table(results.cliques),
                densities_table(results.densities)});
  return 0;
}

int run_chains(const Arguments& arguments, const Communicator& world) {
  const auto options = config::read_chains_options(arguments.overrides);
  const auto set = problem_set(options.construct);
  const OutputOfPart output(
      arguments,
      {config::effective_config(options), set, options.construct.seed, options.construct.data},
      world);
  log::info("superpose theory chains: {} {}, {}", set.count, set.name, ranks(world));
  const auto graphs = study_chains(options, set, world);
  log::info("{}", text(graphs, options.draws));
  output.write({chain_graphs_table(graphs), chains_by_nodes_table(graphs, options.draws),
                chains_by_diameter_table(graphs, options.draws)});
  return 0;
}

int run_dimension(const Arguments& arguments, const Communicator& world) {
  const auto options = config::read_dimension_options(arguments.overrides);
  const OutputOfPart output(arguments, {config::effective_config(options), {}, options.seed, ""},
                            world);
  log::info("superpose theory dimension: vocabularies up to {}, d up to 2^{}, {}", options.largest,
            options.doublings, ranks(world));
  const auto cells = study_dimension(options, world);
  log::info("{}", text(cells, options.trials));
  output.write({dimension_table(cells), needed_table(cells, options.trials)});
  return 0;
}

int run_forward(const Arguments& arguments, const Communicator& world) {
  const auto options = config::read_forward_options(arguments.overrides);
  const auto set = problem_set(options.problems);
  const OutputOfPart output(
      arguments,
      {config::effective_config(options), set, options.problems.seed, options.problems.data},
      world);
  log::info("superpose theory forward: {} {}, {}", set.count, set.name, ranks(world));
  const auto problems = study_forward(options, set, world);
  log::info("{}", text(problems, options.decades));
  output.write(
      {expansion_table(problems, options.decades), forward_table(problems, options.decades)});
  return 0;
}

int run_flow(const Arguments& arguments, const Communicator& world) {
  const auto options = config::read_flow_options(arguments.overrides);
  const auto set = problem_set(options.problems);
  const OutputOfPart output(
      arguments,
      {config::effective_config(options), set, options.problems.seed, options.problems.data},
      world);
  const auto all = flow_steps(options, set);
  log::info("superpose theory flow: {} {}, {} steps, V = {}, {}", set.count, set.name,
            all.steps.size(), all.symbols, ranks(world));
  const auto times = flow_times(options.decades);
  const auto results = solve_steps(all, times, world);
  log::info("{}", text(results));
  const auto paths = step_paths(all, times, world);
  const auto average = average_flows(all.together(), times, world);
  log::info("{}", text(average));
  const auto evenness = evenness_along(all, times, world);
  log::info("{}", text(times, evenness));
  std::deque<io::Table> tables{steps_table(results), paths_table(times, paths),
                               average_table(average), evenness_table(times, evenness)};
  if (options.replicas > 0) {
    const std::array<SgdComparison, 2> sgd{descend(options, Loss::coconut, all, world),
                                           descend(options, Loss::coconut_bfs, all, world)};
    log::info("{}", text(sgd));
    tables.push_back(sgd_table(sgd));
  }
  output.write(tables);
  return 0;
}

int run_predict(const Arguments& arguments, const Communicator& world) {
  const auto options = config::read_predict_options(arguments.overrides);
  const auto set = problem_set(options.problems);
  validate(set.count >= 3, ExitCode::usage,
           "{} problems are too few (one in three is kept unseen); give at least 3", set.count);
  const OutputOfPart output(
      arguments,
      {config::effective_config(options), set, options.problems.seed, options.problems.data},
      world);
  std::vector<data::Problem> problems;
  for (std::uint64_t i = 0; i < set.count; ++i) problems.push_back(set.at(i));
  const int symbols = symbols_for(problems, options.vocabulary);
  const double mu = mu_of_flow(problems, options.problems.seed, symbols);
  log::info("superpose theory predict: {} {}, V = {}, flow's mu = {:.4f}, {}", set.count, set.name,
            symbols, mu, ranks(world));
  const auto all = predictions_of(problems, mu, symbols);
  const auto s = log_times(options.decades);
  const auto [uniform, sets] = follow_all(all, s, world);
  log::info("{}", text(uniform, sets));
  const std::array<Descent, 2> descents{descend(all.uniform, options), descend(all.flow, options)};
  log::info("{}", text(descents));
  output.write(
      {problems_table(uniform), sets_table(sets), paths_table(s, sets), descent_table(descents)});
  return 0;
}

/// One of `superpose theory`; Options are its settings.
template <class Options>
void add_part(CLI::App& sub, Command& command, const std::string& typed,
              int (*run)(const Arguments&, const Communicator&)) {
  const auto arguments = std::make_shared<Arguments>();
  arguments->command_line = typed;
  sub.add_option("OUT", arguments->output, "File (HDF5) to write")->type_name("")->required();
  add_force(sub, arguments->force);
  add_verbosity(sub);
  Options defaults;
  add_settings(sub, config::option_table(defaults), arguments->overrides);
  set_run(sub, command, arguments, run);
}

}  // namespace

void add_theory(CLI::App& app, Command& command, const std::string& typed) {
  auto* sub = app.add_subcommand("theory", "Check the theorems of both papers by computation");
  auto* construct = sub->add_subcommand(
      "construct", "Run the transformer of RbS Theorem 1 with its weights given");
  add_part<ConstructOptions>(*construct, command, typed, run_construct);
  auto* threshold = sub->add_subcommand(
      "threshold", "The threshold of RbS Proposition B.4 on graphs with many edges");
  add_part<ThresholdOptions>(*threshold, command, typed, run_threshold);
  auto* chains = sub->add_subcommand(
      "chains", "Discrete chains of thought beside the superposition, on the same graphs");
  add_part<ChainsOptions>(*chains, command, typed, run_chains);
  auto* dimension = sub->add_subcommand(
      "dimension", "The construction with embeddings that are only almost orthogonal");
  add_part<DimensionOptions>(*dimension, command, typed, run_dimension);
  auto* forward = sub->add_subcommand(
      "forward", "Run the simplified transformer of EoS beside its closed form (Theorem 2)");
  add_part<ForwardOptions>(*forward, command, typed, run_forward);
  auto* flow =
      sub->add_subcommand("flow", "Gradient flow of the index-matching logit (EoS Theorem 1)");
  add_part<FlowOptions>(*flow, command, typed, run_flow);
  auto* predict = sub->add_subcommand("predict", "The prediction stage (EoS Theorem 3)");
  add_part<PredictOptions>(*predict, command, typed, run_predict);
}

}  // namespace superpose::jobs
