#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "model/parameters.hpp"
#include "small_models.hpp"

namespace superpose::model {
namespace {

using Strings = std::vector<std::string>;
using Shape = std::vector<std::size_t>;

struct Expected {
  std::string name;
  Shape shape;
  Strings dims;
};

/// transformers.GPT2Model(GPT2Config(n_layer=2, n_embd=12, n_positions=30, vocab_size=41))
/// .named_parameters(), in that order.
const std::vector<Expected> two_layers = {
    {"wte.weight", {41, 12}, {"vocab_size", "n_embd"}},
    {"wpe.weight", {30, 12}, {"n_positions", "n_embd"}},
    {"h.0.ln_1.weight", {12}, {"n_embd"}},
    {"h.0.ln_1.bias", {12}, {"n_embd"}},
    {"h.0.attn.c_attn.weight", {12, 36}, {"n_embd", "n_qkv"}},
    {"h.0.attn.c_attn.bias", {36}, {"n_qkv"}},
    {"h.0.attn.c_proj.weight", {12, 12}, {"n_attn", "n_embd"}},
    {"h.0.attn.c_proj.bias", {12}, {"n_embd"}},
    {"h.0.ln_2.weight", {12}, {"n_embd"}},
    {"h.0.ln_2.bias", {12}, {"n_embd"}},
    {"h.0.mlp.c_fc.weight", {12, 48}, {"n_embd", "n_inner"}},
    {"h.0.mlp.c_fc.bias", {48}, {"n_inner"}},
    {"h.0.mlp.c_proj.weight", {48, 12}, {"n_inner", "n_embd"}},
    {"h.0.mlp.c_proj.bias", {12}, {"n_embd"}},
    {"h.1.ln_1.weight", {12}, {"n_embd"}},
    {"h.1.ln_1.bias", {12}, {"n_embd"}},
    {"h.1.attn.c_attn.weight", {12, 36}, {"n_embd", "n_qkv"}},
    {"h.1.attn.c_attn.bias", {36}, {"n_qkv"}},
    {"h.1.attn.c_proj.weight", {12, 12}, {"n_attn", "n_embd"}},
    {"h.1.attn.c_proj.bias", {12}, {"n_embd"}},
    {"h.1.ln_2.weight", {12}, {"n_embd"}},
    {"h.1.ln_2.bias", {12}, {"n_embd"}},
    {"h.1.mlp.c_fc.weight", {12, 48}, {"n_embd", "n_inner"}},
    {"h.1.mlp.c_fc.bias", {48}, {"n_inner"}},
    {"h.1.mlp.c_proj.weight", {48, 12}, {"n_inner", "n_embd"}},
    {"h.1.mlp.c_proj.bias", {12}, {"n_embd"}},
    {"ln_f.weight", {12}, {"n_embd"}},
    {"ln_f.bias", {12}, {"n_embd"}}};

const Expected output_matrix = {"lm_head.weight", {41, 12}, {"vocab_size", "n_embd"}};

Gpt2Options two_layer_options(bool tied) {
  Gpt2Options options;
  options.n_layer = 2;
  options.n_head = 3;
  options.n_embd = 12;
  options.n_positions = 30;
  options.vocab_size = 41;
  options.tied = tied;
  return options;
}

void expect_list(const std::vector<ParameterInfo>& list, const std::vector<Expected>& expected) {
  ASSERT_EQ(list.size(), expected.size());
  for (std::size_t p = 0; p < list.size(); ++p) {
    EXPECT_EQ(list[p].name, expected[p].name);
    EXPECT_EQ(list[p].shape, expected[p].shape) << list[p].name;
    EXPECT_EQ(list[p].dims, expected[p].dims) << list[p].name;
  }
}

TEST(ParameterList, IsThatOfHuggingFace) {
  expect_list(parameter_list(two_layer_options(true)), two_layers);
}

TEST(ParameterList, EndsWithTheOutputMatrixWhenUntied) {
  auto expected = two_layers;
  expected.push_back(output_matrix);
  expect_list(parameter_list(two_layer_options(false)), expected);
}

/// The published models' own options and number of parameters: GPT2Model.num_parameters().
struct Published {
  const char* name;
  int n_layer, n_embd;
  std::size_t n_tensors, n_numbers;
};

class PublishedModels : public testing::TestWithParam<Published> {};

TEST_P(PublishedModels, HaveTheirNumberOfParameters) {
  Gpt2Options options;
  options.n_layer = GetParam().n_layer;
  options.n_embd = GetParam().n_embd;
  options.vocab_size = 50257;
  std::size_t n_numbers = 0;
  const auto list = parameter_list(options);
  for (const auto& info : list) n_numbers += info.size();
  EXPECT_EQ(list.size(), GetParam().n_tensors);
  EXPECT_EQ(n_numbers, GetParam().n_numbers);
}

INSTANTIATE_TEST_SUITE_P(Sizes, PublishedModels,
                         testing::Values(Published{"gpt2", 12, 768, 148, 124439808},
                                         Published{"gpt2_medium", 24, 1024, 292, 354823168},
                                         Published{"gpt2_large", 36, 1280, 436, 774030080},
                                         Published{"gpt2_xl", 48, 1600, 580, 1557611200}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(ParameterList, OffsetsStartCacheLinesAndLeaveOnlyPadding) {
  for (const int n_embd : {1, 7, 12, 16, 768})
    for (const bool tied : {true, false}) {
      auto options = two_layer_options(tied);
      options.n_embd = n_embd;
      const auto list = parameter_list(options);
      std::size_t end = 0;
      for (const auto& info : list) {
        EXPECT_EQ(info.offset % 16, 0U) << info.name;
        EXPECT_GE(info.offset, end) << info.name;
        EXPECT_LT(info.offset, end + 16) << info.name;
        end = info.offset + info.size();
      }
      EXPECT_GE(flat_size(list), end);
      EXPECT_LT(flat_size(list), end + 16);
    }
}

/// The View lies where the list says and has the shape it says.
template <class View>
void expect_at(const Parameters<float>& parameters, const std::string& name, const View& view) {
  const auto info = std::find_if(parameters.list.begin(), parameters.list.end(),
                                 [&](const ParameterInfo& i) { return i.name == name; });
  ASSERT_NE(info, parameters.list.end());
  EXPECT_EQ(view.data(), parameters.flat.data() + info->offset) << name;
  ASSERT_EQ(info->shape.size(), View::rank) << name;
  for (std::size_t i = 0; i < View::rank; ++i) EXPECT_EQ(view.extent(i), info->shape[i]) << name;
}

TEST(Parameters, ViewsLieWhereTheListSays) {
  const Parameters<float> parameters(two_layer_options(false), "parameters");
  expect_at(parameters, "wte.weight", parameters.wte);
  expect_at(parameters, "wpe.weight", parameters.wpe);
  ASSERT_EQ(parameters.h.size(), 2U);
  const auto& block = parameters.h[1];
  expect_at(parameters, "h.1.ln_1.weight", block.ln_1_weight);
  expect_at(parameters, "h.1.ln_1.bias", block.ln_1_bias);
  expect_at(parameters, "h.1.attn.c_attn.weight", block.c_attn_weight);
  expect_at(parameters, "h.1.attn.c_attn.bias", block.c_attn_bias);
  expect_at(parameters, "h.1.attn.c_proj.weight", block.attn_proj_weight);
  expect_at(parameters, "h.1.attn.c_proj.bias", block.attn_proj_bias);
  expect_at(parameters, "h.1.ln_2.weight", block.ln_2_weight);
  expect_at(parameters, "h.1.ln_2.bias", block.ln_2_bias);
  expect_at(parameters, "h.1.mlp.c_fc.weight", block.c_fc_weight);
  expect_at(parameters, "h.1.mlp.c_fc.bias", block.c_fc_bias);
  expect_at(parameters, "h.1.mlp.c_proj.weight", block.mlp_proj_weight);
  expect_at(parameters, "h.1.mlp.c_proj.bias", block.mlp_proj_bias);
  expect_at(parameters, "h.0.ln_1.weight", parameters.h[0].ln_1_weight);
  expect_at(parameters, "ln_f.weight", parameters.ln_f_weight);
  expect_at(parameters, "ln_f.bias", parameters.ln_f_bias);
  expect_at(parameters, "lm_head.weight", parameters.lm_head);
}

TEST(Parameters, TiedOutputMatrixIsTheEmbedding) {
  const Parameters<float> parameters(two_layer_options(true), "parameters");
  expect_at(parameters, "wte.weight", parameters.lm_head);
}

TEST(Parameters, ViewABufferOfTheRightSizeOnly) {
  const auto options = two_layer_options(true);
  const std::size_t n = flat_size(parameter_list(options));
  const Vector<float> buffer("buffer", n), small("small", n - 1);
  EXPECT_EQ(Parameters<float>(options, buffer).wte.data(), buffer.data());
  EXPECT_THROW(Parameters<float>(options, small), std::logic_error);
}

// --- initialisation ------------------------------------------------------------------------------

/// Wide enough that a standard deviation is known to a few per cent, with padding after vectors.
Gpt2Options initialised_options(bool tied = true) {
  auto options = two_layer_options(tied);
  options.n_layer = 3;
  options.n_embd = 60;
  return options;
}

Parameters<double> initialised(const Gpt2Options& options, std::uint64_t seed) {
  Parameters<double> parameters(options, "parameters");
  initialise(parameters, seed);
  return parameters;
}

Numbers values_of(const Parameters<double>& parameters, const std::string& name) {
  const auto flat = host_numbers(parameters.flat);
  for (const auto& info : parameters.list)
    if (info.name == name) {
      const auto begin = flat.begin() + static_cast<long>(info.offset);
      return {begin, begin + static_cast<long>(info.size())};
    }
  throw std::out_of_range(name);
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Mean, spread and tail of n draws from normal(0, sigma), each within five of its own standard
/// errors; a uniform distribution of the same spread has no tail beyond 1.74 sigma.
void expect_normal(const Numbers& values, double sigma, const std::string& name) {
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0, tail = 0;
  for (const double v : values) {
    sum += v;
    squares += v * v;
    if (std::abs(v) > 2 * sigma) ++tail;
  }
  constexpr double beyond_two_sigma = 0.0455;
  EXPECT_NEAR(sum / n, 0, 5 * sigma / std::sqrt(n)) << name;
  EXPECT_NEAR(std::sqrt(squares / n), sigma, 5 * sigma / std::sqrt(2 * n)) << name;
  EXPECT_NEAR(tail / n, beyond_two_sigma, 5 * std::sqrt(beyond_two_sigma / n)) << name;
}

TEST(Initialise, EachKindAsHuggingFaceDoes) {
  const auto parameters = initialised(initialised_options(false), 1);
  for (const auto& info : parameters.list) {
    const auto values = values_of(parameters, info.name);
    const bool is_layer_norm = info.name.find("ln_") != std::string::npos;
    if (ends_with(info.name, ".bias")) {
      EXPECT_THAT(values, testing::Each(0.0)) << info.name;
    } else if (is_layer_norm) {
      EXPECT_THAT(values, testing::Each(1.0)) << info.name;
    } else if (ends_with(info.name, "c_proj.weight")) {
      expect_normal(values, 0.02 / std::sqrt(6.0), info.name);  // two residuals a layer
    } else {
      expect_normal(values, 0.02, info.name);
    }
  }
}

TEST(Initialise, FollowsInitializerRange) {
  auto options = initialised_options();
  options.initializer_range = 0.5;
  const auto parameters = initialised(options, 1);
  expect_normal(values_of(parameters, "wte.weight"), 0.5, "wte");
  expect_normal(values_of(parameters, "h.2.mlp.c_proj.weight"), 0.5 / std::sqrt(6.0), "c_proj");
}

TEST(Initialise, PositionsAsSinesOfTheSameMeanSquare) {
  auto options = initialised_options();
  options.position_init = PositionInit::sinusoidal;
  const auto parameters = initialised(options, 1), normal = initialised(initialised_options(), 1);
  const double amplitude = std::sqrt(2.0) * options.initializer_range;
  const auto C = static_cast<std::size_t>(options.n_embd);
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), parameters.wpe);
  for (std::size_t t = 0; t < host.extent(0); ++t) {
    const double turn = 2 * 3.141592653589793 * static_cast<double>(t);
    EXPECT_NEAR(host(t, 0), amplitude * std::sin(turn / 2.5), 1e-9);
    EXPECT_NEAR(host(t, 1), amplitude * std::cos(turn / 2.5), 1e-9);
    EXPECT_NEAR(host(t, C - 2), amplitude * std::sin(turn / 400), 1e-9);
    EXPECT_NEAR(host(t, C - 1), amplitude * std::cos(turn / 400), 1e-9);
  }
  const auto tokens = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), parameters.wte);
  const auto same = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), normal.wte);
  for (std::size_t c = 0; c < C; ++c) EXPECT_EQ(tokens(0, c), same(0, c));  // all else as before
}

TEST(BlockMatrices, AreEachLayersSixInTheOrderOfTheBuffer) {
  const auto options = initialised_options();
  const auto places = block_matrices(options);
  const auto list = parameter_list(options);
  ASSERT_EQ(places.size(), 6U * static_cast<std::size_t>(options.n_layer));
  const auto info = [&](const std::string& name) {
    return *std::find_if(list.begin(), list.end(), [&](auto& p) { return p.name == name; });
  };
  const auto c_attn = info("h.0.attn.c_attn.weight"), fc = info("h.0.mlp.c_fc.weight");
  const int C = options.n_embd;
  for (std::size_t part = 0; part < 3; ++part) {
    EXPECT_EQ(places[part].offset, c_attn.offset + part * static_cast<std::size_t>(C));
    EXPECT_EQ(places[part].n_columns, C);
    EXPECT_EQ(places[part].row_length, 3 * C);
  }
  EXPECT_EQ(places[4].offset, fc.offset);
  EXPECT_EQ(places[4].n_rows, C);
  EXPECT_EQ(places[4].end(), fc.offset + fc.size());
  for (std::size_t i = 1; i < places.size(); ++i) EXPECT_GT(places[i].offset, places[i - 1].offset);
}

TEST(Initialise, LeavesPaddingZero) {
  const auto parameters = initialised(initialised_options(), 1);
  auto flat = host_numbers(parameters.flat);
  std::size_t n_padding = flat.size();
  for (const auto& info : parameters.list) {
    std::fill_n(flat.begin() + static_cast<long>(info.offset), info.size(), 0.0);
    n_padding -= info.size();
  }
  EXPECT_GT(n_padding, 0U);
  EXPECT_THAT(flat, testing::Each(0.0));
}

TEST(Initialise, DependsOnTheSeedAlone) {
  const auto options = initialised_options();
  EXPECT_EQ(host_numbers(initialised(options, 7).flat), host_numbers(initialised(options, 7).flat));
  const auto first = initialised(options, 7), second = initialised(options, 8);
  const auto high = initialised(options, 7 + (std::uint64_t{1} << 32));
  for (const char* name : {"wte.weight", "wpe.weight", "h.0.attn.c_attn.weight"}) {
    EXPECT_NE(values_of(first, name), values_of(second, name)) << name;
    EXPECT_NE(values_of(first, name), values_of(high, name)) << name;
  }
}

TEST(Initialise, GivesEachParameterItsOwnDraws) {
  const auto parameters = initialised(initialised_options(false), 1);
  EXPECT_NE(values_of(parameters, "h.0.mlp.c_fc.weight"),
            values_of(parameters, "h.1.mlp.c_fc.weight"));
  EXPECT_NE(values_of(parameters, "wte.weight"), values_of(parameters, "lm_head.weight"));
}

TEST(Initialise, UntyingChangesNoOtherParameter) {
  const auto tied = initialised(initialised_options(true), 1);
  const auto untied = initialised(initialised_options(false), 1);
  for (const auto& info : tied.list)
    EXPECT_EQ(values_of(tied, info.name), values_of(untied, info.name)) << info.name;
}

TEST(Initialise, SinglePrecisionIsDoubleRounded) {
  const auto options = initialised_options();
  Parameters<float> single(options, "parameters");
  initialise(single, 3);
  auto rounded = host_numbers(initialised(options, 3).flat);
  for (double& value : rounded) value = static_cast<float>(value);
  EXPECT_EQ(host_numbers(single.flat), rounded);
}

// --- named tensors -------------------------------------------------------------------------------

TEST(NamedTensors, DescribeTheFlatBuffer) {
  const auto list = parameter_list(two_layer_options(false));
  std::vector<double> flat(flat_size(list));
  const auto tensors = named_tensors(list, flat.data(), "optimizer/exp_avg/");
  auto expected = two_layers;
  expected.push_back(output_matrix);
  ASSERT_EQ(tensors.size(), expected.size());
  for (std::size_t p = 0; p < tensors.size(); ++p) {
    EXPECT_EQ(tensors[p].name, "optimizer/exp_avg/" + expected[p].name);
    EXPECT_EQ(tensors[p].dims, expected[p].dims);
    EXPECT_EQ(tensors[p].shape, expected[p].shape);
    EXPECT_EQ(tensors[p].dtype, DType::f64);
    EXPECT_EQ(tensors[p].data, flat.data() + list[p].offset);
  }
}

}  // namespace
}  // namespace superpose::model
