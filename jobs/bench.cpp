#include <vector>

#include "bench/measure.hpp"
#include "bench/report.hpp"
#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/version.hpp"
#include "data/curriculum.hpp"
#include "data/expand.hpp"
#include "data/generator.hpp"
#include "io/json_file.hpp"
#include "jobs/compute_session.hpp"
#include "jobs/jobs.hpp"
#include "kokkos_kernels/device.hpp"
#include "kokkos_kernels/matrix_library.hpp"

namespace superpose::jobs {
namespace {

using Problems = std::vector<data::Problem>;

/// Defaults alone are no valid configuration: they name no problems.
constexpr const char* defaults = "data.train = 'generated'";

/// The configured training, on generated problems, every problem at the stage of its epoch.
train::RunOptions read_options(const BenchArguments& arguments) {
  auto options = arguments.config.empty()
                     ? config::parse_run_config(defaults, "the defaults", arguments.overrides)
                     : config::read_run_config(arguments.config, arguments.overrides);
  options.data.train = "generated";
  options.data.valid = "";
  options.method.uniform_prob = 0;
  return options;
}

/// What all ranks compute together. Leaves grow with the batch: they stay as large as they were.
train::RunOptions over_ranks(train::RunOptions options, const std::string& scaling, int n_ranks) {
  if (scaling == "weak") {
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
           data::to_string(method.name));
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
Problems make_problems(const data::GeneratorOptions& generator, const train::RunOptions& options) {
  auto problems =
      data::generate_problems(generator, 0, static_cast<std::uint64_t>(options.train.batch_size))
          .problems;
  data::check_fits(generator.n_nodes, data::Vocabulary(options.model.vocab_size));
  data::check_fits_positions(data::longest_sequence(problems, options.method),
                             options.model.n_positions);
  return problems;
}

void greet(const train::RunOptions& options, const bench::Results& results) {
  log::info(
      "superpose bench: {}, {} layers, {} heads, n_embd {}, {}, batch {} in {} leaves, {} rank{}",
      data::to_string(options.method.name), options.model.n_layer, options.model.n_head,
      options.model.n_embd, model::to_string(options.model.precision), options.train.batch_size,
      options.train.leaves, results.ranks, results.ranks == 1 ? "" : "s");
  log::info("{}; {}; Kokkos {} ({})\n", kernels::device_name(), kernels::matrix_library(),
            kokkos_version(), kokkos_backends());
}

/// Rank 0 alone, while the others wait, on the batch of one rank.
double one_rank_seconds(const train::RunOptions& options, Problems problems, int stage,
                        bench::StepCounts counts, const distributed::Communicator& world) {
  double seconds = 0;
  problems.resize(static_cast<std::size_t>(options.train.batch_size));
  if (world.rank() == 0) {
    const distributed::Communicator alone(MPI_COMM_SELF);
    seconds = bench::measure_steps(options, problems, stage, counts, alone).median();
  }
  world.barrier();
  return seconds;
}

io::Json report(const BenchArguments& arguments, const train::RunOptions& options,
                const bench::Results& results) {
  io::Json json{{"command_line", arguments.command_line},
                {"version", program_version()},
                {"git_hash", git_hash()},
                {"matrix_library", kernels::matrix_library()},
                {"device", kernels::device_name()},
                {"configuration", config::effective_config(options)}};
  json.update(bench::to_json(results));
  return json;
}

}  // namespace

int bench_job(const BenchArguments& arguments, const distributed::Communicator& world) {
  const auto one_rank = read_options(arguments);
  const auto options = over_ranks(one_rank, arguments.scaling, world.size());
  const data::GeneratorOptions generator;
  const auto latents = latent_counts(arguments.latents, options.method, generator.max_hops);
  const auto problems = make_problems(generator, options);
  const bool writes_json = !arguments.json.empty() && world.rank() == 0;
  if (writes_json) io::check_writable(arguments.json);
  const ComputeSession compute;
  bench::Results results{world.size(), arguments.scaling, options.model.precision, {}, {}, {}};
  greet(options, results);
  const bench::StepCounts counts{arguments.warmup, arguments.steps};
  // The steps first: what the other measurements allocate would hide their peak memory.
  for (const int n_latent : latents) {
    const int stage = n_latent / options.method.c_thought;
    results.steps.push_back(bench::measure_steps(options, problems, stage, counts, world));
    results.steps.back().n_latent = n_latent;
  }
  for (auto& step : results.steps)
    if (world.size() > 1)
      step.one_rank_seconds = one_rank_seconds(
          one_rank, problems, step.n_latent / options.method.c_thought, counts, world);
  results.machine = bench::measure_machine(world);
  results.kernels = bench::measure_kernels(options, problems, world);
  log::info("{}", bench::text(results));
  if (writes_json) io::write_json(arguments.json, report(arguments, options, results));
  return 0;
}

}  // namespace superpose::jobs
