/// Properties of the chain of thoughts that hold whatever the weights are. Equality with PyTorch is
/// the business of regression/test_fidelity.cpp.

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "small_models.hpp"

namespace superpose::model {
namespace {

constexpr double float_tolerance = 1e-5;  // of logits of magnitude 1 to 10
constexpr double double_tolerance = 1e-12;

/// Logits of each sequence computed in a batch of its own.
template <class T>
Numbers one_by_one(Coconut<T>& model, const std::vector<Sequence>& sequences, const Pass& pass) {
  Numbers result;
  for (const auto& s : sequences) {
    const auto logits = logits_of(model, {s}, pass);
    result.insert(result.end(), logits.begin(), logits.end());
  }
  return result;
}

/// Row number `target` of logits_of().
Numbers row(const Numbers& logits, int target, int n_columns) {
  const auto begin = logits.begin() + static_cast<long>(target) * n_columns;
  return {begin, begin + n_columns};
}

// --- a problem does not see its neighbours -------------------------------------------------------

TEST(Thoughts, LogitsDoNotDependOnTheRestOfTheBatch) {
  auto model = random_model<float>(small_options());
  const auto sequences = mixed_sequences();
  const auto together = logits_of(model, sequences);
  EXPECT_GT(largest_magnitude(together), 1);
  EXPECT_LT(largest_difference(together, one_by_one(model, sequences, {})), float_tolerance);
}

TEST(Thoughts, DropoutDoesNotDependOnTheRestOfTheBatch) {
  auto model = random_model<float>(dropout_options());
  const auto sequences = mixed_sequences();
  EXPECT_LT(largest_difference(logits_of(model, sequences, training),
                               one_by_one(model, sequences, training)),
            float_tolerance);
}

TEST(Thoughts, OrderOfTheProblemsDoesNotMatter) {
  auto model = random_model<double>(small_options());
  const auto sequences = mixed_sequences();
  const std::vector<Sequence> reversed(sequences.rbegin(), sequences.rend());
  EXPECT_LT(largest_difference(gradient_of(model, sequences), gradient_of(model, reversed)),
            double_tolerance * largest_magnitude(gradient_of(model, sequences)));
}

TEST(Thoughts, GradientOfABatchIsTheSumOfItsProblems) {
  for (const bool tied : {true, false}) {
    auto options = dropout_options();
    options.tied = tied;
    auto model = random_model<double>(options);
    Numbers sum;
    for (const auto& s : mixed_sequences()) {
      const auto gradient = gradient_of(model, {s}, training);
      sum.resize(gradient.size(), 0.0);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += gradient[i];
    }
    EXPECT_LT(largest_difference(gradient_of(model, mixed_sequences(), training), sum),
              double_tolerance * largest_magnitude(sum));
  }
}

/// The sequence once for each of its targets, cut behind it: what stages train one at a time.
std::vector<Sequence> one_for_each_target(const Sequence& sequence) {
  std::vector<Sequence> alone;
  for (const auto& target : sequence.targets) {
    auto cut = sequence;
    cut.targets = {target};
    cut.tokens.resize(static_cast<std::size_t>(target.position) + 1);
    cut.n_latent = std::min(sequence.n_latent, target.position + 1 - sequence.latent_begin);
    alone.push_back(cut);
  }
  return alone;
}

// method.supervise = "all": one pass with every hop labelled is all the passes of earlier stages.
TEST(Thoughts, LossOfManyTargetsIsTheSumOverSequencesOfOne) {
  for (const bool feed_back : {true, false}) {
    auto model = random_model<double>(dropout_options());
    auto sequence = random_sequence(7, 6, 3, 1);
    sequence.feed_back = feed_back;
    sequence.targets = {{5, {4}}, {6, {7, 8}}, {7, {2}}, {8, {11}}, {9, {3}}};
    Parameters<double> together(model.options(), "together"), alone(model.options(), "alone");
    const double loss = add_gradient(model, {sequence}, training, together);
    double sum = 0;
    for (const auto& one : one_for_each_target(sequence))
      sum += add_gradient(model, {one}, training, alone);
    EXPECT_NEAR(loss, sum, double_tolerance * sum);
    const auto gradient = host_numbers(alone.flat);
    EXPECT_GT(largest_magnitude(gradient), 0.1);
    EXPECT_LT(largest_difference(host_numbers(together.flat), gradient),
              double_tolerance * largest_magnitude(gradient));
  }
}

// --- what a position sees ------------------------------------------------------------------------

TEST(Thoughts, TargetsElsewhereDoNotChangeATargetsLogits) {
  auto model = random_model<float>(small_options());
  const int V = model.options().vocab_size;
  const auto sequence = random_sequence(1, 8, 3, 2);
  auto everywhere = sequence;
  for (int t = 0; t < 13; ++t) everywhere.targets.push_back({t, {}});
  const auto all = logits_of(model, {everywhere});
  for (int t = 0; t < 13; ++t) {
    auto alone = sequence;
    alone.targets = {{t, {}}};
    EXPECT_LT(largest_difference(logits_of(model, {alone}), row(all, t, V)), float_tolerance) << t;
  }
}

TEST(Thoughts, LaterTokensAreNotSeen) {
  auto model = random_model<double>(small_options());
  auto sequence = random_sequence(1, 8, 2, 3);
  for (const int t : {5, 7, 8, 9, 10}) sequence.targets.push_back({t, {}});
  const auto before = logits_of(model, {sequence});
  auto changed = sequence;
  changed.tokens[11] = 22 - changed.tokens[11];
  changed.tokens[12] = 22 - changed.tokens[12];
  EXPECT_LT(largest_difference(logits_of(model, {changed}), before), double_tolerance);
  changed.tokens[5] = 22 - changed.tokens[5];
  EXPECT_GT(largest_difference(logits_of(model, {changed}), before), 1e-3);
}

TEST(Thoughts, EveryEarlierTokenIsSeenThroughTheThoughts) {
  auto model = random_model<double>(small_options());
  const auto sequence = with_last_target(random_sequence(1, 6, 3, 0), {});
  const auto before = logits_of(model, {sequence});
  for (int t = 0; t < 6; ++t) {
    auto changed = sequence;
    changed.tokens[t] = 22 - changed.tokens[t];
    EXPECT_GT(largest_difference(logits_of(model, {changed}), before), 1e-3) << t;
  }
}

// --- what a thought is ---------------------------------------------------------------------------

/// Writes [C] numbers over row `token` of the embedding.
void set_embedding(Coconut<double>& model, int token, const Numbers& values) {
  const auto host = Kokkos::create_mirror(model.parameters().wte);
  Kokkos::deep_copy(host, model.parameters().wte);
  for (std::size_t c = 0; c < values.size(); ++c) host(token, c) = values[c];
  Kokkos::deep_copy(model.parameters().wte, host);
}

/// Final hidden state at the last position of a batch of one.
Numbers last_hidden(const Coconut<double>& model) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), model.hidden());
  const double* begin = &host(host.extent(0) - 1, 0);
  return Numbers(begin, begin + host.extent(1));
}

/// Plain GPT-2 told each thought: after every step the hidden state becomes the embedding of a
/// token that nothing else uses (20, 21, ...), and that token is appended.
Numbers logits_of_told_thoughts(Coconut<double>& model, const Sequence& sequence) {
  auto told = plain(sequence);
  for (int i = 0; i < sequence.n_latent; ++i) {
    auto prefix = told;
    prefix.tokens.resize(sequence.latent_begin + i);
    prefix.n_latent = i;
    prefix.targets.clear();
    logits_of(model, {with_last_target(prefix, {})});
    set_embedding(model, 20 + i, last_hidden(model));
    told.tokens[sequence.latent_begin + i] = 20 + i;
  }
  return logits_of(model, {told});
}

TEST(Thoughts, AreTokensEmbeddedByTheHiddenStateBefore) {
  auto options = small_options();
  options.tied = false;  // else the told thoughts would be output vectors too
  auto model = random_model<double>(options);
  auto sequence = random_sequence(2, 7, 3, 2);
  for (const int t : {6, 7, 8, 9, 11}) sequence.targets.push_back({t, {}});
  const auto fed_back = logits_of(model, {sequence});
  EXPECT_LT(largest_difference(logits_of_told_thoughts(model, sequence), fed_back),
            double_tolerance);
}

TEST(Thoughts, IdOfALatentTokenIsNotRead) {
  auto model = random_model<double>(small_options());
  const auto sequence = with_last_target(random_sequence(2, 5, 2, 1), {3});
  auto other = sequence;
  other.tokens[5] = other.tokens[6] = 19;
  EXPECT_EQ(logits_of(model, {sequence}), logits_of(model, {other}));
  EXPECT_EQ(gradient_of(model, {sequence}), gradient_of(model, {other}));
  EXPECT_NE(logits_of(model, {plain(sequence)}), logits_of(model, {plain(other)}));
}

TEST(Thoughts, WithoutFeedBackLatentsAreTokensLikeOthers) {
  auto model = random_model<double>(small_options());
  const auto pause = with_last_target(plain(random_sequence(2, 5, 2, 1)), {3});
  auto text = pause;
  text.latent_begin = static_cast<std::int32_t>(text.tokens.size());
  text.n_latent = 0;
  auto fed_back = pause;
  fed_back.feed_back = true;
  EXPECT_EQ(logits_of(model, {pause}), logits_of(model, {text}));
  EXPECT_EQ(gradient_of(model, {pause}), gradient_of(model, {text}));
  EXPECT_GT(largest_difference(logits_of(model, {pause}), logits_of(model, {fed_back})), 1e-3);
}

TEST(Thoughts, WithoutLatentsFeedBackMakesNoDifference) {
  auto model = random_model<double>(small_options());
  const auto sequence = with_last_target(random_sequence(2, 9, 0, 0), {3});
  EXPECT_EQ(logits_of(model, {sequence}), logits_of(model, {plain(sequence)}));
  EXPECT_EQ(gradient_of(model, {sequence}), gradient_of(model, {plain(sequence)}));
}

// --- shapes at the edge --------------------------------------------------------------------------

TEST(Thoughts, SegmentsMayHaveNoOutput) {
  auto model = random_model<double>(small_options());
  auto watched = random_sequence(2, 5, 2, 3);
  watched.targets = {{4, {1}}, {5, {2}}};  // nothing is read after the second thought is made
  auto cut = watched;
  cut.tokens.resize(6);
  cut.n_latent = 1;
  EXPECT_LT(largest_difference(logits_of(model, {watched}), logits_of(model, {cut})),
            double_tolerance);
  EXPECT_LT(largest_difference(gradient_of(model, {watched}), gradient_of(model, {cut})), 1e-10);
}

TEST(Thoughts, OneTokenIsASequence) {
  auto model = random_model<double>(small_options(1));
  Sequence sequence;
  sequence.tokens = {4};
  const auto gradient = gradient_of(model, {with_last_target(sequence, {5})});
  EXPECT_GT(largest_magnitude(gradient), 0.01);
}

TEST(Thoughts, TargetsWithoutLabelsHaveNoLoss) {
  auto model = random_model<double>(small_options());
  const auto batch = pack({with_last_target(random_sequence(2, 5, 2, 1), {})});
  model.forward(batch, {});
  const auto loss = model.loss(batch);
  EXPECT_EQ(loss.sum, 0);
  EXPECT_EQ(loss.count, 0);
  Parameters<double> gradients(model.options(), "gradients");
  model.backward(batch, {}, gradients);
  EXPECT_THAT(host_numbers(gradients.flat), testing::Each(0.0));
}

TEST(Thoughts, LossIsMinusLogOfTheLabelsProbability) {
  auto model = random_model<double>(small_options());
  const auto batch = pack(mixed_sequences());
  model.forward(batch, {});
  const auto loss = model.loss(batch);
  const auto logits = target_logits(model, batch);
  double expected = 0;
  for (std::size_t t = 0; t < batch.targets.size(); ++t) {
    const auto& target = batch.targets[t];
    const auto sequence = mixed_sequences()[target.sequence];
    double labelled = 0, total = 0;
    for (const double logit : logits[t]) total += std::exp(logit);
    for (const int label : sequence.targets[target.target].labels)
      labelled += std::exp(logits[t][label]);
    if (labelled > 0) expected -= std::log(labelled / total);
  }
  EXPECT_EQ(loss.count, 6);
  EXPECT_NEAR(loss.sum, expected, double_tolerance);
}

TEST(Thoughts, MorePositionsThanTheModelHasAreRefused) {
  auto options = small_options();
  options.n_positions = 8;
  auto model = random_model<double>(options);
  EXPECT_EQ(logits_of(model, {with_last_target(random_sequence(2, 6, 2, 0), {})}).size(), 23U);
  EXPECT_THROW(logits_of(model, {with_last_target(random_sequence(2, 6, 2, 1), {})}),
               std::logic_error);
}

TEST(Thoughts, LossOfAnotherBatchIsRefused) {
  auto model = random_model<double>(small_options());
  logits_of(model, mixed_sequences());
  EXPECT_THROW(model.loss(pack({mixed_sequences()[0]})), std::logic_error);
}

// --- dropout -------------------------------------------------------------------------------------

TEST(ThoughtsDropout, SameKeySameBits) {
  auto model = random_model<float>(dropout_options());
  const auto sequences = mixed_sequences();
  EXPECT_EQ(logits_of(model, sequences, training), logits_of(model, sequences, training));
  EXPECT_EQ(gradient_of(model, sequences, training), gradient_of(model, sequences, training));
}

TEST(ThoughtsDropout, EveryPartOfTheKeyMatters) {
  auto model = random_model<float>(dropout_options());
  const auto sequences = mixed_sequences();
  const auto logits = logits_of(model, sequences, training);
  EXPECT_NE(logits_of(model, sequences, {true, 17, 4}), logits);
  EXPECT_NE(logits_of(model, sequences, {true, 18, 3}), logits);
  EXPECT_NE(logits_of(model, sequences, {true, 17 + (std::uint64_t{1} << 32), 3}), logits);
  auto renamed = sequences[0];
  renamed.problem += 1;
  EXPECT_NE(logits_of(model, {renamed}, training), logits_of(model, {sequences[0]}, training));
}

TEST(ThoughtsDropout, ActsInTrainingOnly) {
  auto model = random_model<float>(dropout_options());
  auto without = random_model<float>(small_options());
  const auto sequences = mixed_sequences();
  const auto logits = logits_of(without, sequences);
  EXPECT_EQ(logits_of(model, sequences), logits);
  EXPECT_EQ(logits_of(without, sequences, training), logits);
  EXPECT_NE(logits_of(model, sequences, training), logits);
}

TEST(ThoughtsDropout, EachProbabilityActs) {
  const auto sequences = mixed_sequences();
  auto without = random_model<float>(small_options());
  const auto logits = logits_of(without, sequences);
  for (const auto& options :
       {with_dropout(small_options(), 0.3, 0, 0), with_dropout(small_options(), 0, 0.3, 0),
        with_dropout(small_options(), 0, 0, 0.3)}) {
    auto model = random_model<float>(options);
    EXPECT_NE(logits_of(model, sequences, training), logits);
  }
}

/// Sites that draw the same bits would drop the same columns in two layers.
TEST(ThoughtsDropout, SitesDiffer) {
  std::vector<std::uint32_t> sites{embedding_site};
  for (int layer = 0; layer < 12; ++layer)
    for (const auto kind :
         {DropoutKind::attention_weights, DropoutKind::attention_output, DropoutKind::mlp_output})
      sites.push_back(dropout_site(layer, kind));
  std::sort(sites.begin(), sites.end());
  EXPECT_EQ(std::adjacent_find(sites.begin(), sites.end()), sites.end());
}

// --- memory --------------------------------------------------------------------------------------

TEST(Workspace, IsKeptWhenASmallerBatchFollows) {
  auto model = random_model<float>(small_options());
  auto fresh = random_model<float>(small_options());
  const auto sequences = mixed_sequences();
  logits_of(model, sequences);
  const auto bytes = model.workspace_bytes();
  EXPECT_GT(bytes, 0U);
  const auto small = gradient_of(model, {sequences[0]});
  EXPECT_EQ(model.workspace_bytes(), bytes);
  EXPECT_EQ(small, gradient_of(fresh, {sequences[0]}));  // nothing of the larger batch is left
  EXPECT_LT(fresh.workspace_bytes(), bytes);
}

TEST(Workspace, GrowsForALargerBatch) {
  auto model = random_model<float>(small_options());
  auto fresh = random_model<float>(small_options());
  const auto sequences = mixed_sequences();
  logits_of(model, {sequences[0]});
  const auto bytes = model.workspace_bytes();
  EXPECT_EQ(logits_of(model, sequences), logits_of(fresh, sequences));
  EXPECT_GT(model.workspace_bytes(), bytes);
}

TEST(ForwardThoughts, ComputesAgainWhatAnEditChanges) {
  auto model = random_model<float>(small_options());
  const auto batch = pack(mixed_sequences());
  const auto scale_thoughts = [](float factor) {
    return [factor](Range outputs, const Matrix<float>& hidden) {
      const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), hidden);
      for (int o = outputs.begin; o < outputs.end; ++o)
        for (std::size_t c = 0; c < host.extent(1); ++c) host(o, c) *= factor;
      Kokkos::deep_copy(hidden, host);
    };
  };
  const auto logits = [&] {
    Numbers all;
    for (const auto& row : target_logits(model, batch))
      all.insert(all.end(), row.begin(), row.end());
    return all;
  };
  model.forward(batch, Pass{});
  const auto plain = logits();
  model.forward(batch, Pass{}, scale_thoughts(0.5F));
  const auto edited = logits();
  EXPECT_GT(largest_difference(plain, edited), 1e-3);
  model.forward(batch, Pass{});
  model.forward_thoughts(batch, scale_thoughts(0.5F));
  EXPECT_EQ(logits(), edited);
  model.forward(batch, Pass{});
  model.forward_thoughts(batch, nullptr);
  EXPECT_EQ(logits(), plain);
}

}  // namespace
}  // namespace superpose::model
