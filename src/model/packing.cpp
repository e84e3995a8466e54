#include "model/packing.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/error.hpp"

namespace superpose::model {
namespace {

using IntVector = std::vector<std::int32_t>;

struct HostGroups {
  IntVector problem, first, count, position;
};

/// Index arrays under construction; the names are PackedBatch's.
struct HostBatch {
  IntVector key_begin{0};          ///< [P+1] where a problem's positions begin in the next three
  std::vector<bool> gives_output;  ///< [positions]
  IntVector key_row, output_of;    ///< [positions] -1: not yet, or none
  IntVector token, thought, problem_id, position;
  IntVector output_row, output_problem_id, output_position;
  HostGroups row_groups, output_groups;
};

bool is_fed_back(const Sequence& s, int position) {
  return s.feed_back && position >= s.latent_begin && position < s.latent_begin + s.n_latent;
}

/// Appends the query to its problem's group, opening one if the problem changes.
void add_query(HostGroups& groups, int begin_group, int problem, int query, int position) {
  if (static_cast<int>(groups.problem.size()) == begin_group || groups.problem.back() != problem) {
    groups.problem.push_back(problem);
    groups.first.push_back(query);
    groups.count.push_back(0);
  }
  ++groups.count.back();
  groups.position.push_back(position);
}

void add_output(HostBatch& host, int begin_group, const Sequence& s, int problem, int position) {
  const int at = host.key_begin[problem] + position;
  const int output = static_cast<int>(host.output_row.size());
  host.output_of[at] = output;
  host.output_row.push_back(host.key_row[at]);
  host.output_problem_id.push_back(static_cast<std::int32_t>(s.problem));
  host.output_position.push_back(position);
  add_query(host.output_groups, begin_group, problem, output, position);
}

void add_row(HostBatch& host, int begin_group, const Sequence& s, int problem, int position) {
  const int at = host.key_begin[problem] + position;
  const int row = static_cast<int>(host.token.size());
  host.key_row[at] = row;
  host.token.push_back(s.tokens[position]);
  host.thought.push_back(is_fed_back(s, position) ? host.output_of[at - 1] : -1);
  host.problem_id.push_back(static_cast<std::int32_t>(s.problem));
  host.position.push_back(position);
  add_query(host.row_groups, begin_group, problem, row, position);
}

/// Opens the next problem: its targets, and what is fed back to its latents, are outputs.
void add_problem(HostBatch& host, const Sequence& s) {
  const int begin = host.key_begin.back();
  const int end = begin + static_cast<int>(s.tokens.size());
  host.key_begin.push_back(end);
  host.key_row.resize(end, -1);
  host.output_of.resize(end, -1);
  host.gives_output.resize(end, false);
  for (const auto& target : s.targets) host.gives_output[begin + target.position] = true;
  for (int i = 0; s.feed_back && i < s.n_latent; ++i)
    host.gives_output[begin + s.latent_begin + i - 1] = true;
}

/// Room for a row of every position: appending them is most of the work.
void reserve_rows(HostBatch& host) {
  const std::size_t n_rows = host.key_begin.back();
  for (auto* array :
       {&host.token, &host.thought, &host.problem_id, &host.position, &host.row_groups.position})
    array->reserve(n_rows);
}

/// Positions of `s` in segment number `index`.
Range positions_in(const Sequence& s, int index) {
  const int n = static_cast<int>(s.tokens.size());
  const int last = s.feed_back ? s.n_latent : 0;
  if (index > last) return {0, 0};
  const int begin = index == 0 ? 0 : s.latent_begin + index - 1;
  return {begin, index == last ? n : s.latent_begin + index};
}

int largest_count(const HostGroups& groups, Range range) {
  const auto begin = groups.count.begin();
  return range.size() == 0 ? 0 : *std::max_element(begin + range.begin, begin + range.end);
}

Segment add_segment(HostBatch& host, const std::vector<Sequence>& sequences, int index) {
  Segment segment;
  segment.rows.begin = static_cast<int>(host.token.size());
  segment.outputs.begin = static_cast<int>(host.output_row.size());
  segment.row_groups.begin = static_cast<int>(host.row_groups.problem.size());
  segment.output_groups.begin = static_cast<int>(host.output_groups.problem.size());
  for (std::size_t p = 0; p < sequences.size(); ++p) {
    const auto& s = sequences[p];
    const Range positions = positions_in(s, index);
    for (int t = positions.begin; t < positions.end; ++t) {
      add_row(host, segment.row_groups.begin, s, static_cast<int>(p), t);
      if (host.gives_output[host.key_begin[p] + t])
        add_output(host, segment.output_groups.begin, s, static_cast<int>(p), t);
    }
    segment.longest = std::max(segment.longest, positions.end);
  }
  segment.rows.end = static_cast<int>(host.token.size());
  segment.outputs.end = static_cast<int>(host.output_row.size());
  segment.row_groups.end = static_cast<int>(host.row_groups.problem.size());
  segment.output_groups.end = static_cast<int>(host.output_groups.problem.size());
  segment.most_rows = largest_count(host.row_groups, segment.row_groups);
  segment.most_outputs = largest_count(host.output_groups, segment.output_groups);
  return segment;
}

void check(const Sequence& s) {
  const int n = static_cast<int>(s.tokens.size());
  SUPERPOSE_EXPECT(n > 0 && s.n_latent >= 0 && s.latent_begin + s.n_latent <= n);
  SUPERPOSE_EXPECT(!s.feed_back || s.n_latent == 0 || s.latent_begin > 0);
  int before = -1;
  for (const auto& target : s.targets) {  // one target a position: an output has one loss at most
    SUPERPOSE_EXPECT(target.position > before && target.position < n);
    before = target.position;
  }
}

/// Rows grouped by key(row), rows with a negative key left out: entries and the rows of each
/// ascend.
template <class Key>
void group_rows(IndexArrays& arrays, kernels::RowGroups& groups, int n_rows, const Key& key) {
  IntVector count;
  for (int r = 0; r < n_rows; ++r) {
    if (key(r) < 0) continue;
    if (key(r) >= static_cast<int>(count.size())) count.resize(key(r) + 1, 0);
    ++count[key(r)];
  }
  IntVector entry, begin{0}, next(count.size());
  for (std::size_t e = 0; e < count.size(); ++e) {
    if (count[e] == 0) continue;
    entry.push_back(static_cast<std::int32_t>(e));
    next[e] = begin.back();
    begin.push_back(begin.back() + count[e]);
  }
  IntVector rows(begin.back());
  for (int r = 0; r < n_rows; ++r)
    if (key(r) >= 0) rows[next[key(r)]++] = r;
  arrays.add(groups.entry, entry);
  arrays.add(groups.begin, begin);
  arrays.add(groups.rows, rows);
}

void pack_targets(IndexArrays& arrays, PackedBatch& batch, const HostBatch& host,
                  const std::vector<Sequence>& sequences) {
  IntVector output, begin{0}, label;
  for (std::size_t p = 0; p < sequences.size(); ++p) {
    const auto& targets = sequences[p].targets;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const int o = host.output_of[host.key_begin[p] + targets[i].position];
      batch.targets.push_back({static_cast<int>(p), static_cast<int>(i), o});
      if (targets[i].labels.empty()) continue;
      output.push_back(o);
      label.insert(label.end(), targets[i].labels.begin(), targets[i].labels.end());
      begin.push_back(static_cast<std::int32_t>(label.size()));
    }
  }
  batch.n_labelled = static_cast<int>(output.size());
  arrays.add(batch.labels.output, output);
  arrays.add(batch.labels.begin, begin);
  arrays.add(batch.labels.label, label);
}

void pack_groups(IndexArrays& arrays, kernels::AttentionGroups& groups, const HostGroups& host) {
  arrays.add(groups.problem, host.problem);
  arrays.add(groups.first, host.first);
  arrays.add(groups.count, host.count);
  arrays.add(groups.position, host.position);
}

void pack_keys(IndexArrays& arrays, kernels::AttentionGroups& groups, const HostBatch& host,
               const std::vector<Sequence>& sequences) {
  IntVector problem_id;
  for (const auto& s : sequences) problem_id.push_back(static_cast<std::int32_t>(s.problem));
  arrays.add(groups.key_begin, host.key_begin);
  arrays.add(groups.key_row, host.key_row);
  arrays.add(groups.problem_id, problem_id);
}

/// A query at position t has t + 1 keys.
std::int64_t attended_pairs(const IntVector& positions) {
  return std::accumulate(positions.begin(), positions.end(),
                         static_cast<std::int64_t>(positions.size()));
}

void pack_rows(IndexArrays& arrays, PackedBatch& batch, const HostBatch& host) {
  batch.n_rows = static_cast<int>(host.token.size());
  batch.n_outputs = static_cast<int>(host.output_row.size());
  batch.n_row_pairs = attended_pairs(host.position);
  batch.n_output_pairs = attended_pairs(host.output_position);
  arrays.add(batch.token, host.token);
  arrays.add(batch.thought, host.thought);
  arrays.add(batch.row_keys.problem, host.problem_id);
  arrays.add(batch.row_keys.position, host.position);
  arrays.add(batch.output_row, host.output_row);
  arrays.add(batch.output_keys.problem, host.output_problem_id);
  arrays.add(batch.output_keys.position, host.output_position);
  group_rows(arrays, batch.token_rows, batch.n_rows,
             [&](int r) { return host.thought[r] < 0 ? host.token[r] : -1; });
  group_rows(arrays, batch.position_rows, batch.n_rows, [&](int r) { return host.position[r]; });
}

}  // namespace

HostPacking pack_on_host(const std::vector<Sequence>& sequences) {
  SUPERPOSE_EXPECT(!sequences.empty());
  HostPacking packing{std::make_unique<PackedBatch>(), {}};
  auto& [place, arrays] = packing;
  auto& batch = *place;
  HostBatch host;
  int n_segments = 1;
  for (const auto& s : sequences) {
    check(s);
    n_segments = std::max(n_segments, s.feed_back ? s.n_latent + 1 : 1);
    add_problem(host, s);
  }
  reserve_rows(host);
  for (int i = 0; i < n_segments; ++i) batch.segments.push_back(add_segment(host, sequences, i));
  batch.n_problems = static_cast<int>(sequences.size());
  pack_rows(arrays, batch, host);
  pack_groups(arrays, batch.row_groups, host.row_groups);
  pack_groups(arrays, batch.output_groups, host.output_groups);
  pack_keys(arrays, batch.row_groups, host, sequences);
  pack_targets(arrays, batch, host, sequences);
  return packing;
}

PackedBatch upload(const Exec& exec, HostPacking packing, IndexMemory& memory) {
  packing.arrays.upload(exec, memory);
  auto& batch = *packing.batch;
  batch.output_groups.key_begin = batch.row_groups.key_begin;
  batch.output_groups.key_row = batch.row_groups.key_row;
  batch.output_groups.problem_id = batch.row_groups.problem_id;
  return std::move(batch);
}

PackedBatch pack(const std::vector<Sequence>& sequences) {
  IndexMemory own;
  const Exec exec;
  auto batch = upload(exec, pack_on_host(sequences), own);
  wait_for(exec, "index arrays are copied from memory that goes");
  return batch;
}

int longest(const PackedBatch& batch) {
  int longest = 0;
  for (const auto& segment : batch.segments) longest = std::max(longest, segment.longest);
  return longest;
}

kernels::AttentionGroups groups_of(const kernels::AttentionGroups& all, Range range, int longest,
                                   int most) {
  auto groups = all;
  groups.problem = slice(all.problem, range);
  groups.first = slice(all.first, range);
  groups.count = slice(all.count, range);
  groups.longest = longest;
  groups.most = most;
  return groups;
}

}  // namespace superpose::model
