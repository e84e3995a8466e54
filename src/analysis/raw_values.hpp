#pragma once
/// Which raw values of a probe are kept, where they lie in the file, and the values themselves.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/named_array.hpp"
#include "analysis/probe.hpp"
#include "model/options.hpp"

namespace superpose::analysis {

/// From where the attention is kept.
enum class RawQueries { all, thoughts };  ///< every position, or the thoughts' and [A] alone
constexpr std::array<const char*, 2> names_of(RawQueries) {
  return {"all", "thoughts"};
}

/// Which attention is kept raw. Thoughts, logits and inner products are kept of every problem.
struct RawOptions {
  std::vector<int> problems;  ///< ascending indices in the file
  std::vector<int> layers;    ///< ascending, from 0
  RawQueries queries = RawQueries::all;
};

/// Of the first n_problems, and of these layers, counted from 1; without any, of all. Error (usage)
/// for a layer that the model does not have.
RawOptions raw_options(int n_problems, const std::vector<int>& layers, RawQueries queries,
                       int n_layer);

/// The problems of a probe and the extents of what is kept of them.
struct RawPlan {
  /// `problems` outlives the plan.
  RawPlan(const std::vector<data::Problem>& problems, const ProbeSettings& settings,
          const model::Gpt2Options& model, const RawOptions& options);

  ProbeSettings settings;
  std::vector<ProbedProblem> problems;
  std::vector<Sequence> sequences;
  RawOptions raw;
  int n_layer, n_head, n_embd, vocab_size;
  int n_thoughts = 0, n_nodes = 0, n_edges = 0, n_positions = 0;  ///< the most of any problem
  int n_raw_positions = 0;                                        ///< of the raw ones

  /// Queries kept of a raw problem: every position, or the thoughts' and [A].
  int n_queries() const {
    return raw.queries == RawQueries::all ? n_raw_positions : n_thoughts + 1;
  }
  /// Positions of these, -1 where a problem has fewer.
  std::vector<int> queries_of(int problem) const;
  /// Ranks of the raw problems with indices in [begin, end): places in raw.problems.
  Chunk raw_range(int begin, int end) const;
  /// Bytes of the raw values of one checkpoint.
  std::uint64_t bytes() const;
};

/// The datasets of one checkpoint, of n_problems problems of which n_raw are raw.
std::vector<DatasetLayout> raw_layouts(const RawPlan& plan, const std::string& group,
                                       std::size_t n_problems, std::size_t n_raw);

/// What one batch adds to each of these datasets.
struct RawPart {
  NamedArray<float> values;
  std::size_t begin;  ///< row of the dataset at which it begins
};

/// In the order of raw_layouts; parts without rows for no batch.
std::vector<RawPart> raw_parts(const RawPlan& plan, const std::string& group,
                               const ProbedBatch* batch);

}  // namespace superpose::analysis
