#pragma once
/// A training step as a trace for Perfetto or chrome://tracing: what each rank did when.

#include <string>
#include <vector>

#include "data/problem.hpp"
#include "distributed/communicator.hpp"
#include "io/json_file.hpp"
#include "train/options.hpp"

namespace superpose::bench {

/// One step of the training of `options` on the batch of all `problems`, which train `stage`, after
/// one that is not traced: events of the Trace Event Format, on rank 0; elsewhere none. A process
/// of the trace is a rank. Its events are the step, the regions within it, and kernels, copies and
/// matrix products within those; times count from a barrier before the step. On a device each
/// kernel is waited for, so that its event lasts as long as it runs. Collective.
io::Json trace_step(const train::RunOptions& options, const std::vector<data::Problem>& problems,
                    int stage, const distributed::Communicator& communicator);

}  // namespace superpose::bench
