#pragma once
/// What `superpose bench` measures. Operations are floating-point operations, 2 a multiply-add.
/// With several ranks all of them work at once and a time is the slowest rank's.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/options.hpp"

namespace superpose::bench {

/// What train.batch_size is the batch of.
enum class Scaling { strong, weak };  ///< strong: of all ranks together; weak: of each
constexpr std::array<const char*, 2> names_of(Scaling) {
  return {"strong", "weak"};
}

struct ProductRate {
  model::Precision precision = model::Precision::f32;
  int m = 0, n = 0, k = 0;  ///< [m,k] times [k,n]
  double operations_per_second = 0;
};

/// What one rank gets from the machine: the limits that all else is compared with.
struct Machine {
  std::vector<ProductRate> products;
  double copy_rate = 0;  ///< bytes read plus bytes written by a copy too large for caches [1/s]
  double exponential_rate = 0;  ///< exponentials of float, as kernels compute them [1/s]
};

/// The best of the products of one precision [operations/s].
double matrix_rate(const Machine& machine, model::Precision precision);

/// What a kernel cannot do without: every input read once, every output written once.
struct Cost {
  double operations = 0;  ///< of matrix products only
  double bytes = 0;
  double exponentials = 0;  ///< attention: one a head, query and key; GELU: one a number
};

struct KernelTime {
  std::string name;
  std::string shape;
  Cost cost;
  double seconds = 0;  ///< the shortest of several calls
};

/// What a global batch consists of.
struct BatchWork {
  std::int64_t problems = 0, rows = 0, outputs = 0;
  std::int64_t latents = 0;  ///< latent tokens of all problems
  double operations = 0;     ///< model::training_operations

  BatchWork& operator+=(const BatchWork& other) {
    problems += other.problems;
    rows += other.rows;
    outputs += other.outputs;
    latents += other.latents;
    operations += other.operations;
    return *this;
  }
};

/// What the sum of the gradients over ranks costs a step, without the wait for a slower rank (which
/// the trainer's region of that name includes); of the slowest rank [s].
struct Communication {
  double exposed = 0;     ///< after backward, where nothing else goes on
  double overlapped = 0;  ///< in MPI calls and sums between the kernels of backward
  double blocking = 0;    ///< all of it, in steps that exchange after backward only

  double hidden_share() const { return 1 - exposed / blocking; }
};

/// The training step at one stage.
struct StepTimes {
  int n_latent = 0;                       ///< asked for
  BatchWork work;                         ///< of every step
  std::vector<double> seconds;            ///< of the measured steps
  std::map<std::string, double> regions;  ///< rank 0: seconds a step by region of the trainer
  double accounted = 0;                   ///< rank 0: share of its time that `regions` add up to
  Communication communication;
  std::size_t peak_bytes = 0;       ///< resident memory of a rank so far, at its largest
  std::size_t workspace_bytes = 0;  ///< of a rank's activations
  std::size_t device_bytes = 0;     ///< of a GPU's memory in use after the steps, by whomever
  long launches = 0;                ///< rank 0: kernels, copies and products a step starts
  double one_rank_seconds = 0;  ///< several ranks: median step of rank 0 alone at train.batch_size

  double median() const;
  double tokens_per_second() const { return static_cast<double>(work.rows) / median(); }
  double operations_per_second() const { return work.operations / median(); }
  double epoch_seconds(std::int64_t problems) const {
    return median() * static_cast<double>(problems) / static_cast<double>(work.problems);
  }
};

/// The configured training, if every step takes as long as those measured.
struct RunTime {
  std::int64_t problems = 0;  ///< of an epoch, the last
  int epochs = 0;
  double seconds = 0;  ///< of all its training steps
};

struct Results {
  int ranks = 1;
  Scaling scaling = Scaling::strong;
  model::Precision precision = model::Precision::f32;
  Machine machine;
  std::vector<KernelTime> kernels;
  std::vector<StepTimes> steps;
  RunTime run;

  /// The time the machine's limits allow, over the time taken. Above 1 where the caches help.
  double share_of_limit(const KernelTime& kernel) const {
    const double compute = kernel.cost.operations / matrix_rate(machine, precision) +
                           kernel.cost.exponentials / machine.exponential_rate;
    const double memory = kernel.cost.bytes / machine.copy_rate;
    return (compute > memory ? compute : memory) / kernel.seconds;
  }
  double share_of_matrix_rate(const StepTimes& step) const {
    return step.operations_per_second() / (ranks * matrix_rate(machine, precision));
  }
  /// Speed-up over one rank, over the number of ranks; weak: one rank's time over all ranks'.
  double efficiency(const StepTimes& step) const {
    return step.one_rank_seconds / (step.median() * (scaling == Scaling::weak ? 1 : ranks));
  }
};

}  // namespace superpose::bench
