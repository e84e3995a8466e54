#include "config/run_config.hpp"

#include "config/mistakes.hpp"
#include "core/error.hpp"

namespace superpose::config {
namespace {

// Far above any use, and so low that sums and products of settings, and of settings with the hops
// and ranks of a job, stay within their types.
constexpr double most_channels = 1 << 16, most_tokens = 1 << 18, most_thoughts = 1 << 12,
                 most_leaves = 1 << 16, most_problems = 1 << 24;

void add_rows(OptionTable& table, train::DataOptions& data) {
  table.add("data.train", data.train, "problem file trained on, or a list of them");
  table.add("data.shares", data.shares,
            "part of each file that an epoch visits, drawn anew in every epoch; all if not given",
            from_above_to(0, 1));
  table.add(
      "data.later_shares", data.later_shares,
      "the same for all epochs but the first data.later_shares_from; data.shares if not given",
      from_above_to(0, 1));
  table.add("data.later_shares_from", data.later_shares_from, "epochs before data.later_shares",
            at_least(0));
  table.add("data.valid", data.valid, "held-out problems, evaluated while training; may be empty");
}

void add_rows(OptionTable& table, model::Gpt2Options& model) {
  table.add("model.n_layer", model.n_layer, "transformer layers", from_to(1, 4096));
  table.add("model.n_head", model.n_head, "attention heads; divides n_embd", from_to(1, 256));
  table.add("model.n_embd", model.n_embd, "width of the residual stream",
            from_to(1, most_channels));
  table.add("model.n_positions", model.n_positions, "longest sequence", from_to(1, 65536));
  table.add("model.vocab_size", model.vocab_size, "tokens; 9 more than the largest number of nodes",
            from_to(40, most_tokens));
  table.add("model.tied", model.tied, "output matrix is the embedding matrix");
  table.add("model.embd_pdrop", model.embd_pdrop, "dropout on embeddings", from_to_below(0, 1));
  table.add("model.attn_pdrop", model.attn_pdrop, "dropout on attention", from_to_below(0, 1));
  table.add("model.resid_pdrop", model.resid_pdrop, "dropout on residuals", from_to_below(0, 1));
  table.add("model.layer_norm_epsilon", model.layer_norm_epsilon, "added to the variance",
            above(0));
  table.add("model.initializer_range", model.initializer_range,
            "standard deviation of the initial weights", above(0));
  table.add("model.position_init", model.position_init,
            "how the table of positions begins: random, or sines of as large a mean square");
  table.add(
      "model.precision", model.precision,
      "operands of matrix products, all else is f32; tf32 is f32 rounded in a GPU's products");
}

void add_rows(OptionTable& table, data::MethodOptions& method) {
  table.add("method.name", method.name, "what is trained");
  table.add("method.exact_frontier", method.exact_frontier,
            "coconut_bfs_loss: candidates exactly k hops away, not within k");
  table.add("method.supervise", method.supervise,
            "hops of a sequence with labels; all: the earlier ones too, not the papers' loss");
  table.add("method.c_thought", method.c_thought, "latent tokens a hop", from_to(1, most_thoughts));
  table.add("method.uniform_prob", method.uniform_prob,
            "probability that a problem's stage is drawn uniformly", from_to(0, 1));
  table.add("method.uniform_prob_by_stage", method.uniform_prob_by_stage,
            "in its place, by stage of the curriculum; the last one holds for later stages",
            from_to(0, 1));
  table.add("method.shuffle_nodes", method.shuffle_nodes, "permute node ids in every epoch");
  table.add("method.last_edge_bar", method.last_edge_bar, "write '|' after the last edge too");
}

void add_rows(OptionTable& table, data::CurriculumOptions& curriculum) {
  table.add("curriculum.max_latent_stage", curriculum.max_latent_stage, "last stage", at_least(0));
  table.add("curriculum.first_stage_epochs", curriculum.first_stage_epochs, "epochs of stage 0",
            at_least(1));
  table.add("curriculum.epochs_per_stage", curriculum.epochs_per_stage,
            "epochs of each later stage but the last", at_least(1));
  table.add("curriculum.stage_end", curriculum.stage_end,
            "a stage ends after its epochs, or earlier once its held-out loss has settled");
  table.add("curriculum.settle_threshold", curriculum.settle_threshold,
            "nats above a uniform guess over the frontier that count as settled",
            from_to(-1e4, 1e4));
  table.add("curriculum.settle_patience", curriculum.settle_patience,
            "epochs in a row below the threshold", at_least(1));
  table.add("curriculum.reset_optimizer", curriculum.reset_optimizer,
            "forget the optimizer's moments when a stage begins");
}

void add_rows(OptionTable& table, optim::OptimizerOptions& optimizer) {
  table.add("optimizer.name", optimizer.name,
            "muon: Muon on the matrices of the transformer blocks, AdamW on all else");
  table.add("optimizer.learning_rate", optimizer.learning_rate, "AdamW's step size", above(0));
  table.add("optimizer.beta1", optimizer.beta1, "decay of the first moment", from_to_below(0, 1));
  table.add("optimizer.beta2", optimizer.beta2, "decay of the second moment", from_to_below(0, 1));
  table.add("optimizer.epsilon", optimizer.epsilon, "added to the root of the second moment",
            above(0));
  table.add("optimizer.weight_decay", optimizer.weight_decay, "decoupled, on every parameter",
            at_least(0));
  table.add("optimizer.muon_learning_rate", optimizer.muon_learning_rate,
            "Muon's step size, which follows the same schedule", above(0));
  table.add("optimizer.muon_momentum", optimizer.muon_momentum, "decay of Muon's momentum",
            from_to_below(0, 1));
  table.add("optimizer.clip_norm", optimizer.clip_norm,
            "largest global gradient norm; 0 for no clipping", at_least(0));
  table.add("optimizer.schedule", optimizer.schedule, "learning rate after the warm-up");
  table.add("optimizer.warmup_steps", optimizer.warmup_steps,
            "steps in which the learning rate rises from 0", at_least(0));
  table.add("optimizer.decay_epochs", optimizer.decay_epochs,
            "warmup_stable_decay: epochs at the end of the run in which the rate falls linearly",
            at_least(0));
  table.add("optimizer.final_lr_ratio", optimizer.final_lr_ratio,
            "cosine, warmup_stable_decay: last learning rate / learning_rate", from_to(0, 1));
  table.add("optimizer.stage_lr", optimizer.stage_lr,
            "factors of the learning rate by stage; the last one holds for later stages", above(0));
}

void add_rows(OptionTable& table, train::LoopOptions& loop) {
  table.add("train.seed", loop.seed, "of the weights, the order, dropout and every draw");
  table.add("train.epochs", loop.epochs, "passes over the problems, all stages together",
            at_least(1));
  table.add("train.batch_size", loop.batch_size, "problems a step, over all ranks",
            from_to(1, most_problems));
  table.add("train.leaves", loop.leaves,
            "parts of a batch, summed in a fixed tree; at least one a rank",
            from_to(1, most_leaves));
  table.add("train.accumulation", loop.accumulation,
            "passes a leaf is computed in: less memory, same step", at_least(1));
  table.add("train.eval_every", loop.eval_every, "epochs between evaluations", at_least(1));
  table.add("train.eval_problems", loop.eval_problems,
            "held-out problems used while training; 0 for all", at_least(0));
}

void add_rows(OptionTable& table, train::RecordOptions& record) {
  table.add("record.every", record.every,
            "epochs between records of attention and thoughts in run.h5; 0 for none", at_least(0));
  table.add("record.problems", record.problems, "held-out problems they use; 0 for all",
            at_least(0));
}

void add_rows(OptionTable& table, train::OutputOptions& output) {
  table.add("output.directory", output.directory, "where everything of the run is written");
  table.add("output.log_every", output.log_every, "steps between progress lines", at_least(1));
  table.add("output.jsonl", output.jsonl,
            "write those lines, and one an epoch and evaluation, to run.jsonl as JSON, too");
  table.add("output.checkpoint_every", output.checkpoint_every, "epochs between checkpoints",
            at_least(1));
  table.add("output.keep", output.keep, "checkpoints kept; older ones are removed", at_least(1));
}

void check_files(Mistakes& mistakes, const train::RunOptions& options) {
  const auto& files = options.data.train;
  mistakes.require(
      !files.empty() && std::find(files.begin(), files.end(), "") == files.end(),
      "data.train is empty (training needs problems); name a problem file, for instance one "
      "written by superpose generate");
  const auto check_shares = [&](const char* key, std::size_t n_shares) {
    mistakes.require(n_shares == 0 || n_shares == files.size(),
                     "{} has {} entries but data.train has {} files (each file has its "
                     "share); give as many, or none",
                     key, n_shares, files.size());
  };
  check_shares("data.shares", options.data.shares.size());
  check_shares("data.later_shares", options.data.later_shares.size());
  const int from = options.data.later_shares_from;
  mistakes.require(
      options.data.later_shares.empty() ? from == 0 : from >= 1 && from < options.train.epochs,
      "data.later_shares_from = {} says when data.later_shares begin; give both, and "
      "from 1 to train.epochs - 1 = {}, or neither",
      from, options.train.epochs - 1);
  mistakes.require(!options.output.directory.empty(),
                   "output.directory is empty (the run has nowhere to write); name a directory");
}

void check_model(Mistakes& mistakes, const model::Gpt2Options& model) {
  mistakes.require(
      model.n_embd % model.n_head == 0,
      "model.n_embd = {} is not a multiple of model.n_head = {} (each head gets an equal part "
      "of the width); change one of them",
      model.n_embd, model.n_head);
}

/// A list by stages, whose last entry holds for later ones.
void check_by_stage(Mistakes& mistakes, const char* key, const std::vector<double>& list,
                    int max_latent_stage) {
  const std::size_t n_stages = static_cast<std::size_t>(max_latent_stage) + 1;
  mistakes.require(
      list.size() <= n_stages,
      "{} has {} entries (curriculum.max_latent_stage = {}: there are {} stages); leave out "
      "what no stage uses",
      key, list.size(), max_latent_stage, n_stages);
}

void check_schedule(Mistakes& mistakes, const train::RunOptions& options) {
  const auto& optimizer = options.optimizer;
  check_by_stage(mistakes, "optimizer.stage_lr", optimizer.stage_lr,
                 options.curriculum.max_latent_stage);
  if (optimizer.schedule == optim::Schedule::warmup_stable_decay) {
    mistakes.require(
        optimizer.decay_epochs >= 1 && optimizer.decay_epochs <= options.train.epochs,
        "optimizer.decay_epochs = {} is not in 1..train.epochs = {} "
        "(optimizer.schedule = \"warmup_stable_decay\" decays in so many of the run's epochs); "
        "change it",
        optimizer.decay_epochs, options.train.epochs);
  } else {
    mistakes.require(
        optimizer.decay_epochs == 0,
        "optimizer.decay_epochs = {} has no effect (only the schedule warmup_stable_decay "
        "reads it); set it to 0 or optimizer.schedule to \"warmup_stable_decay\"",
        optimizer.decay_epochs);
  }
}

void check_method(Mistakes& mistakes, const data::MethodOptions& method, int max_latent_stage) {
  check_by_stage(mistakes, "method.uniform_prob_by_stage", method.uniform_prob_by_stage,
                 max_latent_stage);
  mistakes.require(
      method.uniform_prob_by_stage.empty() || data::has_stages(method.name),
      "method.uniform_prob_by_stage has no effect (method.name = \"{}\" has no stages); leave "
      "it out",
      superpose::to_string(method.name));
  mistakes.require(
      !method.exact_frontier || method.name == data::Method::coconut_bfs_loss,
      "method.exact_frontier = true has no effect (only coconut_bfs_loss has a candidate set); "
      "set it to false or method.name to \"coconut_bfs_loss\"");
}

/// A stage can only be seen to settle if its held-out loss is measured in every epoch.
void check_settling(Mistakes& mistakes, const train::RunOptions& options) {
  if (options.curriculum.stage_end != data::StageEnd::settled) return;
  mistakes.require(
      !options.data.valid.empty(),
      "curriculum.stage_end = \"settled\" needs held-out problems (their loss ends a stage); "
      "set data.valid, or stage_end to \"epochs\"");
  mistakes.require(
      options.train.eval_every == 1,
      "train.eval_every = {} leaves epochs unmeasured (curriculum.stage_end = \"settled\" "
      "looks at every epoch); set it to 1, or stage_end to \"epochs\"",
      options.train.eval_every);
}

/// What does nothing where a method has no stages and no thoughts.
void check_stages(Mistakes& mistakes, const train::RunOptions& options) {
  if (data::has_stages(options.method.name)) return;
  const auto method = superpose::to_string(options.method.name);
  mistakes.require(options.method.c_thought == 1,
                   "method.c_thought = {} has no effect (method.name = \"{}\" has no thoughts); "
                   "leave it out",
                   options.method.c_thought, method);
  mistakes.require(options.optimizer.stage_lr.size() <= 1,
                   "optimizer.stage_lr has {} entries (method.name = \"{}\" has one stage); leave "
                   "out the later ones",
                   options.optimizer.stage_lr.size(), method);
  mistakes.require(options.curriculum.stage_end == data::StageEnd::epochs,
                   "curriculum.stage_end = \"settled\" has no effect (method.name = \"{}\" has no "
                   "stages); set it to \"epochs\"",
                   method);
}

/// A loss over a candidate set that holds the root is near 0 as soon as the root is named.
void check_settled_set(Mistakes& mistakes, const train::RunOptions& options) {
  const auto& method = options.method;
  const bool root_is_enough =
      method.name == data::Method::coconut_bfs_loss && !method.exact_frontier;
  mistakes.require(
      !root_is_enough || options.curriculum.stage_end != data::StageEnd::settled,
      "curriculum.stage_end = \"settled\" does not go with method.exact_frontier = false of "
      "coconut_bfs_loss (its sets hold the root, so that naming the root alone looks settled); "
      "set exact_frontier to true, or stage_end to \"epochs\"");
}

/// Methods without stages label every token of their continuation.
void check_supervision(Mistakes& mistakes, const data::MethodOptions& method) {
  mistakes.require(
      method.supervise == data::Supervision::last || data::has_stages(method.name),
      "method.supervise = \"all\" has no meaning for method.name = \"{}\" (it has no thoughts to "
      "supervise); set it to \"last\", or train another method",
      superpose::to_string(method.name));
}

void check_loop(Mistakes& mistakes, const train::LoopOptions& loop) {
  mistakes.require(
      loop.batch_size >= loop.leaves,
      "train.batch_size = {} is smaller than train.leaves = {} (each leaf needs a problem); "
      "raise the batch size or lower the leaves",
      loop.batch_size, loop.leaves);
  if (loop.batch_size < loop.leaves) return;
  const int smallest_leaf = loop.batch_size / loop.leaves;
  mistakes.require(
      loop.accumulation <= smallest_leaf,
      "train.accumulation = {} is larger than the {} problems of a leaf (batch_size / leaves; "
      "each pass needs a problem); lower it",
      loop.accumulation, smallest_leaf);
}

void check_ranks(Mistakes& mistakes, const train::LoopOptions& loop, int n_ranks) {
  mistakes.require(n_ranks <= loop.leaves,
                   "train.leaves = {} is less than the {} ranks (each computes at least one leaf); "
                   "raise it, or start fewer ranks",
                   loop.leaves, n_ranks);
}

/// Everything that no single setting shows.
void check_all(Mistakes& mistakes, const train::RunOptions& options) {
  check_files(mistakes, options);
  check_model(mistakes, options.model);
  check_method(mistakes, options.method, options.curriculum.max_latent_stage);
  check_supervision(mistakes, options.method);
  check_schedule(mistakes, options);
  check_loop(mistakes, options.train);
  check_settling(mistakes, options);
}

/// The same, and what only a run that begins is held to: earlier versions took it.
void check_new(Mistakes& mistakes, const train::RunOptions& options, int n_ranks) {
  check_all(mistakes, options);
  check_stages(mistakes, options);
  check_settled_set(mistakes, options);
  check_ranks(mistakes, options.train, n_ranks);
}

}  // namespace

OptionTable option_table(train::RunOptions& options) {
  OptionTable table;
  add_rows(table, options.data);
  add_rows(table, options.model);
  add_rows(table, options.method);
  add_rows(table, options.curriculum);
  add_rows(table, options.optimizer);
  add_rows(table, options.train);
  add_rows(table, options.record);
  add_rows(table, options.output);
  return table;
}

OptionTable option_table(data::GeneratorOptions& options) {
  OptionTable table;
  table.add("count", options.count, "problems to write", at_least(1));
  table.add("seed", options.seed, "the same seed and options give the same file");
  table.add("n_nodes", options.n_nodes,
            "nodes before isolated ones are dropped; of a range, a number for each problem",
            from_to(4, 1024));
  table.add("min_hops", options.min_hops, "fewest hops from root to target", at_least(1));
  table.add("max_hops", options.max_hops, "most hops from root to target", at_least(1));
  table.add("parents_mean", options.parents_mean, "mean of the Poisson number of parents",
            from_above_to(0, 100));
  table.add("side0", options.side0, "probability of parents from root 0's side", from_to(0, 1));
  table.add("side1", options.side1, "the same for root 1; the rest draws from all", from_to(0, 1));
  table.add("depth_gain", options.depth_gain, "weight of a parent is depth_gain * depth + 1",
            from_to(0, 1e6));
  table.add("shuffle_nodes", options.shuffle_nodes, "permute node ids");
  table.add("match_depth", options.match_depth,
            "neg_target exactly as deep below the other root as the target");
  return table;
}

void check(const train::RunOptions& options) {
  Mistakes mistakes;
  check_all(mistakes, options);
  mistakes.require_none();
}

void check_new_run(const train::RunOptions& options, int n_ranks) {
  Mistakes mistakes;
  check_new(mistakes, options, n_ranks);
  mistakes.require_none();
}

void check(const data::GeneratorOptions& options) {
  validate(options.min_hops <= options.max_hops, ExitCode::usage,
           "min_hops = {} is larger than max_hops = {} (no problem has such a length); change one",
           options.min_hops, options.max_hops);
  // The path has one node more than hops; the other candidate and its root are two more.
  validate(options.min_hops <= options.n_nodes.min - 3, ExitCode::usage,
           "min_hops = {} is too large for n_nodes = {} (a problem of {} hops has {} nodes at "
           "least); change one",
           options.min_hops, to_string(options.n_nodes), options.min_hops,
           std::int64_t{options.min_hops} + 3);
  const double sides = options.side0 + options.side1;
  // Decimal fractions that add up to 1 may not do so in binary.
  validate(sides <= 1 + 1e-12, ExitCode::usage,
           "side0 + side1 = {} is larger than 1 (they are probabilities of one draw); lower one",
           sides);
}

namespace {

/// Settings and overrides in turn; those that cannot be set are mistakes.
train::RunOptions set_all(const std::vector<Setting>& settings,
                          const std::vector<Override>& overrides, Mistakes& mistakes) {
  train::RunOptions options;
  OptionTable table = option_table(options);
  for (const auto& setting : settings) mistakes.attempt(setting.key, [&] { table.set(setting); });
  for (const auto& override : overrides)
    mistakes.attempt(override.key, [&] { table.set(override); });
  return options;
}

}  // namespace

train::RunOptions parse_run_config(const std::string& text, const std::string& source,
                                   const std::vector<Override>& overrides) {
  Mistakes mistakes;
  const auto options = set_all(read_toml(text, source), overrides, mistakes);
  check_all(mistakes, options);
  mistakes.require_none();
  return options;
}

train::RunOptions read_run_config(const std::string& path, const std::vector<Override>& overrides,
                                  int n_ranks) {
  Mistakes mistakes;
  const auto options = set_all(read_toml(read_text(path), path), overrides, mistakes);
  check_new(mistakes, options, n_ranks);
  mistakes.require_none();
  return options;
}

data::GeneratorOptions read_generator_options(const std::vector<Override>& overrides) {
  data::GeneratorOptions options;
  OptionTable table = option_table(options);
  for (const auto& override : overrides) table.set(override);
  check(options);
  return options;
}

std::string effective_config(train::RunOptions options) {
  return option_table(options).toml();
}
std::string effective_config(data::GeneratorOptions options) {
  return option_table(options).toml();
}

}  // namespace superpose::config
