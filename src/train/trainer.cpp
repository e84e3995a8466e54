#include "train/trainer.hpp"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <new>

#include "analysis/probe.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/progress_bar.hpp"
#include "data/curriculum.hpp"
#include "io/agreement.hpp"
#include "optim/schedule.hpp"
#include "train/same_run.hpp"

namespace superpose::train {
namespace {

/// The first `limit` problems, or all for 0.
std::vector<data::Problem> first_problems(const std::vector<data::Problem>& problems, int limit) {
  const auto n = static_cast<std::ptrdiff_t>(problems.size());
  return {problems.begin(),
          problems.begin() + (limit > 0 ? std::min<std::ptrdiff_t>(limit, n) : n)};
}

/// None if nothing is recorded: not wanted, or no thoughts to record.
std::vector<data::Problem> recorded_problems(const RunOptions& options,
                                             const std::vector<data::Problem>& held_out) {
  if (options.record.every == 0 || !data::has_stages(options.method.name)) return {};
  return first_problems(held_out, options.record.problems);
}

/// Of a state of so many parameters, with two moments each, before one has been measured.
double estimated_save_seconds(std::size_t n_parameters) {
  constexpr double bytes_per_second = 50e6;
  return 1 + 3.0 * sizeof(float) * static_cast<double>(n_parameters) / bytes_per_second;
}

}  // namespace

Trainer::Trainer(const RunOptions& options, const TrainingData& data,
                 const distributed::Communicator& communicator, const io::RunMetadata& metadata,
                 const Start& from, const JobLimits& limits)
    : options_(options),
      data_(data),
      visits_(data.train.sizes, options.data.share_plan()),
      total_steps_(n_steps(0, options.train.epochs)),
      decay_steps_(
          n_steps(options.train.epochs - options.optimizer.decay_epochs, options.train.epochs)),
      communicator_(communicator),
      metadata_(metadata),
      recorded_(recorded_problems(options, data.valid.problems)),
      faults_(std::getenv("SUPERPOSE_FAULT"), communicator.rank(), communicator.size()),
      training_step_(options, data.train.problems, communicator),
      state_(training_step_.model(), training_step_.optimizer()),
      limits_(limits) {
  if (limits.watchdog_seconds > 0)
    watchdog_.emplace(communicator, times_.activity(), limits.watchdog_seconds);
  if (faults_.armed()) listen_for_faults();
  start(from);
}

/// Process faults strike as a phase begins, a NaN where the value is made.
void Trainer::listen_for_faults() {
  training_step_.set_faults(faults_);
  times_.activity().set_listener(
      [this](const char* phase, std::int64_t step) { faults_.begin(phase, step); });
}

namespace {

void create_directory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  validate(!error, ExitCode::io,
           "cannot create the run directory {} ({}); choose another "
           "output.directory",
           directory, error.message());
}

/// Error (usage) if the newest readable checkpoint is another run's. Asked before any tensor is
/// read: to a run with another model intact tensors look damaged.
void require_same_run_in(const std::string& directory, const io::RunMetadata& now) {
  for (const auto& checkpoint : io::find_checkpoints(directory)) {
    std::optional<io::RunMetadata> stored;
    try {
      stored = io::read_header(checkpoint.path).metadata;
    } catch (const Error&) {  // read_newest warns of it
    }
    if (stored) return require_same_run(*stored, now);
  }
}

/// As io::best_score, the same on every rank.
std::optional<double> best_accuracy_in(const distributed::Communicator& communicator,
                                       const std::string& directory, std::int64_t step) {
  double best = std::nan("");
  io::agree_on_rank_0(communicator, [&] { best = io::best_score(directory, step).value_or(best); });
  communicator.broadcast_bytes(&best, sizeof best);
  if (std::isnan(best)) return std::nullopt;
  return best;
}

}  // namespace

std::optional<TrainingState::Restored> Trainer::restore(const Start& from, bool has_run) {
  const auto& directory = options_.output.directory;
  validate(!has_run || from.source != Start::Source::scratch, ExitCode::usage,
           "{} holds checkpoints (a new run would mix with them); use --resume auto to continue "
           "that run, choose another output.directory, or remove it",
           directory);
  if (from.source == Start::Source::checkpoint && !has_run) {
    const auto restored =
        state_.restore(communicator_, io::checkpoint_file(communicator_, from.checkpoint));
    io::agree_on_rank_0(communicator_,
                        [&] { require_same_computation(restored.metadata, metadata_); });
    if (!same_optimizer(restored.metadata, metadata_)) {
      log::info("the checkpoint is of another optimizer: its moments are left out");
      training_step_.optimizer().reset();
    }
    return restored;
  }
  if (!has_run) return std::nullopt;
  io::agree_on_rank_0(communicator_, [&] { require_same_run_in(directory, metadata_); });
  return state_.restore_newest(communicator_, directory);
}

/// A directory that cannot be written to holds no other job, and a complete run asks for no lock.
void Trainer::take_lock() {
  try {
    lock_.emplace(options_.output.directory);
  } catch (const Error& error) {
    if (error.code() != ExitCode::io) throw;
    why_unlocked_ = error.what();
  }
}

void Trainer::start(const Start& from) {
  const auto& directory = options_.output.directory;
  io::agree_on_rank_0(communicator_, [&] {
    create_directory(directory);
    take_lock();
  });
  const bool has_run = !communicator_.all_agree(io::find_checkpoints(directory).empty());
  if (has_run && from.source == Start::Source::checkpoint)
    log::info("{} holds checkpoints and goes on from its newest; {} is not read", directory,
              from.checkpoint);
  const auto restored = restore(from, has_run);
  if (restored) progress_ = restored->progress;
  if (has_run) best_accuracy_ = best_accuracy_in(communicator_, directory, progress_.step);
  recorder_.emplace(recorder_plan(), metadata_, has_run, progress_.step, progress_.epoch);
  if (restored)
    log::info("{} at step {} (epoch {}, stage {})", has_run ? "resumed" : "branched off",
              progress_.step, progress_.epoch + 1, progress_.curriculum.stage);
}

Recorder::Plan Trainer::recorder_plan() const {
  Recorder::Plan plan;
  plan.directory = options_.output.directory;
  plan.is_writer = communicator_.rank() == 0;
  plan.log_every = options_.output.log_every;
  plan.jsonl = options_.output.jsonl;
  plan.total_epochs = options_.train.epochs;
  plan.total_steps = total_steps_;
  plan.max_hops = analysis::most_hops(data_.valid.problems);
  if (!recorded_.empty())
    plan.attention = {options_.model.n_layer, options_.model.n_head, plan.max_hops};
  return plan;
}

std::int64_t Trainer::n_steps(std::int64_t first_epoch, std::int64_t last_epoch) const {
  return visits_.n_steps(first_epoch, last_epoch, options_.train.batch_size);
}

ExitCode Trainer::run() {
  if (progress_.epoch >= options_.train.epochs) {
    log::info("the run in {} is complete ({} epochs); nothing to do", options_.output.directory,
              progress_.epoch);
    return ExitCode::done;
  }
  io::agree_on_rank_0(communicator_,
                      [&] { validate(lock_.has_value(), ExitCode::io, "{}", why_unlocked_); });
  recorder_->begin();
  io::try_checkpoint(communicator_, options_.output.directory);
  stop_.emplace(options_.output.directory, communicator_.rank() == 0, limits_,
                estimated_save_seconds(training_step_.model().parameters().flat.extent(0)));
  const Stopwatch watch;
  const Flow flow = run_epochs();
  stop_->done();
  log::info("\nwhere the time went (rank 0):\n{}", times_.table(watch.seconds()));
  if (flow == Flow::go_on) return ExitCode::done;
  if (communicator_.rank() == 0)
    log::warning("stopped by {} at step {} after a checkpoint; run the same command to go on",
                 stop_->reason(), progress_.step);
  return ExitCode::interrupted;
}

Trainer::Flow Trainer::run_epochs() {
  const auto& activity = times_.activity();
  const auto here = [&] { return place(activity.phase(), activity.step()); };
  times_.activity().enter("training");  // what is between the measured phases
  try {
    Flow flow = Flow::go_on;
    while (flow == Flow::go_on && progress_.epoch < options_.train.epochs) flow = run_epoch();
    return flow;
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{} (in {})", error.what(), here()), error.agreed());
  } catch (const std::bad_alloc&) {
    fail(ExitCode::failure, "out of memory (in {}); use more nodes, or fewer ranks on each",
         here());
  }
}

namespace {

/// Batch number `step` of an epoch; the last may be smaller.
std::vector<std::uint32_t> batch_of(const std::vector<std::uint32_t>& order, std::int64_t step,
                                    std::size_t batch_size) {
  const auto begin = static_cast<std::size_t>(step) * batch_size;
  const auto end = std::min(order.size(), begin + batch_size);
  return {order.begin() + static_cast<long>(begin), order.begin() + static_cast<long>(end)};
}

}  // namespace

Trainer::Flow Trainer::run_epoch() {
  const Stopwatch watch;
  const auto order =
      data::epoch_order(visits_.of_epoch(progress_.epoch), options_.train.seed, progress_.epoch);
  const auto steps = n_steps(progress_.epoch, progress_.epoch + 1);
  const auto batch_size = static_cast<std::size_t>(options_.train.batch_size);
  ProgressBar bar(fmt::format("epoch {}/{}", progress_.epoch + 1, options_.train.epochs), steps,
                  progress_.step_in_epoch);
  while (progress_.step_in_epoch < steps) {
    const auto next = progress_.step_in_epoch + 1;  // of the next epoch nothing is known yet
    if (next < steps)
      training_step_.gradient().announce(batch_of(order, next, batch_size), batch_key());
    const auto flow = step(batch_of(order, progress_.step_in_epoch, batch_size));
    bar.advance();
    if (flow == Flow::go_on) continue;
    save();
    return Flow::stop;
  }
  finish_epoch(watch.seconds());
  return Flow::go_on;
}

BatchKey Trainer::batch_key() const {
  return {progress_.curriculum.stage, static_cast<std::uint64_t>(progress_.epoch)};
}

/// Of the next step.
double Trainer::learning_rate() const {
  return optim::learning_rate(
      options_.optimizer, {progress_.step, total_steps_, decay_steps_, progress_.curriculum.stage});
}

Trainer::Flow Trainer::step(const std::vector<std::uint32_t>& batch) {
  const Stopwatch watch;
  if (lock_) lock_->refresh();
  times_.activity().set_step(progress_.step + 1);
  faults_.begin("step", progress_.step + 1);
  const auto key = batch_key();
  const double rate = learning_rate();
  const auto outcome = training_step_.run({batch, key}, rate, stop_->due(), times_);
  require_finite(outcome, batch);
  const auto& sums = outcome.sums;
  ++progress_.step;
  ++progress_.step_in_epoch;
  progress_.held_out_accuracy.reset();
  progress_.epoch_loss += sums.loss;
  progress_.epoch_labels += sums.labels;
  recorder_->record(StepRecord{progress_.step, progress_.epoch, key.stage, outcome.loss,
                               outcome.gradient_norm, rate, watch.seconds(), sums.tokens,
                               sums.operations});
  return sums.stop == 0 ? Flow::go_on : Flow::stop;
}

void Trainer::require_finite(const StepOutcome& outcome, const std::vector<std::uint32_t>& batch) {
  if (!outcome.finite_gradient)
    fail_everywhere(ExitCode::divergence,
                    "the training diverged at step {} of epoch {} (loss {}, gradient norm {}); "
                    "lower optimizer.learning_rate or set optimizer.clip_norm. {}",
                    progress_.step + 1, progress_.epoch + 1, outcome.sums.loss,
                    outcome.gradient_norm, keep_diverged_batch(batch));
  if (!outcome.finite_weights)
    fail_everywhere(ExitCode::divergence,
                    "the training diverged at step {} of epoch {} (a weight is not finite); lower "
                    "optimizer.learning_rate or optimizer.weight_decay. {}",
                    progress_.step + 1, progress_.epoch + 1, keep_diverged_batch(batch));
}

/// Leaves the batch and the steps before it on the disk; what the user finds there. A disk that
/// fails now must not hide the divergence.
std::string Trainer::keep_diverged_batch(const std::vector<std::uint32_t>& batch) {
  const auto path =
      fmt::format("{}/diverged_step_{:09}.json", options_.output.directory, progress_.step + 1);
  std::string found = "its batch is in " + path;
  if (communicator_.rank() != 0) return found;  // which only rank 0 prints
  try {
    recorder_->flush();
    std::vector<data::Problem> problems;
    for (const auto index : batch) problems.push_back(data_.train.problems[index]);
    data::write_problems(path, problems);
  } catch (const std::exception& error) {
    found = fmt::format("its batch or the history before it could not be kept ({})", error.what());
  }
  return "Checkpoints written before are intact; " + found;
}

std::optional<Outcomes> Trainer::evaluate_held_out() {
  const bool last = progress_.epoch + 1 == options_.train.epochs;
  const bool due = last || (progress_.epoch + 1) % options_.train.eval_every == 0;
  if (data_.valid.problems.empty() || !due) return std::nullopt;
  const ScopedTimer timer(times_, "evaluation");
  EvaluationSettings settings;
  settings.method = options_.method;
  settings.seed = options_.train.seed;
  return evaluate(training_step_.model(),
                  first_problems(data_.valid.problems, options_.train.eval_problems), settings,
                  communicator_, &times_.activity());
}

void Trainer::record_attention(const EpochRecord& epoch) {
  // Not after the last epoch as such: a run that is made longer later has the same records.
  if (recorded_.empty() || (epoch.epoch + 1) % options_.record.every != 0) return;
  const ScopedTimer timer(times_, "recording");
  analysis::ProbeSettings settings{options_.method, options_.train.seed};
  settings.n_thoughts = analysis::most_hops(data_.valid.problems);  // whatever record.problems is
  const auto round_done = [this](const analysis::ProbedBatch*) { times_.activity().meet(); };
  recorder_->record(epoch, analysis::probe(training_step_.model(), recorded_, settings,
                                           communicator_, round_done));
}

void Trainer::finish_epoch(double seconds) {
  const Stopwatch watch;
  const auto outcomes = evaluate_held_out();
  EpochRecord record;
  record.epoch = progress_.epoch;
  record.stage = progress_.curriculum.stage;
  record.loss = progress_.epoch_loss / static_cast<double>(progress_.epoch_labels);
  record.seconds = seconds + watch.seconds();
  if (outcomes) {
    const auto summary = summarise(*outcomes);
    progress_.held_out_accuracy = summary.all.accuracy;
    recorder_->record(record, summary);
  } else {
    recorder_->record(record);
  }
  record_attention(record);
  recorder_->flush();  // readers see every epoch; a resumed run drops what its checkpoint lacks
  const double excess = outcomes ? excess_loss(*outcomes, record.stage) : std::nan("");
  const bool new_stage = data::has_stages(options_.method.name) &&
                         data::end_epoch(progress_.curriculum, options_.curriculum, excess);
  ++progress_.epoch;
  progress_.step_in_epoch = 0;
  progress_.epoch_loss = 0;
  progress_.epoch_labels = 0;
  if (new_stage && options_.curriculum.reset_optimizer) training_step_.optimizer().reset();
  if (new_stage) log::info("stage {} begins", progress_.curriculum.stage);
  const bool last = progress_.epoch == options_.train.epochs;
  const bool due = last || progress_.epoch % options_.output.checkpoint_every == 0;
  if (due || is_best()) save();
}

/// Whether no checkpoint of the run answers as many held-out problems: the best of all evaluated
/// epochs is kept, as RbS selects it, not the best of those that happen to be saved.
bool Trainer::is_best() const {
  return progress_.held_out_accuracy &&
         (!best_accuracy_ || *progress_.held_out_accuracy > *best_accuracy_);
}

void Trainer::save() {
  const ScopedTimer timer(times_, "checkpoint");
  const Stopwatch watch;
  recorder_->flush();  // first: a resumed run can drop steps, not bring them back
  times_.activity().meet();
  state_.save(communicator_, options_.output.directory, progress_, metadata_, options_.output.keep);
  if (is_best()) best_accuracy_ = progress_.held_out_accuracy;
  stop_->saved(watch.seconds());
}

}  // namespace superpose::train
