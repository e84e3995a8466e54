#pragma once
#include <string>
#include <vector>

#include "io/checkpoint.hpp"
#include "train/options.hpp"

namespace superpose::exchange {

/// A number that an evaluation of the training measured with the weights of a checkpoint.
struct MeasuredResult {
  std::string name;         ///< "accuracy_by_hops_4", as in flat tables (io/FORMAT.md, Evaluations)
  std::string description;  ///< the column's
  double value = 0;
};

/// A checkpoint on its way out, and all that is said about it.
struct ExportedModel {
  std::string checkpoint;  ///< path
  io::CheckpointHeader header;
  train::RunOptions options;
  std::vector<float> parameters;        ///< host memory, laid out as model::Parameters::flat
  std::vector<MeasuredResult> results;  ///< none if they were not measured with these weights
};

/// Reads the parameters of a checkpoint, and from the run.h5 beside it the evaluation that was made
/// with them. Error (checkpoint) as io::read_tensors.
ExportedModel read_model(const std::string& checkpoint, const io::CheckpointHeader& header,
                         const train::RunOptions& options);

/// The run.h5 beside a checkpoint, whether it is there or not.
std::string history_beside(const std::string& checkpoint);

}  // namespace superpose::exchange
