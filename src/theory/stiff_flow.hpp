#pragma once
/// Gradient flows of two logits, by an adaptive solver.

#include <array>
#include <functional>
#include <vector>

namespace superpose::theory {

using Pair = std::array<double, 2>;

/// x' = velocity(x, t) from `start` at times[0]: x at each of the ascending times. Rosenbrock's
/// method with step control and dense output (Boost odeint's rosenbrock4); the Jacobian is taken by
/// central differences. `tolerance` is that of one step, absolute and relative.
std::vector<Pair> integrate_stiff(const std::function<Pair(const Pair&, double)>& velocity,
                                  Pair start, const std::vector<double>& times, double tolerance);

}  // namespace superpose::theory
