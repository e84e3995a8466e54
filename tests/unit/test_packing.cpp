#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "model/packing.hpp"
#include "small_models.hpp"

namespace superpose::model {
namespace {

using Ints = std::vector<int>;
using testing::ElementsAre;

Ints host(const Indices& indices) {
  const auto copy = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), indices);
  return Ints(copy.data(), copy.data() + copy.extent(0));
}

Ints bounds(Range range) {
  return {range.begin, range.end};
}

// --- a batch worked out by hand ------------------------------------------------------------------

/// Problem 50: tokens 1 2 3, latents at 3 and 4, [A]-like token 9; a target at its end.
/// Problem 51: tokens 4 5, latent at 2; targets at 1 (no label) and 2 (two labels).
/// Problem 52: the same tokens, nothing fed back; a target at 1.
std::vector<Sequence> three_sequences() {
  return {{50, {1, 2, 3, 0, 0, 9}, 3, 2, true, {{5, {7}}}},
          {51, {4, 5, 0}, 2, 1, true, {{1, {}}, {2, {3, 4}}}},
          {52, {4, 5, 0}, 2, 1, false, {{1, {6}}}}};
}

TEST(Packing, RowsOfThreeProblemsByHand) {
  const auto batch = pack(three_sequences());
  EXPECT_EQ(batch.n_problems, 3);
  EXPECT_EQ(batch.n_rows, 12);
  //                                     segment 0 (prompts)      | 1    | 2
  EXPECT_THAT(host(batch.token), ElementsAre(1, 2, 3, 4, 5, 4, 5, 0, 0, 0, 0, 9));
  EXPECT_THAT(host(batch.row_keys.problem),
              ElementsAre(50, 50, 50, 51, 51, 52, 52, 52, 50, 51, 50, 50));
  EXPECT_THAT(host(batch.row_keys.position), ElementsAre(0, 1, 2, 0, 1, 0, 1, 2, 3, 2, 4, 5));
  EXPECT_THAT(host(batch.thought), ElementsAre(-1, -1, -1, -1, -1, -1, -1, -1, 0, 1, 3, -1));
}

TEST(Packing, OutputsOfThreeProblemsByHand) {
  const auto batch = pack(three_sequences());
  EXPECT_EQ(batch.n_outputs, 6);
  EXPECT_THAT(host(batch.output_row), ElementsAre(2, 4, 6, 8, 9, 11));
  EXPECT_THAT(host(batch.output_keys.problem), ElementsAre(50, 51, 52, 50, 51, 50));
  EXPECT_THAT(host(batch.output_keys.position), ElementsAre(2, 1, 1, 3, 2, 5));
  ASSERT_EQ(batch.segments.size(), 3U);
  EXPECT_THAT(bounds(batch.segments[0].rows), ElementsAre(0, 8));
  EXPECT_THAT(bounds(batch.segments[1].rows), ElementsAre(8, 10));
  EXPECT_THAT(bounds(batch.segments[2].rows), ElementsAre(10, 12));
  EXPECT_THAT(bounds(batch.segments[0].outputs), ElementsAre(0, 3));
  EXPECT_THAT(bounds(batch.segments[1].outputs), ElementsAre(3, 5));
  EXPECT_THAT(bounds(batch.segments[2].outputs), ElementsAre(5, 6));
}

TEST(Packing, AttentionOfThreeProblemsByHand) {
  const auto batch = pack(three_sequences());
  EXPECT_THAT(host(batch.row_groups.key_begin), ElementsAre(0, 6, 9, 12));
  EXPECT_THAT(host(batch.row_groups.key_row), ElementsAre(0, 1, 2, 8, 10, 11, 3, 4, 9, 5, 6, 7));
  EXPECT_THAT(host(batch.row_groups.problem), ElementsAre(0, 1, 2, 0, 1, 0));
  EXPECT_THAT(host(batch.row_groups.first), ElementsAre(0, 3, 5, 8, 9, 10));
  EXPECT_THAT(host(batch.row_groups.count), ElementsAre(3, 2, 3, 1, 1, 2));
  EXPECT_THAT(host(batch.output_groups.problem), ElementsAre(0, 1, 2, 0, 1, 0));
  EXPECT_THAT(host(batch.output_groups.first), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(host(batch.output_groups.count), ElementsAre(1, 1, 1, 1, 1, 1));
  EXPECT_EQ(batch.segments[0].longest, 3);
  EXPECT_EQ(batch.segments[1].longest, 4);
  EXPECT_EQ(batch.segments[2].longest, 6);
}

TEST(Packing, TargetsOfThreeProblemsByHand) {
  const auto batch = pack(three_sequences());
  Ints outputs;
  for (const auto& target : batch.targets) outputs.push_back(target.output);
  EXPECT_THAT(outputs, ElementsAre(5, 1, 4, 2));
  EXPECT_EQ(batch.n_labelled, 3);
  EXPECT_THAT(host(batch.labels.output), ElementsAre(5, 4, 2));
  EXPECT_THAT(host(batch.labels.begin), ElementsAre(0, 1, 3, 4));
  EXPECT_THAT(host(batch.labels.label), ElementsAre(7, 3, 4, 6));
}

// --- any batch, against plain loops --------------------------------------------------------------

/// One row, from the definition: which segment it is in and what is read from it.
struct PlainRow {
  int segment, sequence, position;
  bool fed_back, output;
};

bool is_latent(const Sequence& s, int t) {
  return t >= s.latent_begin && t < s.latent_begin + s.n_latent;
}

/// The number of thoughts that have to be known before position t can be computed.
int segment_of(const Sequence& s, int t) {
  int n_thoughts = 0;
  for (int u = 0; u <= t; ++u) n_thoughts += s.feed_back && is_latent(s, u);
  return n_thoughts;
}

bool has_target(const Sequence& s, int t) {
  for (const auto& target : s.targets)
    if (target.position == t) return true;
  return false;
}

/// The largest number of rows of one sequence in a segment.
int most_of_a_sequence(const std::vector<PlainRow>& rows, int segment) {
  std::map<int, int> n_rows;
  int most = 0;
  for (const auto& row : rows)
    if (row.segment == segment) most = std::max(most, ++n_rows[row.sequence]);
  return most;
}

std::vector<PlainRow> plain_rows(const std::vector<Sequence>& sequences) {
  std::vector<PlainRow> rows;
  for (int p = 0; p < static_cast<int>(sequences.size()); ++p) {
    const auto& s = sequences[p];
    for (int t = 0; t < static_cast<int>(s.tokens.size()); ++t)
      rows.push_back({segment_of(s, t), p, t, s.feed_back && is_latent(s, t),
                      has_target(s, t) || (s.feed_back && is_latent(s, t + 1))});
  }
  std::sort(rows.begin(), rows.end(), [](const PlainRow& a, const PlainRow& b) {
    return std::tie(a.segment, a.sequence, a.position) <
           std::tie(b.segment, b.sequence, b.position);
  });
  return rows;
}

class PlainBatch {
 public:
  explicit PlainBatch(const std::vector<Sequence>& sequences)
      : sequences_(sequences), rows_(plain_rows(sequences)) {
    for (const auto& row : rows_)
      if (row.output) outputs_.push_back(row);
  }

  void expect_rows(const PackedBatch& batch) const {
    Ints token, thought, problem, position;
    for (const auto& row : rows_) {
      const auto& s = sequences_[row.sequence];
      token.push_back(s.tokens[row.position]);
      thought.push_back(row.fed_back ? index_of(outputs_, row.sequence, row.position - 1) : -1);
      problem.push_back(static_cast<int>(s.problem));
      position.push_back(row.position);
    }
    EXPECT_EQ(batch.n_rows, static_cast<int>(rows_.size()));
    EXPECT_EQ(host(batch.token), token);
    EXPECT_EQ(host(batch.thought), thought);
    EXPECT_EQ(host(batch.row_keys.problem), problem);
    EXPECT_EQ(host(batch.row_keys.position), position);
    expect_groups(batch.row_groups, rows_);
  }

  void expect_outputs(const PackedBatch& batch) const {
    Ints output_row, problem, position;
    for (const auto& o : outputs_) {
      output_row.push_back(index_of(rows_, o.sequence, o.position));
      problem.push_back(static_cast<int>(sequences_[o.sequence].problem));
      position.push_back(o.position);
    }
    EXPECT_EQ(batch.n_outputs, static_cast<int>(outputs_.size()));
    EXPECT_EQ(host(batch.output_row), output_row);
    EXPECT_EQ(host(batch.output_keys.problem), problem);
    EXPECT_EQ(host(batch.output_keys.position), position);
    expect_groups(batch.output_groups, outputs_);
  }

  void expect_segments(const PackedBatch& batch) const {
    ASSERT_EQ(static_cast<int>(batch.segments.size()), rows_.back().segment + 1);
    for (int i = 0; i <= rows_.back().segment; ++i) {
      const auto& segment = batch.segments[i];
      EXPECT_EQ(bounds(segment.rows), bounds_of(rows_, i));
      EXPECT_EQ(bounds(segment.outputs), bounds_of(outputs_, i));
      EXPECT_EQ(segment.row_groups.size(), n_sequences_in(rows_, i));
      EXPECT_EQ(segment.output_groups.size(), n_sequences_in(outputs_, i));
      int longest = 0;
      for (const auto& row : rows_)
        if (row.segment == i) longest = std::max(longest, row.position + 1);
      EXPECT_EQ(segment.longest, longest);
      EXPECT_EQ(segment.most_rows, most_of_a_sequence(rows_, i));
      EXPECT_EQ(segment.most_outputs, most_of_a_sequence(outputs_, i));
    }
    EXPECT_EQ(batch.segments[0].row_groups.begin, 0);
    EXPECT_EQ(batch.segments[0].output_groups.begin, 0);
    for (std::size_t i = 1; i < batch.segments.size(); ++i) {
      const auto &before = batch.segments[i - 1], &segment = batch.segments[i];
      EXPECT_EQ(segment.row_groups.begin, before.row_groups.end);
      EXPECT_EQ(segment.output_groups.begin, before.output_groups.end);
    }
  }

  void expect_targets(const PackedBatch& batch) const {
    std::vector<Ints> targets, labels;
    for (int p = 0; p < static_cast<int>(sequences_.size()); ++p)
      for (int i = 0; i < static_cast<int>(sequences_[p].targets.size()); ++i) {
        const auto& target = sequences_[p].targets[i];
        const int output = index_of(outputs_, p, target.position);
        targets.push_back({p, i, output});
        if (target.labels.empty()) continue;
        labels.push_back({output});
        labels.back().insert(labels.back().end(), target.labels.begin(), target.labels.end());
      }
    EXPECT_EQ(packed_targets(batch), targets);
    EXPECT_EQ(packed_labels(batch), labels);
    EXPECT_EQ(batch.n_labelled, static_cast<int>(labels.size()));
  }

  void expect_scatter_groups(const PackedBatch& batch) const {
    std::map<int, Ints> by_token, by_position;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      const auto& row = rows_[r];
      by_position[row.position].push_back(static_cast<int>(r));
      if (!row.fed_back)
        by_token[sequences_[row.sequence].tokens[row.position]].push_back(static_cast<int>(r));
    }
    EXPECT_EQ(as_map(batch.token_rows), by_token);
    EXPECT_EQ(as_map(batch.position_rows), by_position);
  }

 private:
  static int index_of(const std::vector<PlainRow>& rows, int sequence, int position) {
    for (std::size_t r = 0; r < rows.size(); ++r)
      if (rows[r].sequence == sequence && rows[r].position == position) return static_cast<int>(r);
    return -2;
  }

  static Ints bounds_of(const std::vector<PlainRow>& rows, int segment) {
    const auto before = [=](const PlainRow& r) { return r.segment < segment; };
    const auto within = [=](const PlainRow& r) { return r.segment <= segment; };
    return {static_cast<int>(std::count_if(rows.begin(), rows.end(), before)),
            static_cast<int>(std::count_if(rows.begin(), rows.end(), within))};
  }

  static int n_sequences_in(const std::vector<PlainRow>& rows, int segment) {
    std::map<int, int> seen;
    for (const auto& row : rows)
      if (row.segment == segment) ++seen[row.sequence];
    return static_cast<int>(seen.size());
  }

  /// Every query in order: its problem, its position, the rows of its keys, its dropout identity.
  void expect_groups(const kernels::AttentionGroups& groups,
                     const std::vector<PlainRow>& queries) const {
    const auto problem = host(groups.problem), first = host(groups.first);
    const auto count = host(groups.count), position = host(groups.position);
    const auto key_begin = host(groups.key_begin), key_row = host(groups.key_row);
    const auto id = host(groups.problem_id);
    std::size_t next = 0;
    for (std::size_t g = 0; g < problem.size(); ++g) {
      EXPECT_EQ(first[g], static_cast<int>(next));
      EXPECT_GT(count[g], 0);
      for (int i = 0; i < count[g]; ++i, ++next) {
        ASSERT_LT(next, queries.size());
        const auto& query = queries[next];
        EXPECT_EQ(query.segment, queries[first[g]].segment) << "a group over two segments";
        EXPECT_EQ(problem[g], query.sequence);
        EXPECT_EQ(position[next], query.position);
        EXPECT_EQ(id[problem[g]], static_cast<int>(sequences_[query.sequence].problem));
        for (int t = 0; t <= query.position; ++t)
          EXPECT_EQ(key_row[key_begin[problem[g]] + t], index_of(rows_, query.sequence, t));
      }
    }
    EXPECT_EQ(next, queries.size());
  }

  static std::vector<Ints> packed_targets(const PackedBatch& batch) {
    std::vector<Ints> result;
    for (const auto& t : batch.targets) result.push_back({t.sequence, t.target, t.output});
    return result;
  }

  static std::vector<Ints> packed_labels(const PackedBatch& batch) {
    const auto output = host(batch.labels.output), begin = host(batch.labels.begin);
    const auto label = host(batch.labels.label);
    std::vector<Ints> result;
    for (std::size_t n = 0; n < output.size(); ++n) {
      result.push_back({output[n]});
      result.back().insert(result.back().end(), label.begin() + begin[n],
                           label.begin() + begin[n + 1]);
    }
    return result;
  }

  static std::map<int, Ints> as_map(const kernels::RowGroups& groups) {
    const auto entry = host(groups.entry), begin = host(groups.begin), rows = host(groups.rows);
    std::map<int, Ints> result;
    for (std::size_t e = 0; e < entry.size(); ++e)
      result[entry[e]] = Ints(rows.begin() + begin[e], rows.begin() + begin[e + 1]);
    return result;
  }

  const std::vector<Sequence>& sequences_;
  std::vector<PlainRow> rows_, outputs_;
};

/// 1 to 6 sequences of any shape, some with no latents, no targets or nothing fed back.
std::vector<Sequence> random_sequences(std::uint64_t id) {
  RandomStream random(9, Purpose::analysis, id);
  std::vector<Sequence> sequences(1 + random.below(6));
  for (std::size_t p = 0; p < sequences.size(); ++p) {
    const int prompt = 1 + static_cast<int>(random.below(6));
    const int n_latent = static_cast<int>(random.below(4)),
              after = static_cast<int>(random.below(3));
    auto& s = sequences[p];
    s = random_sequence(100 * id + p, prompt, n_latent, after);
    s.feed_back = random.below(4) != 0;
    for (int t = 0; t < prompt + n_latent + after; ++t)
      if (random.below(3) == 0) s.targets.push_back({t, Tokens(random.below(3), 5)});
  }
  return sequences;
}

TEST(Packing, EqualsPlainLoopsOnRandomBatches) {
  for (std::uint64_t id = 0; id < 60; ++id) {
    SCOPED_TRACE(id);
    const auto sequences = random_sequences(id);
    const PlainBatch plain(sequences);
    const auto batch = pack(sequences);
    EXPECT_EQ(batch.n_problems, static_cast<int>(sequences.size()));
    plain.expect_rows(batch);
    plain.expect_outputs(batch);
    plain.expect_segments(batch);
    plain.expect_targets(batch);
    plain.expect_scatter_groups(batch);
  }
}

TEST(Packing, GroupsOfASegmentKeepTheBatchsKeys) {
  const auto batch = pack(three_sequences());
  const auto& segment = batch.segments[1];
  const auto groups =
      groups_of(batch.row_groups, segment.row_groups, segment.longest, segment.most_rows);
  EXPECT_THAT(host(groups.problem), ElementsAre(0, 1));
  EXPECT_THAT(host(groups.first), ElementsAre(8, 9));  // queries of the whole batch
  EXPECT_THAT(host(groups.count), ElementsAre(1, 1));
  EXPECT_EQ(host(groups.position), host(batch.row_groups.position));
  EXPECT_EQ(host(groups.key_row), host(batch.row_groups.key_row));
  EXPECT_EQ(groups.longest, 4);
  EXPECT_EQ(groups.most, 1);
}

TEST(IndexMemory, KeepsTheBatchesOfItsPlaces) {
  const Exec exec;
  IndexMemory memory(2);
  const auto first = upload(exec, pack_on_host(three_sequences()), memory);
  const auto second = upload(exec, pack_on_host({random_sequence(1, 3, 2, 0)}), memory);
  EXPECT_EQ(host(first.token), host(pack(three_sequences()).token));
  EXPECT_EQ(host(second.token), host(pack({random_sequence(1, 3, 2, 0)}).token));
  const auto third = upload(exec, pack_on_host(three_sequences()), memory);
  EXPECT_EQ(third.token.data(), first.token.data());
}

// --- contracts -----------------------------------------------------------------------------------

TEST(Packing, RefusesSequencesThatCannotBeComputed) {
  EXPECT_THROW(pack({}), std::logic_error);
  EXPECT_THROW(pack({Sequence{}}), std::logic_error);
  const Sequence good = random_sequence(1, 3, 2, 0);
  Sequence first_is_latent = good, too_many = good, late_target = good, early_target = good;
  first_is_latent.latent_begin = 0;  // a thought before anything was read
  too_many.n_latent = 3;
  late_target.targets = {{5, {1}}};
  early_target.targets = {{-1, {1}}};
  for (const auto& bad : {first_is_latent, too_many, late_target, early_target})
    EXPECT_THROW(pack({good, bad}), std::logic_error);
  first_is_latent.feed_back = false;
  EXPECT_EQ(pack({good, first_is_latent}).n_rows, 10);
}

}  // namespace
}  // namespace superpose::model
