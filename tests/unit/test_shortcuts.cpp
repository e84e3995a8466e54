#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "data/generator.hpp"
#include "data/problem_file.hpp"
#include "data/shortcuts.hpp"
#include "problem_files.hpp"

namespace superpose::data {
namespace {

std::map<std::string, Shortcut> by_name(const std::vector<Problem>& problems) {
  std::map<std::string, Shortcut> rows;
  for (const auto& row : shortcuts(problems)) rows[row.name] = row;
  return rows;
}

struct Published {
  const char* name;
  double accuracy;
};

/// By an independent implementation, on the 257 published validation problems with 3-4 hops.
constexpr Published val_3_4[] = {
    {"in-degree larger (token count)", 0.354},
    {"node id larger", 0.591},
    {"mean parent in-degree larger", 0.494},
    {"mean parent out-degree smaller", 0.648},
    {"min parent out-degree smaller", 0.574},
    {"siblings (other children of parents) fewer", 0.660},
    {"ancestors within 1 hops: more", 0.354},
    {"distance to nearest source, 1 back hops: larger", 0.603},
    {"back-chain 1 hops finds the root", 0.500},
    {"back-chain 1 hops: root found, else farther from any source", 0.603},
    {"ancestors within 2 hops: more", 0.428},
    {"distance to nearest source, 2 back hops: larger", 0.852},
    {"back-chain 2 hops finds the root", 0.500},
    {"back-chain 2 hops: root found, else farther from any source", 0.852},
    {"ancestors within 3 hops: more", 0.601},
    {"distance to nearest source, 3 back hops: larger", 0.922},
    {"back-chain 3 hops finds the root", 0.741},
    {"back-chain 3 hops: root found, else farther from any source", 0.977},
    {"ancestors within 4 hops: more", 0.685},
    {"distance to nearest source, 4 back hops: larger", 0.922},
    {"back-chain 4 hops finds the root", 1.000},
    {"back-chain 4 hops: root found, else farther from any source", 1.000},
    {"all ancestors: more", 0.685},
    {"distance to nearest source (full): larger", 0.922},
    {"number of sources above: more", 0.523},
    {"undirected distance to root smaller", 0.914},
    {"undirectedly connected to root", 0.642},
};

TEST(Shortcuts, ReproduceThePublishedColumn) {
  USE_PUBLISHED_OR_SKIP(path, "prosqa_valid_graph_4_coconut.json");
  const auto rows = by_name(read_problems(path).problems);
  EXPECT_EQ(rows.size(), std::size(val_3_4));
  for (const auto& [name, accuracy] : val_3_4) {
    ASSERT_EQ(rows.count(name), 1U) << name;
    EXPECT_NEAR(rows.at(name).accuracy, accuracy, 0.0005 + 1e-9) << name;
  }
}

TEST(Shortcuts, OnlyTheNodeIdDependsOnTheIds) {
  USE_PUBLISHED_OR_SKIP(plain_path, "prosqa_valid_graph_4_coconut.json");
  USE_PUBLISHED_OR_SKIP(shuffled_path, "prosqa_valid_graph_4_coconut_shuffled.json");
  const auto plain = by_name(read_problems(plain_path).problems);
  const auto shuffled = by_name(read_problems(shuffled_path).problems);
  for (const auto& [name, row] : plain) {
    if (name == "node id larger") continue;
    EXPECT_NEAR(row.accuracy, shuffled.at(name).accuracy, 1e-9) << name;
    EXPECT_NEAR(row.accuracy_equal_depth, shuffled.at(name).accuracy_equal_depth, 1e-9) << name;
  }
}

/// 0-2-4 leads to the target 4; 1-3 to neg_target 3, whose parent has another child, 5.
Problem small_problem() {
  Problem problem;
  problem.graph = {6, {{0, 2}, {2, 4}, {1, 3}, {1, 5}}};
  problem.root = 0;
  problem.target = 4;
  problem.neg_target = 3;
  derive(problem);
  return problem;
}

TEST(Shortcuts, ScoresOfAProblemByHand) {
  const auto rows = by_name({small_problem()});
  const auto accuracy = [&](const char* name) { return rows.at(name).accuracy; };
  EXPECT_EQ(accuracy("in-degree larger (token count)"), 0.5);  // 1 against 1
  EXPECT_EQ(accuracy("node id larger"), 1);                    // 4 against 3
  EXPECT_EQ(accuracy("mean parent in-degree larger"), 1);      // 1 against 0
  EXPECT_EQ(accuracy("mean parent out-degree smaller"), 1);    // 1 against 2
  EXPECT_EQ(accuracy("siblings (other children of parents) fewer"), 1);
  EXPECT_EQ(accuracy("distance to nearest source, 1 back hops: larger"), 1);
  EXPECT_EQ(accuracy("back-chain 1 hops finds the root"), 0.5);
  EXPECT_EQ(accuracy("back-chain 2 hops finds the root"), 1);
  EXPECT_EQ(accuracy("number of sources above: more"), 0.5);
  EXPECT_EQ(accuracy("undirectedly connected to root"), 1);
  EXPECT_TRUE(std::isnan(rows.at("node id larger").accuracy_equal_depth));
}

TEST(Shortcuts, RootBlindOnesFailWhereDepthsAreEqual) {
  GeneratorOptions options;
  options.match_depth = true;
  constexpr int n = 1500;
  for (const auto& row : shortcuts(generate_problems(options, 0, n).problems)) {
    if (row.looks_at_root) continue;
    // Depth tells nothing by construction; what is left of the local shortcuts is small.
    EXPECT_NEAR(row.accuracy, 0.5, 0.06) << row.name;
  }
}

TEST(Shortcuts, ASearchOfAllHopsIsRight) {
  const auto rows = by_name(generate_problems({}, 0, 300).problems);
  EXPECT_NEAR(rows.at("back-chain 4 hops finds the root").accuracy, 1, 1e-12);
  EXPECT_NEAR(rows.at("back-chain 4 hops finds the root").accuracy_equal_depth, 1, 1e-12);
  EXPECT_TRUE(rows.at("back-chain 4 hops finds the root").looks_at_root);
  EXPECT_FALSE(rows.at("node id larger").looks_at_root);
}

}  // namespace
}  // namespace superpose::data
