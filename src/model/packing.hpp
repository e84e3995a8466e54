#pragma once
/// Sequences packed into rows, not padded rectangles.
///
/// Every token is a row. Rows are ordered by segment, then problem, then position:
///   segment 0   the prompts (whole sequences where nothing is fed back)
///   segment i   latent token i of each problem that has one, and what follows the last latent
/// A segment's rows can be computed together; its latent rows read thoughts of earlier segments.
/// "Outputs" are the rows whose final hidden state is used: they become a thought or a target.
/// The last layer computes queries, attention output and MLP for them alone.

#include <memory>
#include <vector>

#include "core/sequence.hpp"
#include "core/types.hpp"
#include "kokkos_kernels/attention.hpp"
#include "kokkos_kernels/cross_entropy.hpp"
#include "kokkos_kernels/embedding.hpp"
#include "model/index_memory.hpp"

namespace superpose::model {

struct Segment {
  Range rows;           ///< of R
  Range outputs;        ///< of O
  Range row_groups;     ///< attention groups whose queries are the rows
  Range output_groups;  ///< attention groups whose queries are the outputs
  int longest = 0;      ///< largest number of keys a query of the segment sees
  int most_rows = 0;    ///< largest number of rows of a problem
  int most_outputs = 0;
};

/// Where the logits of a sequence's target are: row `output` of the logits.
struct TargetOutput {
  int sequence, target, output;
};

struct PackedBatch {
  int n_problems = 0, n_rows = 0, n_outputs = 0;
  /// Pairs of a query and a key it attends to, where all rows and where the outputs are queries.
  std::int64_t n_row_pairs = 0, n_output_pairs = 0;
  std::vector<Segment> segments;
  std::vector<TargetOutput> targets;  ///< all targets, by sequence and position
  int n_labelled = 0;                 ///< targets with a loss

  Indices token;                        ///< [R]
  Indices thought;                      ///< [R] output fed to the row, -1 for a token embedding
  kernels::RowKeys row_keys;            ///< [R]
  Indices output_row;                   ///< [O]
  kernels::RowKeys output_keys;         ///< [O]
  kernels::AttentionGroups row_groups;  ///< of all segments
  kernels::AttentionGroups output_groups;
  kernels::RowGroups token_rows;     ///< rows by token, fed-back rows left out
  kernels::RowGroups position_rows;  ///< rows by position
  kernels::Labels labels;            ///< [n_labelled]
};

/// Largest number of positions of a problem of the batch.
int longest(const PackedBatch& batch);

/// A batch whose index arrays are still on the host.
struct HostPacking {
  std::unique_ptr<PackedBatch> batch;  ///< a place of its own, which `arrays` will complete
  IndexArrays arrays;
};

/// Packs at least one sequence. Calls nothing of Kokkos: any thread may, while others compute.
HostPacking pack_on_host(const std::vector<Sequence>& sequences);

/// Begins to copy the index arrays to the device, in one piece; see IndexMemory::upload.
PackedBatch upload(const Exec& exec, HostPacking packing, IndexMemory& memory);

/// Both, in memory of the batch's own.
PackedBatch pack(const std::vector<Sequence>& sequences);

/// The groups of one segment, `most` the largest number of queries of one.
kernels::AttentionGroups groups_of(const kernels::AttentionGroups& all, Range range, int longest,
                                   int most);

}  // namespace superpose::model
