#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/run_config.hpp"
#include "core/error.hpp"
#include "data/curriculum.hpp"

namespace superpose::config {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::string smallest = "data.train = \"train.json\"\n";

train::RunOptions parse(const std::vector<Override>& overrides) {
  return parse_run_config(smallest, "x.toml", overrides);
}

/// Message of the usage error that the overrides end with.
std::string error_of(const std::vector<Override>& overrides) {
  try {
    parse(overrides);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    return error.what();
  }
  return "no error";
}

TEST(RunConfig, OverrideWinsOverFileAndFileOverDefault) {
  const auto options =
      parse_run_config(smallest + "[model]\nn_layer = 3\nn_head = 4\n[method]\nname = \"pause\"\n",
                       "x.toml", {{"model.n_layer", "5"}});
  EXPECT_EQ(options.model.n_layer, 5);
  EXPECT_EQ(options.model.n_head, 4);
  EXPECT_EQ(options.model.n_embd, 768);
  EXPECT_EQ(options.method.name, data::Method::pause);
}

TEST(RunConfig, CallsEveryMethodByItsName) {
  using data::Method;
  for (const auto method : {Method::coconut, Method::coconut_bfs_sample, Method::coconut_bfs_loss,
                            Method::cot, Method::no_cot, Method::pause}) {
    EXPECT_EQ(parse({{"method.name", std::string(superpose::to_string(method))}}).method.name,
              method);
  }
}

TEST(RunConfig, EffectiveConfigGivesTheSameRun) {
  const auto options = parse({{"optimizer.learning_rate", "0.30000000000000004"},
                              {"method.name", "coconut_bfs_loss"},
                              {"method.exact_frontier", "true"},
                              {"curriculum.stage_end", "settled"},
                              {"data.valid", "valid.json"},
                              {"train.seed", "9223372036854775807"},
                              {"output.directory", "runs/a \"b\""}});
  const std::string text = effective_config(options);
  const auto again = parse_run_config(text, "checkpoint");
  EXPECT_EQ(effective_config(again), text);
  EXPECT_EQ(again.optimizer.learning_rate, 0.30000000000000004);
  EXPECT_EQ(again.train.seed, 9223372036854775807U);
  EXPECT_EQ(again.output.directory, "runs/a \"b\"");
  EXPECT_TRUE(again.method.exact_frontier);
}

/// A value for each key that no other key and no default has.
const std::vector<Override> value_of_each_key = {{"data.train", "t"},
                                                 {"data.shares", "[0.21]"},
                                                 {"data.later_shares", "[0.23]"},
                                                 {"data.later_shares_from", "13"},
                                                 {"data.valid", "v"},
                                                 {"model.n_layer", "3"},
                                                 {"model.n_head", "5"},
                                                 {"model.n_embd", "35"},
                                                 {"model.n_positions", "111"},
                                                 {"model.vocab_size", "47"},
                                                 {"model.tied", "false"},
                                                 {"model.embd_pdrop", "0.11"},
                                                 {"model.attn_pdrop", "0.12"},
                                                 {"model.resid_pdrop", "0.13"},
                                                 {"model.layer_norm_epsilon", "0.14"},
                                                 {"model.initializer_range", "0.15"},
                                                 {"model.position_init", "sinusoidal"},
                                                 {"model.precision", "bf16"},
                                                 {"method.name", "coconut_bfs_loss"},
                                                 {"method.exact_frontier", "true"},
                                                 {"method.supervise", "all"},
                                                 {"method.c_thought", "6"},
                                                 {"method.uniform_prob", "0.16"},
                                                 {"method.uniform_prob_by_stage", "[0.29, 0.31]"},
                                                 {"method.shuffle_nodes", "true"},
                                                 {"method.last_edge_bar", "true"},
                                                 {"curriculum.max_latent_stage", "7"},
                                                 {"curriculum.first_stage_epochs", "8"},
                                                 {"curriculum.epochs_per_stage", "9"},
                                                 {"curriculum.stage_end", "settled"},
                                                 {"curriculum.settle_threshold", "0.17"},
                                                 {"curriculum.settle_patience", "12"},
                                                 {"curriculum.reset_optimizer", "true"},
                                                 {"optimizer.name", "muon"},
                                                 {"optimizer.learning_rate", "0.18"},
                                                 {"optimizer.muon_learning_rate", "0.32"},
                                                 {"optimizer.muon_momentum", "0.33"},
                                                 {"optimizer.beta1", "0.19"},
                                                 {"optimizer.beta2", "0.21"},
                                                 {"optimizer.epsilon", "0.22"},
                                                 {"optimizer.weight_decay", "0.23"},
                                                 {"optimizer.clip_norm", "0.24"},
                                                 {"optimizer.schedule", "cosine"},
                                                 {"optimizer.warmup_steps", "13"},
                                                 {"optimizer.decay_epochs", "26"},
                                                 {"optimizer.final_lr_ratio", "0.25"},
                                                 {"optimizer.stage_lr", "[0.27, 0.28]"},
                                                 {"train.seed", "14"},
                                                 {"train.epochs", "15"},
                                                 {"train.batch_size", "116"},
                                                 {"train.leaves", "17"},
                                                 {"train.accumulation", "2"},
                                                 {"train.eval_every", "18"},
                                                 {"train.eval_problems", "19"},
                                                 {"record.every", "24"},
                                                 {"record.problems", "25"},
                                                 {"output.directory", "d"},
                                                 {"output.log_every", "21"},
                                                 {"output.jsonl", "true"},
                                                 {"output.checkpoint_every", "22"},
                                                 {"output.keep", "23"}};

/// No row of the table points at another row's variable.
TEST(RunConfig, EveryKeyHasItsOwnVariable) {
  train::RunOptions options;
  auto table = option_table(options);
  ASSERT_EQ(table.keys().size(), value_of_each_key.size()) << "a key is missing from this test";
  for (const auto& override : value_of_each_key) table.set(override);
  const std::string text = table.toml();
  for (const auto& [key, value] : value_of_each_key) {
    const std::string line = "\n" + key.substr(key.find('.') + 1) + " = ";
    EXPECT_THAT(text, testing::AnyOf(HasSubstr(line + value + "\n"),
                                     HasSubstr(line + '"' + value + "\"\n")));
  }
}

TEST(RunConfig, RefusesSettingsThatDoNotFitTogether) {
  EXPECT_THAT(error_of({{"model.n_head", "7"}}),
              AllOf(HasSubstr("model.n_embd = 768"), HasSubstr("model.n_head = 7")));
  EXPECT_THAT(error_of({{"train.batch_size", "4"}}),
              AllOf(HasSubstr("train.batch_size = 4"), HasSubstr("train.leaves = 8")));
  EXPECT_THAT(error_of({{"train.accumulation", "33"}}), HasSubstr("32 problems of a leaf"));
  EXPECT_THAT(error_of({{"method.exact_frontier", "true"}}), HasSubstr("no effect"));
  EXPECT_THAT(error_of({{"data.train", ""}}), HasSubstr("data.train is empty"));
  EXPECT_THAT(error_of({{"data.train", R"(["a.json", ""])"}}), HasSubstr("data.train is empty"));
  EXPECT_THAT(error_of({{"data.shares", "1,0.5"}}),
              HasSubstr("2 entries but data.train has 1 file"));
  EXPECT_THAT(error_of({{"data.shares", "0"}}), HasSubstr("a list of numbers in (0, 1]"));
  EXPECT_THAT(error_of({{"data.later_shares", "1,0.5"}, {"data.later_shares_from", "1"}}),
              HasSubstr("data.later_shares has 2 entries"));
  EXPECT_THAT(error_of({{"data.later_shares", "0.5"}}), HasSubstr("give both"));
  EXPECT_THAT(error_of({{"data.later_shares_from", "2"}}), HasSubstr("give both"));
  EXPECT_THAT(error_of({{"data.later_shares", "0.5"}, {"data.later_shares_from", "300"}}),
              HasSubstr("from 1 to train.epochs - 1 = 299"));
  const Override two{"data.train", R"(["a.json", "b\".json"])"};
  const auto options = parse({two, {"data.shares", "1,0.5"}});
  EXPECT_EQ(options.data.train, (std::vector<std::string>{"a.json", "b\".json"}));
  EXPECT_EQ(parse_run_config(effective_config(options), "x", {}).data.train, options.data.train);
  EXPECT_THAT(error_of({{"output.directory", ""}}), HasSubstr("output.directory is empty"));
  EXPECT_THAT(error_of({{"curriculum.stage_end", "settled"}}), HasSubstr("set data.valid"));
  EXPECT_THAT(error_of({{"curriculum.stage_end", "settled"},
                        {"data.valid", "valid.json"},
                        {"train.eval_every", "2"}}),
              HasSubstr("train.eval_every = 2"));
}

TEST(RunConfig, RefusesToSuperviseThoughtsThatThereAreNot) {
  for (const auto* method : {"cot", "no_cot"})
    EXPECT_THAT(error_of({{"method.supervise", "all"}, {"method.name", method}}),
                AllOf(HasSubstr("method.supervise"), HasSubstr(method)));
  for (const auto* method : {"coconut", "coconut_bfs_sample", "coconut_bfs_loss", "pause"})
    EXPECT_EQ(error_of({{"method.supervise", "all"}, {"method.name", method}}), "no error");
}

TEST(RunConfig, RefusesProbabilitiesOfStagesThatThereAreNot) {
  const Override three{"method.uniform_prob_by_stage", "0.1,0.2,0.3"};
  EXPECT_THAT(
      error_of({three, {"curriculum.max_latent_stage", "1"}}),
      AllOf(HasSubstr("method.uniform_prob_by_stage has 3 entries"), HasSubstr("2 stages")));
  EXPECT_THAT(error_of({three, {"method.name", "cot"}}), HasSubstr("no stages"));
  EXPECT_EQ(parse({three}).method.uniform_prob_by_stage, (std::vector<double>{0.1, 0.2, 0.3}));
}

TEST(RunConfig, RefusesAScheduleThatDoesNotFitTheRun) {
  const Override decays{"optimizer.schedule", "warmup_stable_decay"};
  EXPECT_THAT(error_of({decays}),
              HasSubstr("optimizer.decay_epochs = 0 is not in 1..train.epochs"));
  EXPECT_THAT(error_of({decays, {"optimizer.decay_epochs", "301"}}), HasSubstr("= 300"));
  EXPECT_THAT(error_of({{"optimizer.decay_epochs", "3"}}), HasSubstr("no effect"));
  EXPECT_THAT(error_of({{"optimizer.stage_lr", "1,1,1,1,1,0.1"}}),
              AllOf(HasSubstr("optimizer.stage_lr has 6 entries"), HasSubstr("5 stages")));
  const auto options =
      parse({decays, {"optimizer.decay_epochs", "300"}, {"optimizer.stage_lr", "1,1,1,1,0.1"}});
  EXPECT_EQ(options.optimizer.decay_epochs, 300);
  EXPECT_EQ(options.optimizer.stage_lr, (std::vector<double>{1, 1, 1, 1, 0.1}));
}

/// What a run that begins is told of settings that a stored configuration may have: it is read.
std::string refusal_of_new_run(const std::vector<Override>& overrides) {
  const auto options = parse(overrides);
  try {
    check_new_run(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    return error.what();
  }
  return "";
}

// With the root in the set, the loss falls to 0 once the root is named: no sign of a search.
TEST(RunConfig, ANewRunMayNotSettleOnASetThatHoldsTheRoot) {
  const auto refused = [](const std::vector<Override>& more) {
    std::vector<Override> overrides{{"method.name", "coconut_bfs_loss"}, {"data.valid", "v.json"}};
    overrides.insert(overrides.end(), more.begin(), more.end());
    return refusal_of_new_run(overrides);
  };
  EXPECT_THAT(refused({{"curriculum.stage_end", "settled"}}),
              AllOf(HasSubstr("stage_end"), HasSubstr("exact_frontier"), HasSubstr("root")));
  EXPECT_EQ(refused({{"curriculum.stage_end", "settled"}, {"method.exact_frontier", "true"}}), "");
  EXPECT_EQ(refused({{"curriculum.stage_end", "epochs"}}), "");
}

TEST(RunConfig, ANewRunWithoutStagesTakesNoSettingsOfThem) {
  const auto refused = [](const std::string& method, const Override& setting) {
    return refusal_of_new_run({{"method.name", method}, {"data.valid", "v.json"}, setting});
  };
  const std::vector<std::pair<Override, std::string>> cases = {
      {{"curriculum.stage_end", "settled"}, "curriculum.stage_end = \"settled\" has no effect"},
      {{"optimizer.stage_lr", "1,0.3"}, "optimizer.stage_lr has 2 entries"},
      {{"method.c_thought", "2"}, "method.c_thought = 2 has no effect"}};
  for (const auto& [setting, message] : cases) {
    for (const auto* method : {"cot", "no_cot"})
      EXPECT_THAT(refused(method, setting), HasSubstr(message)) << method;
    EXPECT_EQ(refused("pause", setting), "");
  }
  EXPECT_EQ(refused("cot", {"optimizer.stage_lr", "0.5"}), "");
}

TEST(RunConfig, RefusesValuesOutOfBounds) {
  const std::vector<Override> refused = {{"model.n_head", "0"},
                                         {"model.vocab_size", "39"},
                                         {"model.embd_pdrop", "1"},
                                         {"model.attn_pdrop", "-0.1"},
                                         {"model.layer_norm_epsilon", "0"},
                                         {"method.uniform_prob", "1.1"},
                                         {"method.uniform_prob_by_stage", "[0.1, 1.1]"},
                                         {"method.uniform_prob_by_stage", "[-0.1]"},
                                         {"method.supervise", "first"},
                                         {"method.c_thought", "0"},
                                         {"method.name", "coconut_bfs"},
                                         {"curriculum.max_latent_stage", "-1"},
                                         {"curriculum.stage_end", "loss"},
                                         {"optimizer.learning_rate", "0"},
                                         {"optimizer.beta1", "1"},
                                         {"optimizer.beta2", "-0.5"},
                                         {"optimizer.schedule", "linear"},
                                         {"optimizer.decay_epochs", "-1"},
                                         {"optimizer.stage_lr", "[1, 0]"},
                                         {"optimizer.stage_lr", "[1, inf]"},
                                         {"optimizer.stage_lr", "[1, -0.5]"},
                                         {"optimizer.stage_lr", "fast"},
                                         {"train.accumulation", "0"},
                                         {"train.epochs", "0"},
                                         {"train.seed", "-1"},
                                         {"output.keep", "0"}};
  for (const auto& override : refused) {
    EXPECT_THAT(error_of({override}), AllOf(HasSubstr(override.key), HasSubstr("; give ")));
  }
}

TEST(RunConfig, SaysWhyAFileCannotBeRead) {
  try {
    read_run_config("/no/such/file.toml");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), HasSubstr("'/no/such/file.toml' (No such file or directory)"));
  }
}

TEST(GeneratorConfig, ReadsAndChecksOptions) {
  const auto options =
      read_generator_options({{"count", "5"}, {"n_nodes", "12"}, {"match_depth", "true"}});
  EXPECT_EQ(options.count, 5);
  EXPECT_EQ(options.n_nodes, 12);
  EXPECT_TRUE(options.match_depth);
  EXPECT_THAT(effective_config(options), HasSubstr("n_nodes = 12\n"));
  EXPECT_EQ(read_generator_options({{"n_nodes", "8:28"}}).n_nodes, IntRange(8, 28));
  EXPECT_THROW(read_generator_options({{"n_nodes", "5:28"}}), Error) << "3 hops need 6 nodes";
  const std::string most = "2147483647";  // adding to it must not overflow
  EXPECT_THROW(read_generator_options({{"min_hops", most}, {"max_hops", most}}), Error);
  EXPECT_EQ(parse({{"curriculum.max_latent_stage", most}, {"optimizer.stage_lr", "1,0.5"}})
                .curriculum.max_latent_stage,
            2147483647);
  EXPECT_NO_THROW(read_generator_options({{"n_nodes", "6:28"}}));
  EXPECT_THROW(read_generator_options({{"min_hops", "5"}}), Error);
  EXPECT_THROW(read_generator_options({{"side0", "0.9"}}), Error);
  EXPECT_THROW(read_generator_options({{"n_nodes", "4"}, {"min_hops", "4"}}), Error);
  EXPECT_THROW(read_generator_options({{"hops", "3"}}), Error);
  EXPECT_NO_THROW(read_generator_options({{"side0", "0.7"}, {"side1", "0.3"}}));
}

}  // namespace
}  // namespace superpose::config
