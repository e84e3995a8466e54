#pragma once
/// Everything a run needs to go on to the same bits, and its way into and out of a checkpoint.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/enum_names.hpp"
#include "data/curriculum.hpp"
#include "distributed/communicator.hpp"
#include "io/checkpoint.hpp"
#include "model/network.hpp"
#include "optim/optimizer.hpp"

namespace superpose::train {

/// Where a run stands. Random draws need no state: they are keyed by (seed, epoch, problem).
struct Progress {
  std::int64_t step = 0;           ///< optimiser steps done
  std::int64_t epoch = 0;          ///< the epoch in progress, 0-based; epochs completed
  std::int64_t step_in_epoch = 0;  ///< steps done in it
  data::CurriculumState curriculum;
  double epoch_loss = 0;          ///< sum of losses of the epoch so far [nats]
  std::int64_t epoch_labels = 0;  ///< and their number
  /// Share of held-out answers right, if measured with these very weights; scores the checkpoint.
  std::optional<double> held_out_accuracy;
};

/// The counters of a checkpoint (io/FORMAT.md).
enum class Counter {
  epoch,
  step_in_epoch,
  stage,
  epochs_in_stage,
  settled_epochs,
  epoch_labels,
  optimizer_steps,
};
constexpr std::array<const char*, 7> names_of(Counter) {
  return {"epoch",          "step_in_epoch", "stage",          "epochs_in_stage",
          "settled_epochs", "epoch_labels",  "optimizer_steps"};
}

/// A counter of a checkpoint; none if it was not written by superpose train.
std::optional<std::int64_t> counter_in(const io::CheckpointHeader& header, Counter counter);

/// Saves and restores a model, its optimiser and the progress. Tensors are called
/// "parameters/NAME", "optimizer/exp_avg/NAME" and "optimizer/exp_avg_sq/NAME" with Hugging Face's
/// names of parameters and PyTorch's of moments. Collective.
class TrainingState {
 public:
  TrainingState(model::Network<float>& model, optim::Optimizer<float>& optimizer)
      : model_(model), optimizer_(optimizer) {}

  void save(const distributed::Communicator& communicator, const std::string& directory,
            const Progress& progress, const io::RunMetadata& metadata, int keep) const;

  /// What a checkpoint says beside its tensors.
  struct Restored {
    Progress progress;
    io::RunMetadata metadata;
  };

  /// From the newest usable checkpoint of the directory; nothing if there is none.
  std::optional<Restored> restore_newest(const distributed::Communicator& communicator,
                                         const std::string& directory);

  /// From one checkpoint.
  Restored restore(const distributed::Communicator& communicator, const std::string& path);

 private:
  model::Network<float>& model_;
  optim::Optimizer<float>& optimizer_;
};

/// Fills the parameters of a model from a checkpoint. Collective.
void load_parameters(const distributed::Communicator& communicator, const std::string& path,
                     model::Parameters<float>& parameters);

/// Writes a checkpoint from which a training begins with these parameters (host memory, laid out as
/// model::Parameters::flat): step 0, moments 0. Collective. Errors as io::write_checkpoint_file.
void write_first_checkpoint(const distributed::Communicator& communicator, const std::string& path,
                            const model::Gpt2Options& options, std::vector<float>& parameters,
                            const io::RunMetadata& metadata);

}  // namespace superpose::train
