#include "theory/stiff_flow.hpp"

#include <boost/numeric/odeint.hpp>
#include <boost/numeric/ublas/matrix.hpp>
#include <boost/numeric/ublas/vector.hpp>
#include <utility>

namespace superpose::theory {
namespace {

using Vector = boost::numeric::ublas::vector<double>;
using Matrix = boost::numeric::ublas::matrix<double>;
using Velocity = std::function<Pair(const Pair&, double)>;

/// What odeint calls for x' and for its derivatives by x and t.
struct System {
  const Velocity& velocity;

  void operator()(const Vector& x, Vector& dxdt, double t) const {
    const Pair v = velocity({x[0], x[1]}, t);
    dxdt[0] = v[0];
    dxdt[1] = v[1];
  }

  /// Central differences. The logits enter through exp, so h is an absolute step, however large
  /// they are; 1e-5 balances curvature and rounding.
  void operator()(const Vector& x, Matrix& jacobian, double t, Vector& dfdt) const {
    constexpr double h = 1e-5;
    const Pair at{x[0], x[1]};
    for (int k = 0; k < 2; ++k) {
      Pair low = at, high = at;
      low[k] -= h;
      high[k] += h;
      const Pair below = velocity(low, t), above = velocity(high, t);
      for (int i = 0; i < 2; ++i) jacobian(i, k) = (above[i] - below[i]) / (2 * h);
    }
    const Pair before = velocity(at, t - h), after = velocity(at, t + h);
    for (int i = 0; i < 2; ++i) dfdt[i] = (after[i] - before[i]) / (2 * h);
  }
};

}  // namespace

std::vector<Pair> integrate_stiff(const Velocity& velocity, Pair start,
                                  const std::vector<double>& times, double tolerance) {
  namespace odeint = boost::numeric::odeint;
  const System system{velocity};
  Vector x(2);
  x[0] = start[0];
  x[1] = start[1];
  std::vector<Pair> path;
  const auto record = [&](const Vector& at, double) { path.push_back({at[0], at[1]}); };
  const auto derivative = [&](const Vector& at, Vector& out, double t) { system(at, out, t); };
  const auto jacobian = [&](const Vector& at, Matrix& out, double t, Vector& by_time) {
    system(at, out, t, by_time);
  };
  odeint::integrate_times(
      odeint::make_dense_output<odeint::rosenbrock4<double>>(tolerance, tolerance),
      std::make_pair(derivative, jacobian), x, times.begin(), times.end(), 1e-3, record);
  return path;
}

}  // namespace superpose::theory
