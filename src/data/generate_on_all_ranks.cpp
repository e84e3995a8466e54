#include "data/generate_on_all_ranks.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "core/progress_bar.hpp"
#include "data/problem_record.hpp"

namespace superpose::data {
namespace {

/// Problems a rank generates between two exchanges: bounds the memory of the exchange.
constexpr std::uint64_t block_size = 512;

/// One record a line: the form in which problems travel between ranks.
std::string to_lines(const std::vector<Problem>& problems) {
  std::string lines;
  for (const auto& problem : problems) lines += record_text(problem) + "\n";
  return lines;
}

void append_lines(const std::string& lines, std::vector<Problem>& problems) {
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    problems.push_back(problem_from_record(nlohmann::json::parse(line)));
  }
}

}  // namespace

GeneratedProblems generate_on_all_ranks(const GeneratorOptions& options,
                                        const distributed::Communicator& world) {
  GeneratedProblems all;
  const std::uint64_t count = options.count;
  const auto block_begin = [&](std::uint64_t block) { return std::min(block * block_size, count); };
  ProgressBar bar("problems", static_cast<std::int64_t>(count));
  for (std::uint64_t block = 0; block_begin(block) < count; block += world.size()) {
    const std::uint64_t mine = block + world.rank();
    const auto generated = generate_problems(options, block_begin(mine), block_begin(mine + 1));
    for (const auto tried : world.allgather(generated.graphs_tried)) all.graphs_tried += tried;
    const auto my_lines = to_lines(generated.problems);
    for (int rank = 0; rank < world.size(); ++rank) {  // one at a time: all of them may be large
      const auto lines = world.broadcast(my_lines, rank);
      if (world.rank() == 0) append_lines(lines, all.problems);
    }
    bar.advance(static_cast<std::int64_t>(world.size() * block_size));
  }
  return all;
}

}  // namespace superpose::data
