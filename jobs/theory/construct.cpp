#include "config/theory_config.hpp"
#include "core/log.hpp"
#include "core/timer.hpp"
#include "data/vocabulary.hpp"
#include "jobs/jobs.hpp"
#include "jobs/theory/construct_report.hpp"
#include "jobs/theory/output_file.hpp"
#include "jobs/theory/precision_curves.hpp"
#include "jobs/theory/problem_set.hpp"
#include "theory/over_ranks.hpp"

namespace superpose::jobs {
namespace {

using distributed::Communicator;
using theory::ConstructOptions;
using theory::Slack;

/// The sizes that serve every problem of the set.
theory::Sizes sizes_of(const ProblemSet& set, int beyond, const Communicator& world) {
  const auto each = theory::over_ranks(
      world, set.count, [&](std::uint64_t i) { return theory::sizes_of({set.at(i)}, beyond); });
  theory::Sizes sizes;
  for (const auto& s : each)
    sizes = {std::max(sizes.n_max, s.n_max), std::max(sizes.e_max, s.e_max),
             std::max(sizes.t_max, s.t_max)};
  return sizes;
}

Slack over_all(const Slack& mine, const Communicator& world) {
  Slack slack;
  for (const auto& other : world.allgather(mine)) {
    slack.above = std::min(slack.above, other.above);
    slack.below = std::max(slack.below, other.below);
  }
  return slack;
}

template <class X>
ConstructResults construct(const ConstructOptions& options, const theory::Constants& constants,
                           const ProblemSet& set, const Communicator& world) {
  const data::Vocabulary vocabulary(data::smallest_vocab_size(constants.sizes.n_max));
  theory::Construction<X> construction(constants, vocabulary);
  ConstructResults results{constants, {}, {}, {}};
  results.graphs = theory::over_ranks(world, set.count, [&](std::uint64_t i) {
    return theory::verify_construction(construction, vocabulary, set.at(i), options.seed, i,
                                       options.beyond);
  });
  results.slack_1 = over_all(construction.slack_1(), world);
  results.slack_2 = over_all(construction.slack_2(), world);
  return results;
}

}  // namespace

int theory_construct_job(const TheoryArguments& arguments, const Communicator& world) {
  const Stopwatch watch;
  const auto options = config::read_construct_options(arguments.overrides);
  const auto set = problem_set(options);
  const auto metadata =
      theory_metadata(world, arguments, config::effective_config(options), set, options.seed);
  prepare_output(arguments.output, world);
  log::info("superpose theory construct: {} {}, {}, {} rank{}", set.count, set.name,
            theory::precision_names[static_cast<int>(options.precision)], world.size(),
            world.size() == 1 ? "" : "s");
  const auto constants = theory::choose_constants(
      options.encoding, sizes_of(set, options.beyond, world), options.d_pe);
  const auto results = theory::with_precision(options.precision, [&](auto x) {
    return construct<decltype(x)>(options, constants, set, world);
  });
  log::info("{}", text(results));
  std::deque<io::Table> tables{constants_table(results), graphs_table(results.graphs),
                               answers_table(results.graphs)};
  if (options.longest > 0) {
    const auto choosers = study_choosers(options.longest, world);
    log::info("{}", text(choosers));
    tables.push_back(chooser_table(choosers));
    const auto sizes = study_graphs(options.largest, options.seed, world);
    log::info("{}", text(sizes));
    tables.push_back(graph_precision_table(sizes));
  }
  write_output(arguments.output, metadata, tables, world);
  log::info("{} in {:.1f} s", arguments.output, watch.seconds());
  return 0;
}

}  // namespace superpose::jobs
