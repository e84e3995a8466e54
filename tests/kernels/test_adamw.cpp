#include "kokkos_kernels/adamw.hpp"
#include "reference.hpp"

namespace superpose::kernels {
namespace {

struct Settings {
  double learning_rate = 1e-2, beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, weight_decay = 0.1;
  double gradient_scale = 1;
};

struct State {
  HostMatrix parameter, m, v;
};

State initial_state(const HostMatrix& parameter) {
  return {parameter, HostMatrix(1, parameter.n_columns), HostMatrix(1, parameter.n_columns)};
}

/// Step t = 1, 2, ... of torch.optim.AdamW, as its documentation writes it.
void plain_step(const Settings& s, int t, const HostMatrix& gradient, State& state) {
  for (std::size_t i = 0; i < gradient.values.size(); ++i) {
    double &p = state.parameter.values[i], &m = state.m.values[i], &v = state.v.values[i];
    const double g = s.gradient_scale * gradient.values[i];
    p -= s.learning_rate * s.weight_decay * p;
    m = s.beta1 * m + (1 - s.beta1) * g;
    v = s.beta2 * v + (1 - s.beta2) * g * g;
    const double m_hat = m / (1 - std::pow(s.beta1, t)), v_hat = v / (1 - std::pow(s.beta2, t));
    p -= s.learning_rate * m_hat / (std::sqrt(v_hat) + s.epsilon);
  }
}

AdamWStep at_step(const Settings& s, int t) {
  return {s.learning_rate,
          s.beta1,
          s.beta2,
          s.epsilon,
          s.weight_decay,
          1 - std::pow(s.beta1, t),
          1 - std::pow(s.beta2, t),
          s.gradient_scale};
}

/// The state after one step per row of `gradients`.
template <class T>
State run(const Settings& settings, const HostMatrix& gradients, const HostMatrix& parameter) {
  const auto p = to_vector<T>(parameter);
  const Vector<T> m("test_m", parameter.n_columns), v("test_v", parameter.n_columns);
  for (int t = 1; t <= gradients.n_rows; ++t) {
    const auto gradient = to_vector<T>(row_of(gradients, t - 1));
    adamw<T>(Exec(), at_step(settings, t), gradient, m, v, p);
  }
  return {to_host(p), to_host(m), to_host(v)};
}

State plain_run(const Settings& settings, const HostMatrix& gradients,
                const HostMatrix& parameter) {
  State state = initial_state(parameter);
  for (int t = 1; t <= gradients.n_rows; ++t)
    plain_step(settings, t, row_of(gradients, t - 1), state);
  return state;
}

template <class T>
class AdamW : public testing::Test {};
TYPED_TEST_SUITE(AdamW, FloatTypes);

TYPED_TEST(AdamW, EqualsThePlainLoopOverFiveSteps) {
  Settings settings;
  settings.gradient_scale = 0.25;
  for (const int n : {1, 7, 4095, 4096, 10001}) {  // around the kernel's strips of 4096
    const auto gradients = random_matrix(5, n, 1), parameter = random_matrix(1, n, 2);
    const State expected = plain_run(settings, gradients, parameter);
    const State actual = run<TypeParam>(settings, gradients, parameter);
    EXPECT_TRUE(near<TypeParam>(actual.parameter, expected.parameter, 8)) << n;
    EXPECT_TRUE(near<TypeParam>(actual.m, expected.m, 8)) << n;
    EXPECT_TRUE(near<TypeParam>(actual.v, expected.v, 8)) << n;
  }
}

// torch.set_default_dtype(torch.float64)
// p = torch.nn.Parameter(torch.tensor([0.5, -1.25, 2.0, 1e-3]))
// adamw = torch.optim.AdamW([p], lr=1e-2, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1)
// for p.grad in map(torch.tensor, [[0.1, -2.0, 0.0, 1e-5], [-0.3, 1.5, 0.0, 2e-5],
//                                  [0.7, 0.25, 4.0, -3e-5]]):
//     adamw.step()
TYPED_TEST(AdamW, EqualsPyTorch) {
  HostMatrix gradients(3, 4);
  gradients.values = {0.1, -2.0, 0.0, 1e-5, -0.3, 1.5, 0.0, 2e-5, 0.7, 0.25, 4.0, -3e-5};
  const State state = run<TypeParam>({}, gradients, host_row({0.5, -1.25, 2.0, 1e-3}));
  const auto expected = host_row(
      {0.48924409583830814, -1.2353265127194983, 1.9877737671207594, -0.017881001141312476});
  EXPECT_TRUE(near<TypeParam>(state.parameter, expected, 4));
}

TYPED_TEST(AdamW, WithoutGradientOnlyDecays) {
  const auto parameter = random_matrix(1, 33, 1);
  const State state = run<TypeParam>({}, HostMatrix(1, 33), parameter);
  HostMatrix expected = parameter;
  for (double& value : expected.values) value *= 1 - 1e-2 * 0.1;
  EXPECT_TRUE(near<TypeParam>(state.parameter, expected, 2));
  EXPECT_TRUE(near<TypeParam>(state.v, HostMatrix(1, 33)));
}

}  // namespace
}  // namespace superpose::kernels
