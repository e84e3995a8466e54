#pragma once
/// What a user can set of `superpose theory`.

#include <array>
#include <cstdint>
#include <string>

#include "data/options.hpp"
#include "theory/constants.hpp"
#include "theory/precision_names.hpp"

namespace superpose::theory {

/// Which graphs are drawn.
enum class Graphs { random, prosqa, dense };  ///< random_graphs.hpp, dense_graphs.hpp
constexpr std::array<const char*, 3> names_of(Graphs) {
  return {"random", "prosqa", "dense"};
}

/// `superpose theory construct`.
struct ConstructOptions {
  std::string data;                   ///< problem file; empty: graphs are drawn
  Graphs graphs = Graphs::random;     ///< drawn if there is no file
  int count = 300;                    ///< graphs drawn, or problems of the file at most
  int min_nodes = 5, max_nodes = 40;  ///< of random and dense graphs
  std::uint64_t seed = 0;
  ConstantsRule constants = ConstantsRule::ours;
  Encoding encoding = Encoding::sinusoidal;
  Precision precision = Precision::f64;
  int d_pe = 0;       ///< width of the positions; 0: by the rule (position_encoding.hpp)
  int beyond = 2;     ///< thoughts after the diameter
  int longest = 0;    ///< precision study: longest prompt, in positions; 0: no study
  int largest = 100;  ///< precision study: most nodes of a graph
};

/// `superpose theory threshold`.
struct ThresholdOptions {
  int count = 100;   ///< random graphs of each size and density
  int largest = 16;  ///< nodes of the largest random graphs: 8, 16, 24, ...
  int clique = 12;   ///< nodes of the largest clique
  int search = 6;    ///< every graph of up to so many nodes is tried
  std::uint64_t seed = 0;
};

/// `superpose theory chains`.
struct ChainsOptions {
  ConstructOptions construct;  ///< which graphs and which positions; the rest is not used
  int draws = 100;             ///< chains of each kind on a graph
};

/// `superpose theory dimension`.
struct DimensionOptions {
  std::uint64_t seed = 0;
  int trials = 20;           ///< graphs, each with an embedding of its own, at every size
  int nodes = 6;             ///< of graphs of one size
  int largest = 2560;        ///< vocabulary of graphs of one size, at most
  int largest_growing = 80;  ///< vocabulary of graphs that grow with it, at most
  int doublings = 30;        ///< d up to 2^doublings
};

/// Problems of `superpose theory forward`, `flow` and `predict`: a file, or ProsQA ones with the
/// defaults of `superpose generate`.
struct ProblemOptions {
  std::string data;                                    ///< problem file; empty: generated
  int count = 100;                                     ///< problems drawn, or of the file at most
  int n_nodes = data::GeneratorOptions{}.n_nodes.min;  ///< before isolated nodes are dropped
  std::uint64_t seed = 0;
};

/// `superpose theory forward`.
struct ForwardOptions {
  ProblemOptions problems;
  int decades = 12;  ///< mu from 10^-decades to 10^decades
};

/// `superpose theory flow`.
struct FlowOptions {
  ProblemOptions problems;
  int vocabulary = 0;           ///< symbols of W; 0: as many as the largest graph has nodes
  double decades = 8;           ///< the flow runs to time 10^decades
  int replicas = 8;             ///< independent runs of stochastic gradient descent; 0: none
  int steps = 2000;             ///< of each
  int batch = 64;               ///< permuted problems a step
  double learning_rate = 0.02;  ///< flow time of a step
};

/// `superpose theory predict`.
struct PredictOptions {
  ProblemOptions problems;
  int vocabulary = 0;          ///< symbols; 0: as many as the largest graph has nodes
  double decades = 2000;       ///< the flow runs to time 10^decades
  int steps = 1000;            ///< gradient descent: steps
  double learning_rate = 0.1;  ///< and its step size
};

}  // namespace superpose::theory
