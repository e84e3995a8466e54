#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/error.hpp"
#include "core/host.hpp"
#include "data/generator.hpp"
#include "data/problem_file.hpp"
#include "problem_files.hpp"
#include "tests/regression/file_size_limit.hpp"
#include "tests/temporary_folder.hpp"

namespace superpose::data {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// The error that reading `text` as a problem file gives.
Error error_of(const std::string& text) {
  const tests::TemporaryFolder folder;
  std::ofstream(folder / "problems.json") << text;
  try {
    read_problems(folder / "problems.json");
  } catch (const Error& error) {
    return error;
  }
  return {ExitCode::done, "no error"};
}

void expect_same(const Problem& a, const Problem& b) {
  EXPECT_EQ(a.graph.n_nodes, b.graph.n_nodes);
  EXPECT_EQ(a.graph.edges, b.graph.edges);
  EXPECT_EQ(a.root, b.root);
  EXPECT_EQ(a.target, b.target);
  EXPECT_EQ(a.neg_target, b.neg_target);
  EXPECT_EQ(a.idx_to_symbol, b.idx_to_symbol);
  EXPECT_EQ(a.question, b.question);
  EXPECT_EQ(a.answer, b.answer);
  EXPECT_EQ(a.steps, b.steps);
  EXPECT_EQ(a.frontier, b.frontier);
  EXPECT_EQ(a.optimal, b.optimal);
}

TEST(ProblemFile, WritingWhatWasReadGivesTheSameBytes) {
  const tests::TemporaryFolder folder;
  write_problems(folder / "copy.json", read_problems(sample_path()).problems);
  EXPECT_EQ(text_of(folder / "copy.json"), text_of(sample_path()));
  const std::filesystem::directory_iterator files(folder.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "nothing temporary is left";
}

TEST(ProblemFile, TheSampleIsWhatTheGeneratorMakes) {
  GeneratorOptions options;
  options.seed = 3;
  const auto generated = generate_problems(options, 0, 3).problems;
  const auto file = read_problems(sample_path());
  ASSERT_EQ(file.problems.size(), generated.size());
  for (std::size_t i = 0; i < generated.size(); ++i) expect_same(file.problems[i], generated[i]);
}

TEST(ProblemFile, KeysComeInThePublishedOrder) {
  const auto record = nlohmann::ordered_json::parse(text_of(sample_path()))[0];
  std::vector<std::string> keys;
  for (const auto& item : record.items()) keys.push_back(item.key());
  EXPECT_THAT(keys,
              testing::ElementsAre("question", "answer", "steps", "idx_to_symbol", "edges", "root",
                                   "target", "neg_target", "neighbor_k", "bfs_neighbor_k"));
}

TEST(ProblemFile, HashAndLargestGraphDescribeTheFile) {
  const tests::TemporaryFolder folder;
  std::ofstream(folder / "spaced.json") << text_of(sample_path()) << "\n";
  const auto sample = read_problems(sample_path());
  EXPECT_THAT(sample.hash, testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(sample.hash, read_problems(sample_path()).hash);
  EXPECT_NE(sample.hash, read_problems(folder / "spaced.json").hash);
  int largest = 0;
  for (const auto& problem : sample.problems) largest = std::max(largest, problem.graph.n_nodes);
  EXPECT_EQ(sample.max_nodes, largest);
}

TEST(ProblemFile, NamesOutsideAsciiSurvive) {
  auto problems = read_problems(sample_path()).problems;
  problems.resize(1);
  auto& problem = problems[0];
  for (auto* text : {&problem.question, &problem.answer}) text->clear();
  problem.steps.clear();
  problem.idx_to_symbol[0] = "Zo\xc3\xab \"quoted\"\n";
  const tests::TemporaryFolder folder;
  const auto path = folder / "names.json";
  write_problems(path, problems);
  auto record = json::parse(text_of(path));
  for (const char* key : {"question", "answer", "steps"}) record[0].erase(key);
  std::ofstream(path) << record;
  EXPECT_EQ(read_problems(path).problems[0].idx_to_symbol, problem.idx_to_symbol);
}

// --- Published files -----------------------------------------------------------------------------

struct PublishedFile {
  const char* name;
  std::size_t n_problems;
  int max_hops;
};

class Published : public testing::TestWithParam<PublishedFile> {};

TEST_P(Published, EveryRecordPassesTheChecks) {
  USE_PUBLISHED_OR_SKIP(path, GetParam().name);
  const auto file = read_problems(path);
  EXPECT_EQ(file.problems.size(), GetParam().n_problems);
  EXPECT_EQ(file.max_nodes, 28);
  int equal_depth = 0;
  for (const auto& problem : file.problems) {
    EXPECT_EQ(problem.steps.size(), static_cast<std::size_t>(problem.hops));
    EXPECT_GE(problem.hops, 3);
    EXPECT_LE(problem.hops, GetParam().max_hops);
    EXPECT_GE(problem.target_depth, problem.neg_depth);
    equal_depth += problem.equal_depth();
  }
  // With the depth below the own root, known from the ids of the unshuffled files: all are 3-4
  // hops.
  EXPECT_EQ(equal_depth, 29);
}

INSTANTIATE_TEST_SUITE_P(
    Files, Published,
    testing::Values(PublishedFile{"prosqa_valid.json", 300, 6},
                    PublishedFile{"prosqa_valid_graph_4_coconut.json", 257, 4},
                    PublishedFile{"prosqa_valid_graph_4_coconut_shuffled.json", 257, 4},
                    PublishedFile{"prosqa_valid_graph_4_bfs_shuffled.json", 257, 4}),
    [](const auto& instance) {
      const std::string name = instance.param.name;
      return name.substr(0, name.find('.'));
    });

TEST(PublishedPair, OptimalAndCumulativeFilesGiveTheSameProblems) {
  USE_PUBLISHED_OR_SKIP(coconut_path, "prosqa_valid_graph_4_coconut_shuffled.json");
  USE_PUBLISHED_OR_SKIP(bfs_path, "prosqa_valid_graph_4_bfs_shuffled.json");
  const auto coconut = read_problems(coconut_path);
  const auto bfs = read_problems(bfs_path);
  ASSERT_EQ(coconut.problems.size(), bfs.problems.size());
  for (std::size_t i = 0; i < bfs.problems.size(); ++i)
    expect_same(coconut.problems[i], bfs.problems[i]);
  EXPECT_NE(coconut.hash, bfs.hash);
}

TEST(PublishedPair, WrittenRecordsEqualThePublishedOnes) {
  USE_PUBLISHED_OR_SKIP(path, "prosqa_valid_graph_4_coconut.json");
  const tests::TemporaryFolder folder;
  write_problems(folder / "copy.json", read_problems(path).problems);
  auto copy = json::parse(text_of(folder / "copy.json"));
  auto published = json::parse(text_of(path));
  ASSERT_EQ(copy.size(), published.size());
  for (std::size_t i = 0; i < copy.size(); ++i) {
    copy[i].erase("bfs_neighbor_k");
    for (auto& set : published[i]["neighbor_k"]) std::sort(set.begin(), set.end());
    EXPECT_EQ(copy[i], published[i]) << "problem " << i;
  }
}

// --- Files that are refused ----------------------------------------------------------------------

TEST(ProblemFile, SaysWhatIsWrongWithTheFile) {
  try {
    read_problems("/nowhere/problems.json");
    FAIL() << "a missing file was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::data);
    EXPECT_THAT(error.what(), HasSubstr("cannot open /nowhere/problems.json (No such file"));
  }
  EXPECT_THAT(error_of("").what(), HasSubstr("not valid JSON (at byte"));
  EXPECT_THAT(error_of("[{\"root\": 1,, ").what(), HasSubstr("not valid JSON (at byte 13 of 14"));
  EXPECT_THAT(error_of("[]").what(), HasSubstr("holds no problem"));
  EXPECT_THAT(error_of("{\"problems\": []}").what(), HasSubstr("not a list of problems"));
  EXPECT_THAT(error_of("17").what(), HasSubstr("not a list of problems"));
  EXPECT_THAT(error_of("[17]").what(), HasSubstr("problem 0 (counted from 0): not an object"));
  EXPECT_THAT(error_of("[[]]").what(), HasSubstr("problem 0 (counted from 0): not an object"));
  EXPECT_THAT([] { read_problems("/tmp"); }, testing::Throws<Error>());
}

struct Damage {
  const char* name;
  std::function<void(json&)> apply;  ///< to a record of the sample
  const char* message;
};

class Damaged : public testing::TestWithParam<Damage> {};

TEST_P(Damaged, IsRefusedWithFileIndexAndReason) {
  auto records = json::parse(text_of(sample_path()));
  GetParam().apply(records[1]);
  const auto error = error_of(records.dump());
  EXPECT_EQ(error.code(), ExitCode::data);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("problems.json: problem 1 (counted from 0): "),
                                  HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Records, Damaged,
    testing::Values(
        Damage{"no_root", [](json& r) { r.erase("root"); }, "key root is missing"},
        Damage{"no_edges", [](json& r) { r.erase("edges"); }, "key edges is missing"},
        Damage{"no_names", [](json& r) { r.erase("idx_to_symbol"); },
               "key idx_to_symbol is missing"},
        Damage{"text_root", [](json& r) { r["root"] = "1"; }, "root is not an integer (string)"},
        Damage{"real_root", [](json& r) { r["root"] = 1.0; }, "root is not an integer (number)"},
        Damage{"true_root", [](json& r) { r["root"] = true; }, "root is not an integer (boolean)"},
        Damage{"negative_root", [](json& r) { r["root"] = -1; }, "root -1 is not a node id"},
        Damage{"huge_target", [](json& r) { r["target"] = 4294967297; },
               "target 4294967297 is not a node id"},
        Damage{"target_outside", [](json& r) { r["target"] = 99; }, "target 99 is not a node"},
        Damage{"child_outside", [](json& r) { r["edges"][0][1] = 99; }, "child 99 is not a node"},
        Damage{"edges_no_list", [](json& r) { r["edges"] = 5; }, "edges is not a list (number)"},
        Damage{"edge_of_three", [](json& r) { r["edges"][0].push_back(1); }, "an edge has 3 ids"},
        Damage{"edge_twice", [](json& r) { r["edges"].push_back(r["edges"][0]); },
               "is there twice"},
        Damage{"self_loop",
               [](json& r) {
                 r["edges"].push_back({2, 2});
               },
               "edge [2, 2] is a self loop"},
        Damage{"name_twice", [](json& r) { r["idx_to_symbol"][0] = r["idx_to_symbol"][1]; },
               "two nodes have the same name"},
        Damage{"names_no_text", [](json& r) { r["idx_to_symbol"][0] = 3; },
               "idx_to_symbol is not a string (number)"},
        Damage{"target_unreachable", [](json& r) { r["target"] = r["neg_target"]; },
               "cannot be reached from root"},
        Damage{"neg_reachable", [](json& r) { r["neg_target"] = r["neighbor_k"]["1"][0]; },
               "the question has two right answers"},
        Damage{"question_of_another", [](json& r) { r["question"] = "Is Alex a cat or dog?"; },
               "question does not ask for target or neg_target"},
        Damage{"answer_of_another", [](json& r) { r["answer"] = "Alex is a cat."; },
               "answer is \"Alex is a cat.\", but"},
        Damage{"step_missing", [](json& r) { r["steps"].erase(0); }, "steps has 2 facts"},
        Damage{"step_astray", [](json& r) { r["steps"][1] = r["steps"][0]; },
               "does not continue a shortest path"},
        Damage{"optimal_altered", [](json& r) { r["neighbor_k"]["1"].push_back(r["neg_target"]); },
               "neighbor_k holds neither"},
        Damage{"optimal_short", [](json& r) { r["neighbor_k"].erase("3"); },
               "neighbor_k ends before hop 3"},
        Damage{"sets_misnamed",
               [](json& r) {
                 r["neighbor_k"]["one"] = r["neighbor_k"]["1"];
                 r["neighbor_k"].erase("1");
               },
               "the keys of neighbor_k are not"},
        Damage{"sets_no_object", [](json& r) { r["neighbor_k"] = json::array(); },
               "neighbor_k is not an object (array)"},
        Damage{"frontier_altered", [](json& r) { r["bfs_neighbor_k"]["1"].erase(0); },
               "bfs_neighbor_k does not hold"}),
    [](const auto& instance) { return std::string(instance.param.name); });

/// Records that look unusual and are legal.
class Unusual : public testing::TestWithParam<Damage> {};

TEST_P(Unusual, IsAccepted) {
  auto records = json::parse(text_of(sample_path()));
  GetParam().apply(records[1]);
  EXPECT_STREQ(error_of(records.dump()).what(), "no error");
}

void make_cumulative(json& record) {
  auto sets = json::object();
  auto within = json::array();
  for (int k = 0; k <= 4; ++k) {
    const auto exactly = record["bfs_neighbor_k"].value(std::to_string(k), json::array());
    within.insert(within.end(), exactly.begin(), exactly.end());
    sets[std::to_string(k)] = within;
  }
  record["neighbor_k"] = sets;
}

INSTANTIATE_TEST_SUITE_P(
    Records, Unusual,
    testing::Values(Damage{"no_sets",
                           [](json& r) {
                             r.erase("neighbor_k");
                             r.erase("bfs_neighbor_k");
                           },
                           ""},
                    Damage{"no_sentences",
                           [](json& r) {
                             for (const char* key : {"question", "answer", "steps"}) r.erase(key);
                           },
                           ""},
                    Damage{"sets_unsorted",
                           [](json& r) {
                             auto& set = r["bfs_neighbor_k"]["1"];
                             std::reverse(set.begin(), set.end());
                           },
                           ""},
                    Damage{"unknown_key", [](json& r) { r["source"] = "mine"; }, ""},
                    Damage{"cycle",
                           [](json& r) {
                             const int step = r["neighbor_k"]["2"][0];
                             r["edges"].push_back({step, r["neighbor_k"]["1"][0]});
                           },
                           ""},
                    Damage{"cumulative_sets", make_cumulative, ""}),
    [](const auto& instance) { return std::string(instance.param.name); });

// --- Writing -------------------------------------------------------------------------------------

/// That of this process.
std::string temporary_name(const std::string& path) {
  return fmt::format("{}.{}.{}.partial", path, host_name(), ::getpid());
}

TEST(ProblemFile, AFailedWriteLeavesTheOldFile) {
  const tests::TemporaryFolder folder;
  const auto path = folder / "problems.json";
  std::ofstream(path) << "old";
  std::filesystem::create_directory(temporary_name(path));  // takes the temporary name
  try {
    write_problems(path, {});
    FAIL() << "wrote through a folder";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::io);
    EXPECT_THAT(error.what(), HasSubstr("cannot create"));
  }
  EXPECT_EQ(text_of(path), "old");
}

TEST(ProblemFile, AFullDeviceIsReported) {
  const tests::TemporaryFolder folder;
  const auto path = folder / "problems.json";
  const auto problems = read_problems(sample_path()).problems;
  const tests::FileSizeLimit limit(100);
  try {
    write_problems(path, problems);
    FAIL() << "wrote beyond the limit";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::io);
    EXPECT_THAT(error.what(), HasSubstr("File too large"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists(temporary_name(path)));
}

TEST(ProblemFile, IsNotWrittenThroughALinkOfItsTemporaryName) {
  const tests::TemporaryFolder folder;
  const auto path = folder / "problems.json", other = folder / "other";
  std::ofstream(other) << "precious";
  std::filesystem::create_symlink(other, temporary_name(path));
  write_problems(path, read_problems(sample_path()).problems);
  EXPECT_EQ(text_of(other), "precious");
  EXPECT_FALSE(std::filesystem::is_symlink(path));
}

}  // namespace
}  // namespace superpose::data
