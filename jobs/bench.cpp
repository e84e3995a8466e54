#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "bench/measure.hpp"
#include "bench/report.hpp"
#include "bench/run_time.hpp"
#include "bench/trace.hpp"
#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/version.hpp"
#include "data/curriculum.hpp"
#include "data/generator.hpp"
#include "data/problem_file.hpp"
#include "distributed/same_on_ranks.hpp"
#include "io/agreement.hpp"
#include "io/json_file.hpp"
#include "jobs/compute_session.hpp"
#include "jobs/subcommand.hpp"
#include "kokkos_kernels/device.hpp"
#include "kokkos_kernels/matrix_library.hpp"
#include "train/check_fits.hpp"

namespace superpose::jobs {
namespace {

/// `superpose bench [CONFIG] [--steps N ...] [--KEY VALUE ...]`
struct Arguments {
  std::string config;                       ///< TOML file; empty: the defaults, the papers' model
  std::vector<config::Override> overrides;  ///< keys of train::RunOptions
  std::vector<int> latents;                 ///< latent tokens; empty: of stages 0, 2 and 4
  int steps = 3;                            ///< steps measured
  int warmup = 1;                           ///< steps before them
  bench::Scaling scaling = bench::Scaling::strong;
  std::string json;          ///< file for the results; "-": stdout; empty: print only
  std::string trace;         ///< file for the trace of a step; empty: none
  bool force = false;        ///< replace what is there
  std::string command_line;  ///< as typed, for the output file
};

/// Defaults alone are no valid configuration: they name no problems.
constexpr const char* defaults = "data.train = 'generated'";

/// Weak scaling makes leaves for its ranks (over_ranks).
train::RunOptions read_options(const Arguments& arguments, int n_ranks) {
  const int ranks = arguments.scaling == bench::Scaling::weak ? 1 : n_ranks;
  if (!arguments.config.empty())
    return config::read_run_config(arguments.config, arguments.overrides, ranks);
  auto options = config::parse_run_config(defaults, "the defaults", arguments.overrides);
  config::check_new_run(options, ranks);
  return options;
}

/// What the epochs of the configured training visit; as many problems as are published where its
/// files are not all there yet.
data::Visits configured_visits(const train::DataOptions& data,
                               const distributed::Communicator& world) {
  constexpr std::size_t published = 14785;
  const auto is_there = [](const auto& path) { return std::filesystem::is_regular_file(path); };
  std::vector<std::size_t> sizes(data.train.size(), 0);
  io::agree_on_rank_0(world, [&] {
    if (std::all_of(data.train.begin(), data.train.end(), is_there))
      sizes = data::read_problems(data.train).sizes;
  });
  world.broadcast_bytes(sizes.data(), sizes.size() * sizeof(std::size_t));
  return sizes.front() == 0 ? data::Visits({published}, {})
                            : data::Visits(sizes, data.share_plan());
}

/// The same training on generated problems, every problem at the stage of its epoch.
train::RunOptions on_generated(train::RunOptions options) {
  options.data = {};
  options.data.train = {"generated"};
  options.method.uniform_prob = 0;
  options.method.uniform_prob_by_stage.clear();
  return options;
}

/// What all ranks compute together. Leaves grow with the batch: they stay as large as they were.
train::RunOptions over_ranks(train::RunOptions options, bench::Scaling scaling, int n_ranks) {
  if (scaling == bench::Scaling::weak) {
    const auto batch = std::int64_t{options.train.batch_size} * n_ranks;
    validate(batch <= std::numeric_limits<int>::max(), ExitCode::usage,
             "train.batch_size = {} on {} ranks is too large a batch ({} problems); lower it",
             options.train.batch_size, n_ranks, batch);
    options.train.batch_size *= n_ranks;
    options.train.leaves *= n_ranks;
  }
  return options;
}

/// Numbers of latent tokens to measure with; without any, the stages of a training.
std::vector<int> latent_counts(const std::vector<int>& asked, const data::MethodOptions& method,
                               int max_hops) {
  const bool stages = data::has_stages(method.name);
  validate(asked.empty() || stages, ExitCode::usage,
           "--latents does not apply to method {} (it has no latent tokens); leave it out",
           to_string(method.name));
  if (!stages) return {0};
  if (asked.empty()) return {0, 2 * method.c_thought, 4 * method.c_thought};
  for (const int n : asked)
    validate(n % method.c_thought == 0 && n <= max_hops * method.c_thought, ExitCode::usage,
             "--latents {} is no stage (each of up to {} hops has method.c_thought = {} latent "
             "tokens); give multiples of {} up to {}",
             n, max_hops, method.c_thought, method.c_thought, max_hops * method.c_thought);
  return asked;
}

/// Problems with the statistics of the published ones, in memory.
std::vector<data::Problem> make_problems(const data::GeneratorOptions& generator,
                                         const train::RunOptions& options) {
  const auto n = static_cast<std::uint64_t>(options.train.batch_size);
  data::ProblemFile made;
  made.problems = data::generate_problems(generator, 0, n).problems;
  made.max_nodes = generator.n_nodes.max;
  train::check_fits(made, options);
  train::check_passes(made, options);
  return std::move(made.problems);
}

void log_summary(const train::RunOptions& options, const bench::Results& results) {
  log::info(
      "superpose bench: {}, {} layers, {} heads, n_embd {}, {}, batch {} in {} leaves, {} rank{}",
      to_string(options.method.name), options.model.n_layer, options.model.n_head,
      options.model.n_embd, to_string(options.model.precision), options.train.batch_size,
      options.train.leaves, results.ranks, results.ranks == 1 ? "" : "s");
  log::info("{}; {}; Kokkos {} ({})\n", kernels::device_name(), kernels::matrix_library(),
            kokkos_version(), kokkos_backends());
}

/// Rank 0 alone, while the others wait, on the batch of one rank.
double one_rank_seconds(const train::RunOptions& options, std::vector<data::Problem> problems,
                        int stage, bench::StepCounts counts,
                        const distributed::Communicator& world) {
  double seconds = 0;
  problems.resize(static_cast<std::size_t>(options.train.batch_size));
  if (world.rank() == 0) {
    const distributed::Communicator alone(MPI_COMM_SELF);
    seconds = bench::measure_steps(options, problems, stage, counts, alone).median();
  }
  world.barrier();
  return seconds;
}

/// Where results come from.
io::Json provenance(const Arguments& arguments, const train::RunOptions& options) {
  return {{"command_line", arguments.command_line},
          {"version", program_version()},
          {"git_hash", git_hash()},
          {"matrix_library", kernels::matrix_library()},
          {"device", kernels::device_name()},
          {"configuration", config::effective_config(options)}};
}

io::Json report(const Arguments& arguments, const train::RunOptions& options,
                const bench::Results& results) {
  auto json = provenance(arguments, options);
  json.update(bench::to_json(results));
  return json;
}

/// The path to write the trace to, as the rule for outputs has it.
std::string trace_output(const Arguments& arguments) {
  return io::prepare_output(
      {arguments.trace, arguments.command_line, {arguments.config}, arguments.force});
}

/// Provenance and a line an event.
std::string trace_text(const io::Json& provenance, const io::Json& events) {
  auto text = io::to_text(provenance);
  text.erase(text.rfind('\n'));  // its closing brace
  text += ",\n  \"displayTimeUnit\": \"ms\",\n  \"traceEvents\": [";
  for (std::size_t i = 0; i < events.size(); ++i)
    text += (i == 0 ? "\n" : ",\n") + events[i].dump();
  return text + "\n]}\n";
}

/// Writes a step at `stage`, if it is wanted. Collective.
void trace(const Arguments& arguments, const train::RunOptions& options,
           const std::vector<data::Problem>& problems, int stage,
           const distributed::Communicator& world) {
  if (arguments.trace.empty()) return;
  const auto events = bench::trace_step(options, problems, stage, world);
  io::agree_on_rank_0(world, [&] {
    io::write_output(trace_output(arguments), trace_text(provenance(arguments, options), events));
  });
  log::info("trace of a step: {}\n", arguments.trace);
}

int run(const Arguments& arguments, const distributed::Communicator& world) {
  const auto configured = read_options(arguments, world.size());
  distributed::require_same(
      world, {{"the configuration", config::effective_config(configured), ExitCode::usage}});
  const auto one_rank = on_generated(configured);
  const auto options = over_ranks(one_rank, arguments.scaling, world.size());
  const data::GeneratorOptions generator;
  const auto latents = latent_counts(arguments.latents, options.method, generator.max_hops);
  const auto problems = make_problems(generator, options);
  const io::JsonOutput json(
      {arguments.json, arguments.command_line, {arguments.config}, arguments.force},
      world.rank() == 0);
  io::agree_on_rank_0(world, [&] {  // before the work
    if (!arguments.trace.empty()) trace_output(arguments);
  });
  const auto visits = configured_visits(configured.data, world);
  const ComputeSession compute;
  bench::Results results{world.size(), arguments.scaling, options.model.precision, {}, {}, {}, {}};
  log_summary(options, results);
  const bench::StepCounts counts{arguments.warmup, arguments.steps};
  // The steps first: what the other measurements allocate would hide their peak memory.
  for (const int n_latent : latents) {
    const int stage = n_latent / options.method.c_thought;
    results.steps.push_back(bench::measure_steps(options, problems, stage, counts, world));
    results.steps.back().n_latent = n_latent;
  }
  trace(arguments, options, problems, latents.back() / options.method.c_thought, world);
  for (auto& step : results.steps)
    if (world.size() > 1)
      step.one_rank_seconds = one_rank_seconds(
          one_rank, problems, step.n_latent / options.method.c_thought, counts, world);
  results.run = bench::run_time(options, visits, results.steps);
  results.machine = bench::measure_machine(world);
  results.kernels = bench::measure_kernels(options, problems, world);
  log::info("{}", bench::text(results));
  if (json.wanted()) json.write(report(arguments, options, results));
  return 0;
}

}  // namespace

void add_bench(CLI::App& app, Command& command, const std::string& typed) {
  auto* sub = app.add_subcommand("bench", "Measure the machine, the kernels and the training step");
  const auto arguments = std::make_shared<Arguments>();
  arguments->command_line = typed;
  sub->add_option("CONFIG", arguments->config,
                  "Configuration (TOML) to measure; without it the papers' model")
      ->type_name("");
  sub->add_option("--latents", arguments->latents,
                  "Measure the stages that train so many latent tokens (stages 0, 2 and 4)")
      ->delimiter(',')
      ->check(integer_in(0, 1 << 20))
      ->type_name("N");
  sub->add_option("--steps", arguments->steps, "Training steps to measure at each stage")
      ->check(integer_in(1, 1 << 20))
      ->capture_default_str()
      ->type_name("N");
  sub->add_option("--warmup", arguments->warmup, "Steps before them that are not measured")
      ->check(integer_in(0, 1 << 20))
      ->capture_default_str()
      ->type_name("N");
  add_choice(*sub, "--scaling", arguments->scaling,
             "Whether train.batch_size is the batch of all ranks or of each");
  sub->add_option("--json", arguments->json,
                  "Also write the results to this file (-: to stdout, in place of the tables)")
      ->check(output_name())
      ->type_name("FILE");
  sub->add_option(
         "--trace", arguments->trace,
         "Also write a step at the last of --latents to this file, as a trace of all ranks "
         "for Perfetto (ui.perfetto.dev) or chrome://tracing")
      ->check(output_name())
      ->type_name("FILE");
  add_force(*sub, arguments->force);
  add_verbosity(*sub);
  train::RunOptions defaults;
  add_settings(*sub, config::option_table(defaults), arguments->overrides);
  set_run(*sub, command, arguments, run);
}

}  // namespace superpose::jobs
