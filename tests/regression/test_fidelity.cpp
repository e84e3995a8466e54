/// The whole model against PyTorch (values of tests/reference) and against finite differences.

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <stdexcept>
#include <utility>

#include "core/random.hpp"
#include "model/decode.hpp"
#include "model/packing.hpp"
#include "model/parameters.hpp"
#include "model/thoughts.hpp"
#include "reference.hpp"

namespace superpose::test {
namespace {

using Numbers = std::vector<double>;

Reference reference(const std::string& configuration) {
  return read_reference(SUPERPOSE_SOURCE_DIR "/tests/reference/" + configuration + ".h5");
}

const ReferenceCase& find_case(const Reference& reference, const std::string& name) {
  for (const auto& c : reference.cases)
    if (c.name == name) return c;
  throw std::out_of_range("no case " + name);
}

double norm(const Numbers& values) {
  double sum = 0;
  for (const double v : values) sum += v * v;
  return std::sqrt(sum);
}

double distance(const Numbers& a, const Numbers& b) {
  Numbers difference(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) difference[i] = a[i] - b.at(i);
  return norm(difference);
}

/// The model with the reference's weights, and its results as doubles whatever T is.
template <class T>
class ReferenceModel {
 public:
  explicit ReferenceModel(const ModelDescription& reference)
      : model_(reference.options), gradients_(reference.options, "gradients") {
    auto& parameters = model_.parameters();
    const auto host = Kokkos::create_mirror_view(parameters.flat);
    for (std::size_t p = 0; p < parameters.list.size(); ++p) {
      const auto& info = parameters.list[p];
      for (std::size_t i = 0; i < info.size(); ++i)
        host(info.offset + i) = static_cast<T>(reference_weight(reference.scales, info.name, p, i));
    }
    Kokkos::deep_copy(parameters.flat, host);
  }

  /// Forward pass; mean loss of the labelled targets.
  double loss(const model::PackedBatch& batch) {
    model_.forward(batch, model::Pass{});
    const auto loss = model_.loss(batch);
    return loss.sum / loss.count;
  }

  /// Gradients of the mean loss by name, after loss().
  std::map<std::string, Numbers> gradients(const model::PackedBatch& batch) {
    Kokkos::deep_copy(gradients_.flat, T(0));
    model_.backward(batch, model::Pass{}, gradients_);
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), gradients_.flat);
    std::map<std::string, Numbers> result;
    for (const auto& info : gradients_.list)
      for (std::size_t i = 0; i < info.size(); ++i)
        result[info.name].push_back(static_cast<double>(host(info.offset + i)) / batch.n_labelled);
    return result;
  }

  /// Logits of the targets [targets, V], by sequence and position.
  Numbers logits(const model::PackedBatch& batch) const {
    Numbers result;
    for (const auto& row : model::target_logits(model_, batch))
      result.insert(result.end(), row.begin(), row.end());
    return result;
  }

  /// Thoughts [thoughts, C] by sequence and position: what rows take instead of an embedding.
  Numbers thoughts(const model::PackedBatch& batch) const {
    const auto space = Kokkos::HostSpace();
    const auto hidden = Kokkos::create_mirror_view_and_copy(space, model_.hidden());
    const auto output = Kokkos::create_mirror_view_and_copy(space, batch.thought);
    const auto problem = Kokkos::create_mirror_view_and_copy(space, batch.row_keys.problem);
    const auto position = Kokkos::create_mirror_view_and_copy(space, batch.row_keys.position);
    std::map<std::pair<int, int>, int> output_at;
    for (int r = 0; r < batch.n_rows; ++r)
      if (output(r) >= 0) output_at[{problem(r), position(r)}] = output(r);
    Numbers result;
    for (const auto& [place, o] : output_at)
      for (std::size_t c = 0; c < hidden.extent(1); ++c) result.push_back(hidden(o, c));
    return result;
  }

  /// What it says after the prompts of these sequences, up to so many tokens.
  std::vector<model::Continuation<T>> decode(std::vector<Sequence> sequences, int most) {
    for (auto& s : sequences) s.tokens.resize(static_cast<std::size_t>(s.latent_begin));
    return model::decode_greedily(model_, std::move(sequences), most,
                                  model_.options().vocab_size - 2 /* <eos> */);
  }

  /// Attention [sequence] of all layers, heads and positions after a forward pass in which every
  /// position is an output; as in the reference.
  std::vector<SequenceAttention> attention(std::vector<Sequence> sequences) {
    for (auto& s : sequences) {
      s.targets.clear();
      for (std::size_t t = 0; t < s.tokens.size(); ++t)
        s.targets.push_back({static_cast<std::int32_t>(t), {}});
    }
    const auto batch = model::pack(sequences);
    model_.forward(batch, model::Pass{});
    std::vector<SequenceAttention> result;
    const int NH = model_.options().n_head, L = model_.options().n_layer;
    for (const auto& s : sequences) {
      SequenceAttention of_sequence{NH, static_cast<int>(s.tokens.size()), {}, {}};
      const auto size = of_sequence.index(L, 0, 0, 0);
      of_sequence.logits.resize(size);
      of_sequence.weights.resize(size);
      result.push_back(std::move(of_sequence));
    }
    for (int layer = 0; layer < L; ++layer) copy_attention(batch, sequences, layer, result);
    return result;
  }

  model::Parameters<T>& parameters() { return model_.parameters(); }

 private:
  void copy_attention(const model::PackedBatch& batch, const std::vector<Sequence>& sequences,
                      int layer, std::vector<SequenceAttention>& result) {
    const int NH = model_.options().n_head, longest = model::longest(batch);
    const Matrix<T> logits("logits", batch.n_rows, NH * longest);
    const Matrix<T> weights("weights", batch.n_rows, NH * longest);
    model_.attention_map(batch, layer, logits, weights);
    const auto space = Kokkos::HostSpace();
    const auto logit = Kokkos::create_mirror_view_and_copy(space, logits);
    const auto weight = Kokkos::create_mirror_view_and_copy(space, weights);
    const auto problem = Kokkos::create_mirror_view_and_copy(space, batch.row_keys.problem);
    const auto position = Kokkos::create_mirror_view_and_copy(space, batch.row_keys.position);
    for (std::size_t s = 0; s < sequences.size(); ++s)
      for (int row = 0; row < batch.n_rows; ++row) {
        if (problem(row) != static_cast<int>(sequences[s].problem)) continue;
        for (int head = 0; head < NH; ++head)
          for (int key = 0; key <= position(row); ++key) {
            const auto i = result[s].index(layer, head, position(row), key);
            result[s].logits[i] = logit(row, head * longest + key);
            result[s].weights[i] = weight(row, head * longest + key);
          }
      }
  }

  model::Coconut<T> model_;
  model::Parameters<T> gradients_;
};

struct Tolerance {
  double state;     ///< logits, thoughts and loss, absolute
  double gradient;  ///< relative to the norm of a parameter's gradient
};

void expect_close(const Numbers& values, const Numbers& reference, double tolerance) {
  ASSERT_EQ(values.size(), reference.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], reference[i], tolerance) << "at " << i;
}

/// All of the gradient if the reference has all of it, else its samples, its norm and its sum.
void expect_gradient_close(const Numbers& gradient, const GradientReference& reference,
                           double tolerance) {
  Numbers compared = gradient;
  if (!reference.indices.empty()) {
    compared.clear();
    for (const auto i : reference.indices) compared.push_back(gradient.at(i));
  }
  ASSERT_EQ(compared.size(), reference.values.size());
  EXPECT_LE(distance(compared, reference.values), tolerance * norm(reference.values));
  EXPECT_NEAR(norm(gradient), reference.norm, tolerance * reference.norm);
  double sum = 0;
  for (const double g : gradient) sum += g;
  // An error of relative norm e shifts a sum of n entries by at most sqrt(n) e norm.
  const double n = static_cast<double>(gradient.size());
  EXPECT_NEAR(sum, reference.sum, tolerance * std::sqrt(n) * reference.norm);
}

template <class T>
void expect_case(ReferenceModel<T>& model, const ReferenceCase& reference, Tolerance tolerance) {
  SCOPED_TRACE(reference.name);
  const auto batch = model::pack(reference.sequences);
  EXPECT_NEAR(model.loss(batch), reference.loss, tolerance.state);
  {
    SCOPED_TRACE("logits");
    expect_close(model.logits(batch), reference.logits, tolerance.state);
  }
  {
    SCOPED_TRACE("thoughts");
    expect_close(model.thoughts(batch), reference.thoughts, tolerance.state);
  }
  const auto gradients = model.gradients(batch);
  ASSERT_EQ(gradients.size(), reference.gradients.size());
  for (const auto& [name, gradient] : reference.gradients) {
    SCOPED_TRACE(name);
    expect_gradient_close(gradients.at(name), gradient, tolerance.gradient);
  }
}

template <class T>
void expect_configuration(const std::string& configuration, Tolerance tolerance) {
  const Reference values = reference(configuration);
  ASSERT_FALSE(values.cases.empty());
  ReferenceModel<T> model(values);
  for (const auto& c : values.cases) expect_case(model, c, tolerance);
}

class Fidelity : public testing::TestWithParam<const char*> {};

// PyTorch's own float32 is within 1.5e-6 in a logit and 1.2e-6 of a gradient's norm.
TEST_P(Fidelity, SinglePrecisionMatchesPyTorch) {
  expect_configuration<float>(GetParam(), {1e-5, 1e-4});
}

TEST_P(Fidelity, DoublePrecisionMatchesPyTorch) {
  expect_configuration<double>(GetParam(), {1e-10, 1e-10});
}

INSTANTIATE_TEST_SUITE_P(Configurations, Fidelity,
                         testing::Values("small_tied", "small_untied", "one_layer", "full_size"),
                         [](const auto& tested) { return std::string(tested.param); });

template <class T>
void expect_decoded(const std::string& configuration, double tolerance) {
  const auto values = reference(configuration);
  ReferenceModel<T> model(values);
  int n_cases = 0;
  for (const auto& c : values.cases) {
    if (c.decoded.empty()) continue;
    ++n_cases;
    constexpr int most = 8;  // DECODED_TOKENS of make_reference.py
    const auto continuations = model.decode(c.sequences, most);
    for (std::size_t s = 0; s < continuations.size(); ++s) {
      SCOPED_TRACE(c.name + ", sequence " + std::to_string(s));
      EXPECT_EQ(continuations[s].tokens, c.decoded[s]);
      ASSERT_EQ(continuations[s].logits.size(), c.decoded_logits[s].size());
      for (std::size_t i = 0; i < c.decoded_logits[s].size(); ++i) {
        const auto& logits = continuations[s].logits[i];
        expect_close(Numbers(logits.begin(), logits.end()), c.decoded_logits[s][i], tolerance);
      }
    }
  }
  EXPECT_EQ(n_cases, 2) << "cot and no_cot";
}

// The measure of cot and no_cot: the model writes its answer itself.
TEST_P(Fidelity, DecodesAsPyTorch) {
  expect_decoded<float>(GetParam(), 1e-5);
  expect_decoded<double>(GetParam(), 1e-10);
}

template <class T>
void expect_attention(double tolerance) {
  const auto values =
      read_attention_reference(SUPERPOSE_SOURCE_DIR "/tests/reference/attention.h5");
  ASSERT_FALSE(values.cases.empty());
  ReferenceModel<T> model(values);
  for (const auto& c : values.cases) {
    const auto attention = model.attention(c.sequences);
    ASSERT_EQ(attention.size(), c.attention.size());
    for (std::size_t s = 0; s < attention.size(); ++s) {
      SCOPED_TRACE(c.name + ", sequence " + std::to_string(s));
      expect_close(attention[s].logits, c.attention[s].logits, tolerance);
      expect_close(attention[s].weights, c.attention[s].weights, tolerance);
    }
  }
}

// PyTorch's own float32 is within 7e-7 in a logit.
TEST(AttentionFidelity, MatchesPyTorch) {
  expect_attention<float>(1e-5);
  expect_attention<double>(1e-10);
}

/// Unit vector with independent components, the same on every machine.
Numbers random_direction(std::size_t n, std::uint64_t id) {
  RandomStream random(0, Purpose::analysis, id);
  Numbers direction(n);
  for (double& d : direction) d = 2 * random.uniform() - 1;
  const double length = norm(direction);
  for (double& d : direction) d /= length;
  return direction;
}

/// Mean loss with the parameter moved by `step` along `direction`; the parameter is put back.
double moved_loss(ReferenceModel<double>& model, const model::PackedBatch& batch,
                  const model::ParameterInfo& info, const Numbers& direction, double step) {
  const auto flat = model.parameters().flat;
  const auto original = Kokkos::create_mirror(flat), moved = Kokkos::create_mirror(flat);
  Kokkos::deep_copy(original, flat);
  Kokkos::deep_copy(moved, flat);
  for (std::size_t i = 0; i < direction.size(); ++i) moved(info.offset + i) += step * direction[i];
  Kokkos::deep_copy(flat, moved);
  const double loss = model.loss(batch);
  Kokkos::deep_copy(flat, original);
  return loss;
}

/// Central difference of fourth order.
double derivative(ReferenceModel<double>& model, const model::PackedBatch& batch,
                  const model::ParameterInfo& info, const Numbers& direction) {
  constexpr double h = 1e-3;
  const auto loss = [&](double step) { return moved_loss(model, batch, info, direction, step); };
  return (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h);
}

double inner_product(const Numbers& a, const Numbers& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

class FiniteDifferences : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(FiniteDifferences, AgreeWithBackward) {
  const auto [configuration, case_name] = GetParam();
  const Reference values = reference(configuration);
  const auto batch = model::pack(find_case(values, case_name).sequences);
  ReferenceModel<double> model(values);
  model.loss(batch);
  const auto gradients = model.gradients(batch);
  std::uint64_t id = 0;
  for (const auto& info : model.parameters().list)
    for (int repeat = 0; repeat < 3; ++repeat) {
      const Numbers direction = random_direction(info.size(), id++);
      const double expected = derivative(model, batch, info, direction);
      EXPECT_NEAR(inner_product(gradients.at(info.name), direction), expected,
                  1e-6 * std::abs(expected))
          << info.name;
    }
}

// Two thoughts each; and a batch with 0 to 4 thoughts and candidate sets, output matrix untied.
INSTANTIATE_TEST_SUITE_P(Batches, FiniteDifferences,
                         testing::Values(std::pair("small_tied", "coconut_stage_2"),
                                         std::pair("small_untied", "mixed_bfs_loss")),
                         [](const auto& tested) {
                           return std::string(tested.param.first) + "_" + tested.param.second;
                         });

}  // namespace
}  // namespace superpose::test
