#include "data/problem_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.hpp"
#include "data/sentences.hpp"

namespace superpose::data {
namespace {

using nlohmann::json;
using Strings = std::vector<std::string>;

// --- reading values ------------------------------------------------------------------------------

// nlohmann's conversions accept 1.7 or true as an integer, these do not.

const json& at(const json& record, const char* key) {
  const auto found = record.find(key);
  validate(found != record.end(), ExitCode::data, "key {} is missing", key);
  return *found;
}

int integer(const json& value, const char* key) {
  validate(value.is_number_integer(), ExitCode::data, "{} is not an integer ({})", key,
           value.type_name());
  const auto number = value.get<std::int64_t>();
  validate(number >= 0 && number <= std::numeric_limits<int>::max(), ExitCode::data,
           "{} {} is not a node id", key, number);
  return static_cast<int>(number);
}

const std::string& text(const json& value, const char* key) {
  validate(value.is_string(), ExitCode::data, "{} is not a string ({})", key, value.type_name());
  return value.get_ref<const std::string&>();
}

const json& list(const json& value, const char* key) {
  validate(value.is_array(), ExitCode::data, "{} is not a list ({})", key, value.type_name());
  return value;
}

Strings strings(const json& value, const char* key) {
  Strings items;
  for (const auto& item : list(value, key)) items.push_back(text(item, key));
  return items;
}

NodeSet integers(const json& value, const char* key) {
  NodeSet items;
  for (const auto& item : list(value, key)) items.push_back(integer(item, key));
  return items;
}

Graph graph_of(const json& record, std::size_t n_nodes) {
  Graph graph;
  graph.n_nodes = static_cast<int>(n_nodes);
  for (const auto& item : list(at(record, "edges"), "edges")) {
    const auto pair = integers(item, "edges");
    validate(pair.size() == 2, ExitCode::data, "an edge has {} ids, not [parent, child]",
             pair.size());
    graph.edges.push_back({pair[0], pair[1]});
  }
  return graph;
}

// --- holding the record against its graph --------------------------------------------------------

void check_edges(const Graph& graph) {
  std::set<std::array<int, 2>> seen;
  for (const auto& edge : graph.edges) {
    validate(edge[0] != edge[1], ExitCode::data, "edge [{}, {}] is a self loop", edge[0], edge[1]);
    validate(seen.insert(edge).second, ExitCode::data, "edge [{}, {}] is there twice", edge[0],
             edge[1]);
  }
}

void check_names(const Strings& names) {
  const std::set<std::string> distinct(names.begin(), names.end());
  validate(distinct.size() == names.size(), ExitCode::data, "two nodes have the same name");
}

bool ends_with(const std::string& whole, const std::string& end) {
  return whole.size() >= end.size() &&
         whole.compare(whole.size() - end.size(), end.size(), end) == 0;
}

/// Steps must be the facts of one shortest path.
void check_steps(const Problem& problem) {
  validate(static_cast<int>(problem.steps.size()) == problem.hops, ExitCode::data,
           "steps has {} facts, but the target is {} hops from the root", problem.steps.size(),
           problem.hops);
  const auto persons = is_person(problem.graph);
  int node = problem.root;
  for (int k = 0; k < problem.hops; ++k) {
    const auto& nodes = problem.optimal[k + 1];
    const auto next = std::find_if(nodes.begin(), nodes.end(), [&](int v) {
      return fact(problem, persons, node, v) == problem.steps[k];
    });
    validate(next != nodes.end(), ExitCode::data,
             "step {} (\"{}\") does not continue a shortest path from root to target", k,
             problem.steps[k]);
    node = *next;
  }
}

void check_sentences(const Problem& problem, const json& record) {
  if (record.contains("question"))
    validate(
        ends_with(problem.question, final_question(problem, problem.target, problem.neg_target)) ||
            ends_with(problem.question,
                      final_question(problem, problem.neg_target, problem.target)),
        ExitCode::data,
        "question does not ask for target or neg_target from root: it should "
        "end in \"{}\"",
        final_question(problem, problem.target, problem.neg_target));
  if (record.contains("answer"))
    validate(problem.answer == answer_sentence(problem), ExitCode::data,
             "answer is \"{}\", but root and target give \"{}\"", problem.answer,
             answer_sentence(problem));
  if (record.contains("steps")) check_steps(problem);
}

/// The sets under keys "0", "1", ... in order, each ascending. At least "0".."hops" must be there.
std::vector<NodeSet> hop_sets(const json& value, const char* key, int hops) {
  validate(value.is_object(), ExitCode::data, "{} is not an object ({})", key, value.type_name());
  std::vector<NodeSet> sets;
  for (std::size_t k = 0; k < value.size(); ++k) {
    const auto found = value.find(std::to_string(k));
    validate(found != value.end(), ExitCode::data, "the keys of {} are not \"0\"..\"{}\"", key,
             value.size() - 1);
    sets.push_back(integers(*found, key));
    std::sort(sets.back().begin(), sets.back().end());
  }
  validate(static_cast<int>(sets.size()) > hops, ExitCode::data,
           "{} ends before hop {} of the target", key, hops);
  return sets;
}

bool is_cumulative(const std::vector<NodeSet>& sets, const Problem& problem) {
  for (std::size_t k = 0; k < sets.size(); ++k)
    if (sets[k] != problem.reachable_within(static_cast<int>(k))) return false;
  return true;
}

bool is_frontier(const std::vector<NodeSet>& sets, const Problem& problem) {
  for (std::size_t k = 0; k < sets.size(); ++k)
    if (sets[k] != (k < problem.frontier.size() ? problem.frontier[k] : NodeSet{})) return false;
  return true;
}

void check_sets(const Problem& problem, const json& record) {
  if (record.contains("neighbor_k")) {
    const auto sets = hop_sets(record["neighbor_k"], "neighbor_k", problem.hops);
    validate(sets == problem.optimal || is_cumulative(sets, problem), ExitCode::data,
             "neighbor_k holds neither the nodes on shortest paths nor all nodes within k hops");
  }
  if (record.contains("bfs_neighbor_k"))
    validate(
        is_frontier(hop_sets(record["bfs_neighbor_k"], "bfs_neighbor_k", problem.hops), problem),
        ExitCode::data, "bfs_neighbor_k does not hold the nodes exactly k hops from the root");
}

// --- writing -------------------------------------------------------------------------------------

/// Escaped like Python's json module does by default: ASCII only.
std::string quoted(const std::string& string) {
  return json(string).dump(-1, ' ', true);
}

/// "[a, b, c]" of the items' texts.
template <class Items, class Text>
std::string list_text(const Items& items, Text text_of) {
  std::string list = "[";
  for (const auto& item : items) {
    if (list.size() > 1) list += ", ";
    list += text_of(item);
  }
  return list + "]";
}

std::string strings_text(const Strings& items) {
  return list_text(items, [](const auto& item) { return quoted(item); });
}

std::string edges_text(const Graph& graph) {
  return list_text(graph.edges,
                   [](const auto& edge) { return fmt::format("[{}, {}]", edge[0], edge[1]); });
}

/// Sets 0..hops under their keys.
std::string sets_text(const std::vector<NodeSet>& sets, int hops) {
  std::string object = "{";
  for (int k = 0; k <= hops; ++k)
    object += fmt::format("{}\"{}\": {}", k > 0 ? ", " : "", k,
                          list_text(sets[k], [](int node) { return fmt::to_string(node); }));
  return object + "}";
}

}  // namespace

Problem problem_from_record(const json& record) {
  Problem problem;
  problem.idx_to_symbol = strings(at(record, "idx_to_symbol"), "idx_to_symbol");
  problem.graph = graph_of(record, problem.idx_to_symbol.size());
  problem.root = integer(at(record, "root"), "root");
  problem.target = integer(at(record, "target"), "target");
  problem.neg_target = integer(at(record, "neg_target"), "neg_target");
  if (record.contains("question")) problem.question = text(record["question"], "question");
  if (record.contains("answer")) problem.answer = text(record["answer"], "answer");
  if (record.contains("steps")) problem.steps = strings(record["steps"], "steps");
  derive(problem);
  validate(problem.distance[problem.neg_target] < 0, ExitCode::data,
           "neg_target {} can be reached from root {}: the question has two right answers",
           problem.neg_target, problem.root);
  check_edges(problem.graph);
  check_names(problem.idx_to_symbol);
  check_sentences(problem, record);
  check_sets(problem, record);
  return problem;
}

std::string record_text(const Problem& problem) {
  return fmt::format(
      R"({{"question": {}, "answer": {}, "steps": {}, "idx_to_symbol": {}, "edges": {}, )"
      R"("root": {}, "target": {}, "neg_target": {}, "neighbor_k": {}, "bfs_neighbor_k": {}}})",
      quoted(problem.question), quoted(problem.answer), strings_text(problem.steps),
      strings_text(problem.idx_to_symbol), edges_text(problem.graph), problem.root, problem.target,
      problem.neg_target, sets_text(problem.optimal, problem.hops),
      sets_text(problem.frontier, problem.hops));
}

}  // namespace superpose::data
