#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "config/run_config.hpp"
#include "core/error.hpp"
#include "core/text_hash.hpp"
#include "sweep/sweep_points.hpp"
#include "tests/temporary_folder.hpp"

namespace superpose::sweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A folder with two bases, in which sweeps are.
class SweepPoints : public testing::Test {
 protected:
  void SetUp() override {
    write("base.toml", "[data]\ntrain = \"t.json\"\n[train]\nepochs = 7\n[model]\nn_layer = 3\n");
    write("cot.toml", "[data]\ntrain = \"t.json\"\n[method]\nname = \"cot\"\n");
  }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() + "/" + name) << text;
  }

  Sweep sweep(const std::string& text) {
    return parse_sweep("[sweep]\nbase = \"base.toml\"\n" + text, folder_.path() + "/x.toml");
  }

  std::vector<Point> points(const std::string& text) { return points_of(sweep(text)); }

  std::string error_of(const std::string& text) {
    try {
      points(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      return error.what();
    }
    return "no error";
  }

  tests::TemporaryFolder folder_;
};

TEST_F(SweepPoints, AreAllCombinationsWithTheSeedsFastest) {
  const auto found = points(
      "seeds = [5, 9]\n"
      "[[axis]]\nkey = \"optimizer.beta2\"\nvalues = [0.9, 0.95, 0.99]\n"
      "[[axis]]\nkey = \"model.tied\"\nvalues = [true, false]\n");
  ASSERT_EQ(found.size(), 12U);
  std::set<std::string> identities;
  for (const auto& point : found) identities.insert(point.identity);
  EXPECT_EQ(identities.size(), 12U);
  EXPECT_THAT(found[0].at, ElementsAre(0, 0, 0));
  EXPECT_THAT(found[1].at, ElementsAre(0, 0, 1));
  EXPECT_THAT(found[11].at, ElementsAre(2, 1, 1));
  EXPECT_EQ(found[11].options.run.optimizer.beta2, 0.99);
  EXPECT_FALSE(found[11].options.run.model.tied);
  EXPECT_EQ(found[11].options.run.train.seed, 9U);
}

TEST_F(SweepPoints, TakeSettingsFromAxesBeforeTheSweepBeforeTheBase) {
  const auto found = points(
      "[train]\nepochs = 8\n[model]\nn_layer = 4\n"
      "[[axis]]\nkey = \"model.n_layer\"\nvalues = [5]\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].options.run.model.n_layer, 5);
  EXPECT_EQ(found[0].options.run.train.epochs, 8);
}

TEST_F(SweepPoints, OfAZipAxisChangeTogetherAndOfAListHaveTheirOwnBase) {
  const auto zipped = points(
      "[[axis]]\nkeys = [\"model.n_layer\", \"model.n_head\"]\nvalues = [[2, 4], [12, 12]]\n");
  ASSERT_EQ(zipped.size(), 2U);
  EXPECT_EQ(zipped[1].options.run.model.n_layer, 12);
  EXPECT_EQ(zipped[1].options.run.model.n_head, 12);

  const auto text =
      "[[axis]]\nname = \"kind\"\n"
      "points = [{ label = \"CoT\", base = \"cot.toml\" }, { label = \"wide\", model.n_embd = 96 "
      "}]\n";
  const auto listed = points(text);
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].options.run.method.name, data::Method::cot);
  EXPECT_EQ(listed[0].options.run.model.n_layer, 2) << "the other base says nothing of layers";
  EXPECT_EQ(listed[1].options.run.model.n_embd, 96);
  EXPECT_EQ(describe(sweep(text), listed[0]), "kind = CoT");
}

TEST_F(SweepPoints, KeepTheirIdentityWhereverTheyStandAndWhatTheyAreGiven) {
  const auto alone = points("[[axis]]\nkey = \"optimizer.beta2\"\nvalues = [0.99]\n");
  const auto among = points(
      "[resources]\nnodes = 4\n"
      "[[axis]]\nname = \"b\"\nkey = \"optimizer.beta2\"\nvalues = [0.9, 0.99]\n"
      "[[axis]]\nkey = \"train.epochs\"\nvalues = [7, 9]\n");
  EXPECT_EQ(among[2].identity, alone[0].identity);
  EXPECT_EQ(among[2].options.resources.ranks(), 4);
}

// Identities that version 0.1.0 gave these points: what it has run is found again.
TEST_F(SweepPoints, KeepTheIdentityThatEarlierVersionsGaveThem) {
  EXPECT_EQ(points("[train]\nseed = 3\n")[0].identity, "bfee252793ee6be0");
  EXPECT_EQ(points("[generate]\nn_nodes = 12\nmin_hops = 2\nseed = 1\n")[0].identity,
            "e44acaec4b2b957b");
  const auto staged = points("[optimizer]\nstage_lr = [1, 0.3]\n[train]\nseed = 3\n");
  EXPECT_NE(staged[0].identity, "bfee252793ee6be0");
  EXPECT_NE(points("[optimizer]\nstage_lr = [1, 0.4]\n[train]\nseed = 3\n")[0].identity,
            staged[0].identity);
}

TEST_F(SweepPoints, AListIsAValueOfAnAxis) {
  const auto found = points("[[axis]]\nkey = \"optimizer.stage_lr\"\nvalues = [[], [1, 0.3]]\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].options.run.optimizer.stage_lr, (std::vector<double>{1, 0.3}));
  const auto zipped = points(
      "[[axis]]\nkeys = [\"optimizer.stage_lr\", \"model.n_layer\"]\n"
      "values = [[[1, 0.5], 2]]\n");
  EXPECT_EQ(zipped[0].options.run.optimizer.stage_lr, (std::vector<double>{1, 0.5}));
}

TEST_F(SweepPoints, OfABenchDifferByTheirRanks) {
  const auto found =
      points("job = \"bench\"\n[[axis]]\nkey = \"resources.nodes\"\nvalues = [1, 2]\n");
  EXPECT_NE(found[0].identity, found[1].identity);
  EXPECT_THAT(error_of("[[axis]]\nkey = \"resources.nodes\"\nvalues = [1, 2]\n"),
              HasSubstr("two points"));
}

TEST_F(SweepPoints, MakeProblemsOfTheirOwnIfAsked) {
  const auto found = points(
      "[generate]\nn_nodes = 12\nmin_hops = 2\nseed = 1\nvalid_count = 30\n"
      "[[axis]]\nkey = \"generate.count\"\nvalues = [10, 20]\n");
  EXPECT_TRUE(found[0].options.problems.wanted);
  EXPECT_NE(found[0].identity, found[1].identity);
  EXPECT_EQ(found[1].options.problems.options.count, 20);
  EXPECT_EQ(found[1].options.problems.valid_options().count, 30);
  EXPECT_EQ(found[1].options.problems.valid_options().n_nodes, 12);
  EXPECT_THAT(error_of("[generate]\nseed = 2\nvalid_seed = 2\n"), HasSubstr("trained on"));
}

TEST_F(SweepPoints, OfOtherSharesOfTheProblemsThatAreMadeAreOthers) {
  const auto found = points(
      "[generate]\nn_nodes = 12\nmin_hops = 2\nseed = 1\n"
      "[[axis]]\nkey = \"data.shares\"\nvalues = [[1.0], [0.5]]\n");
  EXPECT_NE(found[0].identity, found[1].identity);
}

TEST_F(SweepPoints, MakeProblemsOfARangeOfSizes) {
  const std::string axis = "[[axis]]\nkey = \"generate.n_nodes\"\n";
  const auto found = points(axis + "values = [12, \"8:12\"]\n");
  EXPECT_EQ(found[1].options.problems.valid_options().n_nodes, IntRange(8, 12));
  EXPECT_NE(found[1].identity, found[0].identity);
  EXPECT_THAT(error_of(axis + "values = [12, \"12:12\"]\n"), HasSubstr("two points"));
  EXPECT_THAT(error_of("[generate]\nn_nodes = \"12:8\"\n"), HasSubstr("empty range"));
}

TEST_F(SweepPoints, RefuseWhatIsWrongAndSayWhere) {
  const std::string axis = "[[axis]]\n";
  EXPECT_THAT(error_of(axis + "key = \"model.n_layers\"\nvalues = [1]\n"),
              HasSubstr("did you mean 'model.n_layer'"));
  EXPECT_THAT(error_of(axis + "key = \"model.n_layer\"\nvalues = [0]\n"), HasSubstr("line 5"));
  EXPECT_THAT(error_of(axis + "key = \"model.n_layer\"\nvalues = []\n"), HasSubstr("empty"));
  EXPECT_THAT(error_of(axis + "key = \"model.n_layer\"\nvalues = [1, 1]\n"), HasSubstr("twice"));
  EXPECT_THAT(error_of(axis + "keys = [\"model.n_layer\"]\nvalues = [[1, 2]]\n"),
              HasSubstr("list of 1 values"));
  EXPECT_THAT(error_of(axis + "keyy = \"model.n_layer\"\n"), HasSubstr("nothing of what changes"));
  EXPECT_THAT(error_of(axis + "key = \"train.seed\"\nvalue = [1]\n"),
              HasSubstr("did you mean 'values'"));
  EXPECT_THAT(error_of(axis + "name = \"epoch\"\nkey = \"train.seed\"\nvalues = [1]\n"),
              HasSubstr("another name"));
  EXPECT_THAT(error_of("seeds = 2\n" + axis + "name = \"seed\"\nkey = \"train.epochs\"\n" +
                       "values = [1]\n"),
              HasSubstr("two axes"));
  EXPECT_THAT(error_of("seeds = 0\n"), HasSubstr("sweep.seeds"));
  EXPECT_THAT(error_of("seed = 3\n"), HasSubstr("unknown key 'sweep.seed'"));
  EXPECT_THAT(error_of("[model]\nn_embd = 9\n"), HasSubstr("cannot run"));
  EXPECT_THAT(error_of("[resources]\ntime = \"long\"\n"), HasSubstr("resources.time"));
}

TEST_F(SweepPoints, OfTooManyCombinationsAreRefusedBeforeTheyAreMade) {
  std::string text;
  for (int axis = 0; axis < 8; ++axis) {
    text += "[[axis]]\nname = \"a" + std::to_string(axis) + "\"\nkey = \"train.seed\"\nvalues = [";
    for (int value = 0; value < 100; ++value) text += std::to_string(value) + ",";
    text += "]\n";
  }
  EXPECT_THAT(error_of(text), HasSubstr("more than"));
}

/// Hash of the settings of version 0.1.0 alone, which identified every point before methods had
/// versions.
std::string hash_of_settings(const Point& point) {
  auto run = point.options.run;
  run.output.directory = ".";
  auto text = config::effective_config(run);
  for (const auto& added : train::added_settings) {
    const std::string key = added.key;
    const auto dot = key.find('.');
    const auto section = text.find("[" + key.substr(0, dot) + "]");
    const auto begin = text.find("\n" + key.substr(dot + 1) + " = ", section);
    text.erase(begin, text.find('\n', begin + 1) - begin);
  }
  return text_hash(text);
}

TEST_F(SweepPoints, OfAMethodWhoseSequencesHaveChangedAreNotTheEarlierOnes) {
  const auto found = points("[[axis]]\nkey = \"method.name\"\nvalues = [\"coconut\", \"cot\"]\n");
  EXPECT_EQ(found[0].identity, hash_of_settings(found[0]));
  EXPECT_NE(found[1].identity, hash_of_settings(found[1]));
}

TEST_F(SweepPoints, MayNotSettleOnASetThatHoldsTheRoot) {
  EXPECT_THAT(error_of("[data]\nvalid = \"v.json\"\n[curriculum]\nstage_end = \"settled\"\n"
                       "[[axis]]\nkey = \"method.name\"\nvalues = [\"coconut_bfs_loss\"]\n"),
              HasSubstr("exact_frontier"));
}

}  // namespace
}  // namespace superpose::sweep
