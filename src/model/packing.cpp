#include "model/packing.hpp"

#include <algorithm>
#include <map>

#include "core/error.hpp"

namespace superpose::model {
namespace {

using IntVector = std::vector<std::int32_t>;

struct HostRow {
  int problem, position;
};

struct HostGroups {
  IntVector problem, first, count, position;
};

/// Index arrays under construction; the names are PackedBatch's.
struct HostBatch {
  std::vector<HostRow> rows;
  std::vector<IntVector> row_of;     ///< [problem][position]
  std::vector<IntVector> output_of;  ///< [problem][position], -1 where no output
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

void add_output(HostBatch& host, int begin_group, int row, std::uint64_t problem_id) {
  const auto [problem, position] = host.rows[row];
  const int output = static_cast<int>(host.output_row.size());
  host.output_of[problem][position] = output;
  host.output_row.push_back(row);
  host.output_problem_id.push_back(static_cast<std::int32_t>(problem_id));
  host.output_position.push_back(position);
  add_query(host.output_groups, begin_group, problem, output, position);
}

void add_row(HostBatch& host, int begin_group, const Sequence& s, int problem, int position) {
  const int row = static_cast<int>(host.rows.size());
  host.rows.push_back({problem, position});
  host.row_of[problem][position] = row;
  host.token.push_back(s.tokens[position]);
  host.thought.push_back(is_fed_back(s, position) ? host.output_of[problem][position - 1] : -1);
  host.problem_id.push_back(static_cast<std::int32_t>(s.problem));
  host.position.push_back(position);
  add_query(host.row_groups, begin_group, problem, row, position);
}

bool is_target(const Sequence& s, int position) {
  return std::any_of(s.targets.begin(), s.targets.end(),
                     [=](const Target& t) { return t.position == position; });
}

/// Positions of `s` in segment number `index`.
Range positions_in(const Sequence& s, int index) {
  const int n = static_cast<int>(s.tokens.size());
  const int last = s.feed_back ? s.n_latent : 0;
  if (index > last) return {0, 0};
  const int begin = index == 0 ? 0 : s.latent_begin + index - 1;
  return {begin, index == last ? n : s.latent_begin + index};
}

Segment add_segment(HostBatch& host, const std::vector<Sequence>& sequences, int index) {
  Segment segment;
  segment.rows.begin = static_cast<int>(host.rows.size());
  segment.outputs.begin = static_cast<int>(host.output_row.size());
  segment.row_groups.begin = static_cast<int>(host.row_groups.problem.size());
  segment.output_groups.begin = static_cast<int>(host.output_groups.problem.size());
  for (std::size_t p = 0; p < sequences.size(); ++p) {
    const auto& s = sequences[p];
    const Range positions = positions_in(s, index);
    for (int t = positions.begin; t < positions.end; ++t) {
      add_row(host, segment.row_groups.begin, s, static_cast<int>(p), t);
      if (is_target(s, t) || is_fed_back(s, t + 1))
        add_output(host, segment.output_groups.begin, host.row_of[p][t], s.problem);
    }
    segment.longest = std::max(segment.longest, positions.end);
  }
  segment.rows.end = static_cast<int>(host.rows.size());
  segment.outputs.end = static_cast<int>(host.output_row.size());
  segment.row_groups.end = static_cast<int>(host.row_groups.problem.size());
  segment.output_groups.end = static_cast<int>(host.output_groups.problem.size());
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

/// The index arrays of a batch, collected on the host and copied to the device together.
class IndexArrays {
 public:
  /// `target` will view the values on the device.
  void add(Indices& target, const IntVector& values) {
    targets_.push_back({&target, values_.size(), values_.size() + values.size()});
    values_.insert(values_.end(), values.begin(), values.end());
    values_.resize((values_.size() + cache_line - 1) / cache_line * cache_line);
  }

  void upload(IndexMemory& memory) const {
    const auto device = memory.take(values_.size());
    const Kokkos::View<const std::int32_t*, Kokkos::HostSpace, Kokkos::MemoryUnmanaged> host(
        values_.data(), values_.size());
    Kokkos::deep_copy(Kokkos::subview(device, Kokkos::make_pair(std::size_t{0}, values_.size())),
                      host);
    for (const auto& [target, begin, end] : targets_)
      *target = Kokkos::subview(device, Kokkos::make_pair(begin, end));
  }

 private:
  static constexpr std::size_t cache_line = 64 / sizeof(std::int32_t);
  struct Target {
    Indices* view;
    std::size_t begin, end;
  };
  std::vector<Target> targets_;
  IntVector values_;
};

/// Rows grouped by key(row), rows with a negative key left out.
template <class Key>
void group_rows(IndexArrays& arrays, kernels::RowGroups& groups, int n_rows, const Key& key) {
  std::map<int, IntVector> rows_of;
  for (int r = 0; r < n_rows; ++r)
    if (key(r) >= 0) rows_of[key(r)].push_back(r);
  IntVector entry, begin{0}, rows;
  for (const auto& [e, members] : rows_of) {
    entry.push_back(e);
    rows.insert(rows.end(), members.begin(), members.end());
    begin.push_back(static_cast<std::int32_t>(rows.size()));
  }
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
      const int o = host.output_of[p][targets[i].position];
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
  IntVector key_begin{0}, key_row, problem_id;
  for (std::size_t p = 0; p < sequences.size(); ++p) {
    key_row.insert(key_row.end(), host.row_of[p].begin(), host.row_of[p].end());
    key_begin.push_back(static_cast<std::int32_t>(key_row.size()));
    problem_id.push_back(static_cast<std::int32_t>(sequences[p].problem));
  }
  arrays.add(groups.key_begin, key_begin);
  arrays.add(groups.key_row, key_row);
  arrays.add(groups.problem_id, problem_id);
}

void pack_rows(IndexArrays& arrays, PackedBatch& batch, const HostBatch& host) {
  batch.n_rows = static_cast<int>(host.rows.size());
  batch.n_outputs = static_cast<int>(host.output_row.size());
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

Vector<std::int32_t> IndexMemory::take(std::size_t n) {
  if (n > buffer_.extent(0)) {
    buffer_ = Vector<std::int32_t>();  // free first: the old one is of no more use
    buffer_ = Vector<std::int32_t>(Kokkos::view_alloc("batch_indices", Kokkos::WithoutInitializing),
                                   n + n / 8);  // batches differ by a few rows
  }
  return buffer_;
}

PackedBatch pack(const std::vector<Sequence>& sequences) {
  IndexMemory own;
  return pack(sequences, own);
}

PackedBatch pack(const std::vector<Sequence>& sequences, IndexMemory& memory) {
  SUPERPOSE_EXPECT(!sequences.empty());
  PackedBatch batch;
  HostBatch host;
  int n_segments = 1;
  for (const auto& s : sequences) {
    check(s);
    n_segments = std::max(n_segments, s.feed_back ? s.n_latent + 1 : 1);
    host.row_of.emplace_back(s.tokens.size(), -1);
    host.output_of.emplace_back(s.tokens.size(), -1);
  }
  for (int i = 0; i < n_segments; ++i) batch.segments.push_back(add_segment(host, sequences, i));
  batch.n_problems = static_cast<int>(sequences.size());
  IndexArrays arrays;
  pack_rows(arrays, batch, host);
  pack_groups(arrays, batch.row_groups, host.row_groups);
  pack_groups(arrays, batch.output_groups, host.output_groups);
  pack_keys(arrays, batch.row_groups, host, sequences);
  pack_targets(arrays, batch, host, sequences);
  arrays.upload(memory);
  batch.output_groups.key_begin = batch.row_groups.key_begin;
  batch.output_groups.key_row = batch.row_groups.key_row;
  batch.output_groups.problem_id = batch.row_groups.problem_id;
  return batch;
}

int longest(const PackedBatch& batch) {
  int longest = 0;
  for (const auto& segment : batch.segments) longest = std::max(longest, segment.longest);
  return longest;
}

kernels::AttentionGroups groups_of(const kernels::AttentionGroups& all, Range range, int longest) {
  auto groups = all;
  groups.problem = slice(all.problem, range);
  groups.first = slice(all.first, range);
  groups.count = slice(all.count, range);
  groups.longest = longest;
  return groups;
}

}  // namespace superpose::model
