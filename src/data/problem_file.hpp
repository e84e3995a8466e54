#pragma once
/// Problem files: JSON lists of ProsQA records in every published schema (RECORDS.md).

#include <string>
#include <vector>

#include "data/problem.hpp"

namespace superpose::data {

struct ProblemFile {
  std::vector<Problem> problems;
  std::string hash;                 ///< XXH3-64 of the file's bytes, 16 hexadecimal digits
  int max_nodes = 0;                ///< largest n_nodes; decides the vocabulary
  std::vector<std::size_t> sizes;   ///< problems of each file that was read, in order
  std::vector<std::string> hashes;  ///< of each file
};

/// Reads and checks every record. Needed keys: idx_to_symbol, edges, root, target, neg_target.
/// Optional, but held against the graph when present: question, answer, steps, neighbor_k (optimal
/// or cumulative sets), bfs_neighbor_k (exact frontier). Other keys are ignored.
/// Error (data) with file, index of the record and reason; also if the file is missing or empty.
ProblemFile read_problems(const std::string& path);

/// The problems of one file after another. The hash of several files is that of their hashes.
ProblemFile read_problems(const std::vector<std::string>& paths);

/// What becomes of a file of other contents that is there.
enum class Existing { replaced, kept };

/// Writes derived problems as one published record each: neighbor_k holds the optimal sets,
/// bfs_neighbor_k the exact frontier, both for 0..H. The file appears under its name only when it
/// is complete and on disk; a file of the same bytes is left alone. Error (io) if it cannot be
/// written; Error (usage) if a file of other contents is kept.
void write_problems(const std::string& path, const std::vector<Problem>& problems,
                    Existing existing = Existing::replaced);

}  // namespace superpose::data
