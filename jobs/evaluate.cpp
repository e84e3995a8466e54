#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "data/curriculum.hpp"
#include "data/expand.hpp"
#include "data/problem_file.hpp"
#include "data/shortcuts.hpp"
#include "io/agreement.hpp"
#include "io/checkpoint.hpp"
#include "io/json_file.hpp"
#include "jobs/compute_session.hpp"
#include "jobs/jobs.hpp"
#include "train/evaluation_summary.hpp"
#include "train/same_run.hpp"
#include "train/training_state.hpp"

namespace superpose::jobs {
namespace {

using io::Json;
using io::number;

/// Results for one number of latents; none: those of the training.
struct Result {
  std::optional<int> n_latent;
  train::EvaluationSummary summary;
};

Json to_json(const train::AnswerSummary& s) {
  return {{"problems", s.problems},
          {"accuracy", number(s.accuracy)},
          {"candidate_accuracy", number(s.candidate_accuracy)},
          {"loss", number(s.loss)}};
}

Json to_json(const train::HopSummary& s) {
  return {{"hop", s.hop},
          {"stage", s.hop - 1},
          {"problems", s.problems},
          {"optimal", s.optimal},
          {"frontier", s.frontier},
          {"loss", s.loss},
          {"uniform_guess_loss", s.uniform_loss},
          {"frontier_rule", "distance"}};
}

Json to_json(const Result& result) {
  Json json{{"latents", result.n_latent ? Json(*result.n_latent) : Json("hops * c_thought")},
            {"all", to_json(result.summary.all)},
            {"equal_depth", to_json(result.summary.equal_depth)}};
  for (const auto& [hops, answers] : result.summary.by_hops)
    json["by_hops"][std::to_string(hops)] = to_json(answers);
  json["next_node"] = Json::array();
  for (const auto& hop : result.summary.hops) json["next_node"].push_back(to_json(hop));
  return json;
}

/// The heuristics that do not look at the root: what an accuracy must beat to show search.
std::vector<data::Shortcut> blind_shortcuts(const std::vector<data::Problem>& problems) {
  auto rows = data::shortcuts(problems);
  rows.erase(std::remove_if(rows.begin(), rows.end(),
                            [](const data::Shortcut& s) { return s.looks_at_root; }),
             rows.end());
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.accuracy > b.accuracy; });
  return rows;
}

void print(const Result& result) {
  log::info("{}", result.n_latent ? fmt::format("with {} latent tokens", *result.n_latent)
                                  : std::string("with as many latent tokens as in training"));
  log::info("{}", train::table(result.summary));
}

void print_shortcuts(const std::vector<data::Shortcut>& rows) {
  log::info("best shortcuts that do not look at the root (accuracy, on equally deep candidates):");
  for (std::size_t i = 0; i < std::min<std::size_t>(3, rows.size()); ++i)
    log::info("  {:<48}{:>8.2f} %{:>8.2f} %", rows[i].name, 100 * rows[i].accuracy,
              100 * rows[i].accuracy_equal_depth);
}

Json report(const EvaluateArguments& arguments, const std::string& checkpoint,
            const data::ProblemFile& file, const io::CheckpointHeader& header,
            const std::vector<Result>& results, const std::vector<data::Shortcut>& shortcuts) {
  Json json{{"command_line", arguments.command_line},
            {"checkpoint", checkpoint},
            {"step", header.step},
            {"git_hash", header.metadata.git_hash},
            {"sequence_version", train::sequence_version_of(header.metadata)},
            {"data", arguments.data},
            {"data_hash", file.hash},
            {"problems", file.problems.size()}};
  for (const auto& result : results) json["results"].push_back(to_json(result));
  for (const auto& s : shortcuts)
    json["shortcuts"].push_back({{"name", s.name},
                                 {"accuracy", s.accuracy},
                                 {"accuracy_equal_depth", number(s.accuracy_equal_depth)}});
  return json;
}

/// What --latents asks for; one result of the training's own number without it.
std::vector<std::optional<int>> latent_counts(const std::vector<int>& asked,
                                              const data::MethodOptions& method) {
  if (asked.empty()) return {std::nullopt};
  validate(data::has_stages(method.name), ExitCode::usage,
           "--latents does not apply to method {} (it has no latent tokens); leave it out",
           data::to_string(method.name));
  return {asked.begin(), asked.end()};
}

/// The newest checkpoint of a run directory; a file is its own.
std::string checkpoint_of(const std::string& path, const distributed::Communicator& world) {
  std::string checkpoint = path;
  io::agree_on_rank_0(world, [&] {
    if (!std::filesystem::is_directory(path)) return;
    const auto found = io::find_checkpoints(path);
    validate(!found.empty(), ExitCode::checkpoint,
             "the folder {} has no checkpoints (is it a run directory?); train first", path);
    checkpoint = found.front().path;
  });
  return world.broadcast(checkpoint);
}

/// Says so if the model was trained on sequences that this program makes no more.
void note_sequence_version(const io::RunMetadata& metadata, data::Method method) {
  const auto version = train::sequence_version_of(metadata);
  if (version == data::sequence_version(method)) return;
  log::info("trained by version {} of the sequences of {}, this program makes version {} ({}){}\n",
            version, data::to_string(method), data::sequence_version(method),
            data::sequence_change(method),
            method == data::Method::no_cot ? "; here [A] is given, as in that training" : "");
}

void check_fits(const data::ProblemFile& file, const train::RunOptions& options,
                const std::vector<std::optional<int>>& latents) {
  data::check_fits(file.max_nodes, data::Vocabulary(options.model.vocab_size));
  for (const auto& n_latent : latents)
    data::check_fits_positions(data::longest_sequence(file.problems, options.method, n_latent),
                               options.model.n_positions);
}

}  // namespace

int evaluate_job(const EvaluateArguments& arguments, const distributed::Communicator& world) {
  const auto checkpoint = checkpoint_of(arguments.checkpoint, world);
  const auto header = io::read_header(world, checkpoint);
  const auto options = config::parse_run_config(header.metadata.configuration, checkpoint);
  const auto file = data::read_problems(arguments.data);
  const auto latents = latent_counts(arguments.latents, options.method);
  check_fits(file, options, latents);
  const bool writes_json = !arguments.json.empty() && world.rank() == 0;
  if (writes_json) io::check_writable(arguments.json);
  const ComputeSession compute;
  const auto model = model::make_network(options.model);
  train::load_parameters(world, checkpoint, model->parameters());
  log::info("{} (step {}) on {}: {} problems\n", checkpoint, header.step, arguments.data,
            file.problems.size());
  note_sequence_version(header.metadata, options.method.name);
  std::vector<Result> results;
  for (const auto& n_latent : latents) {
    const train::EvaluationSettings settings{
        options.method, options.train.seed, n_latent,
        static_cast<int>(train::sequence_version_of(header.metadata))};
    results.push_back(
        {n_latent, train::summarise(train::evaluate(*model, file.problems, settings, world))});
    print(results.back());
  }
  const auto shortcuts = blind_shortcuts(file.problems);
  print_shortcuts(shortcuts);
  if (writes_json)
    io::write_json(arguments.json, report(arguments, checkpoint, file, header, results, shortcuts));
  return 0;
}

}  // namespace superpose::jobs
