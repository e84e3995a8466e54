#include "data/sentences.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace superpose::data {
namespace {

constexpr std::array persons_17{"Alex",    "Bob",  "Carol",  "Davis",  "Eva",   "Fae",
                                "Gabriel", "Jack", "Max",    "Oliver", "Polly", "Rex",
                                "Sally",   "Sam",  "Stella", "Tom",    "Wren"};
constexpr std::array concepts_38{
    "bompus",  "boompus", "brimpus", "chorpus", "dumpus",  "felpus", "fompus", "gerpus",
    "gorpus",  "grimpus", "gwompus", "hilpus",  "impus",   "jelpus", "jompus", "kerpus",
    "lempus",  "lorpus",  "numpus",  "quimpus", "rempus",  "rompus", "rorpus", "scrompus",
    "shumpus", "sterpus", "storpus", "terpus",  "timpus",  "tumpus", "vumpus", "worpus",
    "wumpus",  "yerpus",  "yimpus",  "yumpus",  "zhorpus", "zumpus"};

/// `count` distinct names in random order, from as many numbered copies of the list as needed.
template <class List>
std::vector<std::string> draw_distinct(const List& list, std::size_t count, RandomStream& random) {
  std::vector<std::string> names(list.begin(), list.end());
  for (int copy = 2; names.size() < count; ++copy)
    for (const auto* name : list) names.push_back(fmt::format("{}{}", name, copy));
  random.shuffle(names);
  names.resize(count);
  return names;
}

}  // namespace

std::vector<bool> is_person(const Graph& graph) {
  std::vector<bool> persons(graph.n_nodes, true);
  for (const auto& edge : graph.edges) persons[edge[1]] = false;
  return persons;
}

std::vector<std::string> draw_names(const Graph& graph, RandomStream& random) {
  const auto persons = is_person(graph);
  const auto n_persons = static_cast<std::size_t>(std::count(persons.begin(), persons.end(), true));
  const auto person_names = draw_distinct(persons_17, n_persons, random);
  const auto concept_names = draw_distinct(concepts_38, persons.size() - n_persons, random);
  std::vector<std::string> names;
  names.reserve(persons.size());
  std::size_t next_person = 0, next_concept = 0;
  for (const bool person : persons)
    names.push_back(person ? person_names[next_person++] : concept_names[next_concept++]);
  return names;
}

std::string fact(const Problem& problem, const std::vector<bool>& persons, int parent, int child) {
  return fmt::format("{}{} is a {}.", persons[parent] ? "" : "Every ",
                     problem.idx_to_symbol[parent], problem.idx_to_symbol[child]);
}

std::string final_question(const Problem& problem, int first, int second) {
  const auto& names = problem.idx_to_symbol;
  return fmt::format("Is {} a {} or {}?", names[problem.root], names[first], names[second]);
}

std::string answer_sentence(const Problem& problem) {
  const auto& names = problem.idx_to_symbol;
  return fmt::format("{} is a {}.", names[problem.root], names[problem.target]);
}

}  // namespace superpose::data
