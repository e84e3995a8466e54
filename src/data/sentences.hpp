#pragma once
/// The English side of a ProsQA record: names, facts, question and answer (RECORDS.md).

#include <string>
#include <vector>

#include "core/random.hpp"
#include "data/problem.hpp"

namespace superpose::data {

/// Distinct random names, persons for nodes without a parent and concepts for the others. Graphs
/// with more than 17 persons or 38 concepts continue the published lists with numbers (Alex2,
/// bompus2).
std::vector<std::string> draw_names(const Graph& graph, RandomStream& random);

/// [v]: whether node v has no parent, so that its facts read "P is a C." not "Every P is a C.".
std::vector<bool> is_person(const Graph& graph);

/// The fact of one edge. `persons` is is_person() of the graph.
std::string fact(const Problem& problem, const std::vector<bool>& persons, int parent, int child);

/// "Is ROOT a FIRST or SECOND?", where the nodes are the two candidates in either order.
std::string final_question(const Problem& problem, int first, int second);

/// "ROOT is a TARGET."
std::string answer_sentence(const Problem& problem);

}  // namespace superpose::data
