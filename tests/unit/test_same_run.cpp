#include <gmock/gmock.h>

#include <functional>

#include "config/run_config.hpp"
#include "core/enum_names.hpp"
#include "core/error.hpp"
#include "data/curriculum.hpp"
#include "train/same_run.hpp"

namespace superpose::train {
namespace {

using Change = std::function<void(RunOptions&)>;

/// The metadata of a run as the program writes it, its configuration included.
io::RunMetadata run_with(const Change& change = [](RunOptions&) {}) {
  RunOptions options;
  options.data.train = {"train.json"};
  options.output.directory = "runs/one";
  change(options);
  io::RunMetadata metadata;
  metadata.configuration = config::effective_config(options);
  metadata.data_hashes = {{"train", "00ff"}};
  return metadata;
}

/// The message with which the second run is refused; empty if it is not.
std::string refusal(const io::RunMetadata& stored, const io::RunMetadata& now) {
  try {
    require_same_run(stored, now);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    return error.what();
  }
  return "";
}

TEST(SameRun, AcceptsTheSameConfiguration) {
  EXPECT_EQ(refusal(run_with(), run_with()), "");
}

TEST(SameRun, LengthEvaluationAndPlacesMayChange) {
  const auto now = run_with([](RunOptions& o) {
    o.train.epochs += 100;
    o.train.eval_every = 7;
    o.train.eval_problems = 50;
    o.data.train = {"elsewhere/train.json"};
    o.data.valid = "valid.json";
    o.output.directory = "runs/two";
    o.output.keep = 9;
    o.output.log_every = 1;
    o.output.jsonl = true;
    o.output.checkpoint_every = 1;
  });
  EXPECT_EQ(refusal(run_with(), now), "");
}

TEST(SameRun, AnythingElseIsAnotherRun) {
  const std::vector<std::pair<std::string, Change>> changes = {
      {"model.n_embd", [](RunOptions& o) { o.model.n_embd = 384; }},
      {"model.tied", [](RunOptions& o) { o.model.tied = false; }},
      {"model.precision", [](RunOptions& o) { o.model.precision = model::Precision::bf16; }},
      {"method.name", [](RunOptions& o) { o.method.name = data::Method::pause; }},
      {"method.shuffle_nodes", [](RunOptions& o) { o.method.shuffle_nodes = true; }},
      {"curriculum.epochs_per_stage", [](RunOptions& o) { o.curriculum.epochs_per_stage = 50; }},
      {"optimizer.learning_rate", [](RunOptions& o) { o.optimizer.learning_rate *= 1.0000001; }},
      {"optimizer.schedule", [](RunOptions& o) { o.optimizer.schedule = optim::Schedule::cosine; }},
      {"optimizer.name", [](RunOptions& o) { o.optimizer.name = optim::Algorithm::muon; }},
      {"optimizer.muon_learning_rate", [](RunOptions& o) { o.optimizer.muon_learning_rate = 1; }},
      {"model.position_init",
       [](RunOptions& o) { o.model.position_init = model::PositionInit::sinusoidal; }},
      {"method.supervise", [](RunOptions& o) { o.method.supervise = data::Supervision::all; }},
      {"method.uniform_prob_by_stage",
       [](RunOptions& o) { o.method.uniform_prob_by_stage = {0.1}; }},
      {"optimizer.decay_epochs", [](RunOptions& o) { o.optimizer.decay_epochs = 2; }},
      {"optimizer.stage_lr",
       [](RunOptions& o) {
         o.optimizer.stage_lr = {1, 0.5};
       }},
      {"data.shares", [](RunOptions& o) { o.data.shares = {0.5}; }},
      {"data.later_shares", [](RunOptions& o) { o.data.later_shares = {0.5}; }},
      {"data.later_shares_from", [](RunOptions& o) { o.data.later_shares_from = 3; }},
      {"train.seed", [](RunOptions& o) { o.train.seed = 1; }},
      {"train.batch_size", [](RunOptions& o) { o.train.batch_size = 512; }},
      {"train.leaves", [](RunOptions& o) { o.train.leaves = 16; }},
      {"train.accumulation", [](RunOptions& o) { o.train.accumulation = 2; }}};
  for (const auto& [key, change] : changes) {
    EXPECT_THAT(refusal(run_with(), run_with(change)), testing::StartsWith(key + " is "));
    EXPECT_THAT(refusal(run_with(change), run_with()), testing::StartsWith(key + " is "));
  }
}

TEST(SameRun, WhatEndsStagesOrTheScheduleIsTheRunsOwn) {
  const auto settled = [](RunOptions& o) {
    o.data.valid = "valid.json";
    o.curriculum.stage_end = data::StageEnd::settled;
  };
  const auto fewer = [&](RunOptions& o) {
    settled(o);
    o.train.eval_problems = 50;
  };
  EXPECT_THAT(refusal(run_with(settled), run_with(fewer)), testing::HasSubstr("eval_problems"));
  const auto cosine = [](RunOptions& o) { o.optimizer.schedule = optim::Schedule::cosine; };
  const auto longer = [&](RunOptions& o) {
    cosine(o);
    o.train.epochs += 1;
  };
  EXPECT_THAT(refusal(run_with(cosine), run_with(longer)), testing::HasSubstr("train.epochs"));
}

TEST(SameRun, LengthIsPartOfARunWhoseScheduleEndsWithIt) {
  for (const auto schedule : {optim::Schedule::cosine, optim::Schedule::warmup_stable_decay}) {
    const auto run = [=](int epochs) {
      return run_with([=](RunOptions& o) {
        o.optimizer.schedule = schedule;
        o.train.epochs = epochs;
      });
    };
    EXPECT_EQ(refusal(run(300), run(300)), "");
    EXPECT_THAT(refusal(run(300), run(400)), testing::StartsWith("train.epochs is "));
  }
}

TEST(SameRun, EvaluationIsPartOfARunWhoseStagesItEnds) {
  const auto settled = [](int every, int problems) {
    return run_with([=](RunOptions& o) {
      o.curriculum.stage_end = data::StageEnd::settled;
      o.train.eval_every = every;
      o.train.eval_problems = problems;
    });
  };
  EXPECT_EQ(refusal(settled(1, 0), settled(1, 0)), "");
  EXPECT_THAT(refusal(settled(1, 0), settled(2, 0)), testing::StartsWith("train.eval_every is "));
  EXPECT_THAT(refusal(settled(1, 0), settled(1, 9)),
              testing::StartsWith("train.eval_problems is "));
}

TEST(SameRun, MessageHasBothValues) {
  const auto now = run_with([](RunOptions& o) { o.train.batch_size = 512; });
  const auto message = refusal(run_with(), now);
  EXPECT_THAT(message, testing::HasSubstr("512"));
  EXPECT_THAT(message, testing::HasSubstr("256"));
}

TEST(SameRun, ASettingTheOldRunDidNotKnowIsNotItsOwn) {
  auto stored = run_with();
  const auto at = stored.configuration.find("tied = ");
  stored.configuration.erase(at, stored.configuration.find('\n', at) + 1 - at);
  EXPECT_THAT(refusal(stored, run_with()), testing::HasSubstr("not set"));
}

/// What a version without the added settings stored.
io::RunMetadata without_added_settings(io::RunMetadata stored) {
  for (const auto& added : added_settings) {
    const std::string key = added.key;
    const auto line = key.substr(key.find('.') + 1) + " = " + added.neutral + "\n";
    const auto at = stored.configuration.find("\n" + line);
    EXPECT_NE(at, std::string::npos) << added.neutral << " is not the default of " << key;
    if (at != std::string::npos) stored.configuration.erase(at + 1, line.size());
  }
  return stored;
}

TEST(SameRun, ARunFromBeforeASettingDidWhatItsNeutralValueDoes) {
  const auto stored = without_added_settings(run_with());
  EXPECT_EQ(refusal(stored, run_with()), "");
  const auto factors = run_with([](RunOptions& o) { o.optimizer.stage_lr = {1, 0.5}; });
  EXPECT_THAT(
      refusal(stored, factors),
      testing::StartsWith("optimizer.stage_lr is [1.0, 0.5] but the run in this directory has "
                          "[]"));
}

TEST(SameRun, EitherFileMayBeTheOlderOne) {
  const auto older = without_added_settings(run_with());
  const auto muon = run_with([](RunOptions& o) { o.optimizer.name = optim::Algorithm::muon; });
  EXPECT_FALSE(setting_difference(run_with(), older).has_value());
  for (const auto& [first, second] : {std::pair(muon, older), std::pair(older, muon)}) {
    const auto found = setting_difference(first, second);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->key, "optimizer.name");
  }
}

TEST(SameRun, ARunFromBeforePrecisionWasASettingIsInSinglePrecision) {
  auto stored = run_with();
  const auto at = stored.configuration.find("precision = ");
  stored.configuration.erase(at, stored.configuration.find('\n', at) + 1 - at);
  EXPECT_EQ(refusal(stored, run_with()), "");
  const auto now = run_with([](RunOptions& o) { o.model.precision = model::Precision::bf16; });
  EXPECT_THAT(refusal(stored, now), testing::StartsWith("model.precision is "));
}

TEST(SameRun, OtherTrainingDataIsAnotherRun) {
  auto now = run_with();
  now.data_hashes["train"] = "00fe";
  EXPECT_THAT(
      refusal(run_with(), now),
      testing::AllOf(testing::StartsWith("data.train holds other"), testing::HasSubstr("00fe")));
}

TEST(SameRun, OtherHeldOutDataIsAnotherRun) {
  auto stored = run_with(), now = run_with();
  stored.data_hashes["valid"] = "0011";
  EXPECT_THAT(refusal(stored, now), testing::StartsWith("data.valid holds other problems"))
      << "none any more";
  now.data_hashes["valid"] = "0012";
  EXPECT_THAT(refusal(stored, now),
              testing::AllOf(testing::HasSubstr("0011"), testing::HasSubstr("0012")));
  now.data_hashes["valid"] = "0011";
  EXPECT_EQ(refusal(stored, now), "");
  stored.data_hashes.erase("valid");
  EXPECT_EQ(refusal(stored, now), "") << "a run of a program that did not hash them";
}

TEST(SameRun, ARunOfOtherSequencesIsRefusedByName) {
  for (const auto method : {data::Method::cot, data::Method::no_cot}) {
    const auto of_version = [&](int version) {
      auto metadata = run_with([&](RunOptions& o) { o.method.name = method; });
      metadata.sequence_version = version;
      return metadata;
    };
    EXPECT_EQ(refusal(of_version(2), of_version(2)), "");
    EXPECT_NE(refusal(of_version(0), of_version(2)), "") << "not stated: the first";
    EXPECT_THAT(refusal(of_version(1), of_version(2)),
                testing::AllOf(testing::HasSubstr(
                                   fmt::format("method {} is now at version 2", to_string(method))),
                               testing::HasSubstr(data::sequence_change(method)),
                               testing::HasSubstr("can still be evaluated")));
  }
}

}  // namespace
}  // namespace superpose::train
