#include "exchange/exported_model.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "core/log.hpp"
#include "io/history.hpp"
#include "model/parameters.hpp"
#include "train/same_run.hpp"
#include "train/training_state.hpp"

namespace superpose::exchange {
namespace {

/// "_4" for the coordinate 4 of the column's further dimension; nothing if it has none.
std::string suffix(const io::Column& column, std::size_t i) {
  return column.by.empty() ? "" : fmt::format("_{}", column.by.front().coordinates[i]);
}

std::vector<MeasuredResult> results_in(const io::Table& table, std::size_t row) {
  std::vector<MeasuredResult> results;
  for (const auto& column : table.columns()) {
    if (column.name == "stage" || column.by.size() > 1) continue;
    for (std::size_t i = 0; i < column.width(); ++i) {
      const double value = table.values(column.name)[row * column.width() + i];
      if (!std::isnan(value))
        results.push_back({column.name + suffix(column, i), column.description, value});
    }
  }
  return results;
}

/// Whether a run.h5 is of the training that made the checkpoint.
bool is_of_same_run(const std::string& history, const io::CheckpointHeader& header) {
  const auto run = io::read_run_metadata(history);
  return run.data_hashes == header.metadata.data_hashes &&
         !train::setting_difference(run, header.metadata);
}

/// The row of the epoch that the checkpoint ended, if it was measured with the checkpoint's very
/// weights: then both hold the same accuracy.
std::vector<MeasuredResult> results_of(const io::Table& table, const io::CheckpointHeader& header) {
  const auto epoch = train::counter_in(header, train::Counter::epoch);
  const auto accuracy = header.values.find("held_out_accuracy");
  if (!epoch || accuracy == header.values.end()) return {};
  const auto found = std::find(table.index().begin(), table.index().end(), *epoch - 1);
  if (found == table.index().end()) return {};
  const auto row = static_cast<std::size_t>(found - table.index().begin());
  if (table.values("accuracy")[row] != accuracy->second) return {};
  return results_in(table, row);
}

std::vector<MeasuredResult> measured_results(const std::string& checkpoint,
                                             const io::CheckpointHeader& header) {
  const auto history = history_beside(checkpoint);
  std::error_code unknown;
  if (!std::filesystem::exists(history, unknown)) return {};
  try {
    if (!is_of_same_run(history, header)) return {};
    return results_of(io::read_tables(history, {"evaluation"}).front(), header);
  } catch (const Error& error) {  // the weights do not depend on it
    log::warning("the model card has no results: {}", error.what());
    return {};
  }
}

}  // namespace

std::string history_beside(const std::string& checkpoint) {
  return (std::filesystem::path(checkpoint).parent_path() / "run.h5").string();
}

ExportedModel read_model(const std::string& checkpoint, const io::CheckpointHeader& header,
                         const train::RunOptions& options) {
  const auto list = model::parameter_list(options.model);
  ExportedModel model{checkpoint, header, options, {}, measured_results(checkpoint, header)};
  model.parameters.resize(model::flat_size(list));
  io::read_tensors(checkpoint, model::named_tensors(list, model.parameters.data(), "parameters/"));
  return model;
}

}  // namespace superpose::exchange
