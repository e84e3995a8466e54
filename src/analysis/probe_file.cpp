#include "analysis/probe_file.hpp"

#include <filesystem>
#include <numeric>

#include "analysis/problem_table.hpp"
#include "core/durable_file.hpp"
#include "core/files.hpp"
#include "io/agreement.hpp"
#include "io/probe_layout.hpp"
#include "io/seal.hpp"

namespace superpose::analysis {
namespace {

namespace fs = std::filesystem;

/// Statistics of a checkpoint, and HDF5's own structures, generously.
constexpr std::uint64_t checkpoint_bytes = std::uint64_t{1} << 20;
constexpr std::uint64_t structure_bytes = std::uint64_t{1} << 20;

/// By rank 0, for all ranks.
std::string prepared(const io::Output& output, const distributed::Communicator& communicator) {
  std::string path;
  io::agree_on_rank_0(communicator, [&] { path = io::prepare_output(output); });
  return communicator.broadcast(path);
}

void describe(io::File& file, const std::string& dataset, const std::string& units,
              const std::string& description) {
  file.set_attribute(dataset, "units", units);
  file.set_attribute(dataset, "long_name", description);
}

template <class T>
void write_array(io::File& file, const NamedArray<T>& array) {
  file.write(array.tensor());
  describe(file, array.layout.name, "1", array.layout.description);
  if (!array.layout.frontier_rule.empty())
    file.set_attribute(array.layout.name, frontier_rule_attribute, array.layout.frontier_rule);
}

/// A dimension whose coordinates are these.
template <class T>
void write_coordinate(io::File& file, const std::string& name, const std::vector<T>& values,
                      const std::string& description) {
  const DatasetLayout layout{name, {}, {values.size()}, description};
  file.write_coordinate(layout.tensor(values.data()));
  describe(file, name, "1", description);
}

std::vector<std::int64_t> numbers_from(std::int64_t first, int n) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

void write_dimensions(io::File& file, const RawPlan& plan) {
  write_coordinate(file, "layer", numbers_from(1, plan.n_layer), "layer, 1 for the first");
  write_coordinate(file, "head", numbers_from(1, plan.n_head), "attention head, 1 for the first");
  write_coordinate(file, "thought", numbers_from(1, plan.n_thoughts),
                   "thought, 1 for the one generated at the root");
  const ProbeShape shape{plan.n_layer, plan.n_head, plan.n_thoughts};
  write_coordinate(file, "c", numbers_from(1, shape.n_growth()),
                   "thoughts of the growth measure, 1 for the one generated at the root");
  std::vector<std::int64_t> raw_layers(plan.raw.layers.begin(), plan.raw.layers.end());
  for (auto& layer : raw_layers) ++layer;
  write_coordinate(file, "raw_layer", raw_layers, "layers whose attention is kept");
  const auto bare = [&](const char* name, std::size_t extent) {
    file.create_dimension(name, extent);
  };
  bare("problem", plan.problems.size());
  bare("raw_problem", plan.raw.problems.size());
  bare("position", static_cast<std::size_t>(plan.n_positions));
  bare("query", static_cast<std::size_t>(plan.n_queries()));
  bare("key", static_cast<std::size_t>(plan.n_raw_positions));
  bare("n_embd", static_cast<std::size_t>(plan.n_embd));
  bare("token", static_cast<std::size_t>(plan.vocab_size));
  bare("node", static_cast<std::size_t>(plan.n_nodes));
  bare("edge", static_cast<std::size_t>(plan.n_edges));
  bare("end", 2);
  bare("part", 3);
}

/// One number of each checkpoint's findings.
template <class Value>
void write_by_checkpoint(io::File& file, const std::string& name, const std::string& description,
                         const std::vector<CheckpointFindings>& findings, const Value& value) {
  NamedArray<std::int64_t> array({name, {"checkpoint"}, {findings.size()}, description}, 0);
  for (std::size_t c = 0; c < findings.size(); ++c) array.values[c] = value(findings[c].info);
  write_array(file, array);
}

void write_checkpoints(io::File& file, const std::vector<CheckpointFindings>& findings) {
  std::vector<std::int64_t> steps;
  for (const auto& found : findings) steps.push_back(found.info.step);
  write_coordinate(file, "checkpoint", steps, "optimiser steps done");
  write_by_checkpoint(file, "epoch", "epochs done", findings,
                      [](const CheckpointInfo& info) { return info.epoch; });
  write_by_checkpoint(file, "stage", "stage of the curriculum", findings,
                      [](const CheckpointInfo& info) { return info.stage; });
}

/// Statistic number i of every checkpoint: mean, deviation and count.
void write_statistic(io::File& file, const std::vector<CheckpointFindings>& findings,
                     std::size_t i) {
  const Statistic& first = *findings[0].statistics.all(true)[i];
  DatasetLayout layout{"", {"checkpoint"}, {findings.size()}, "", first.frontier_rule()};
  for (const auto& axis : first.axes()) {
    layout.dims.push_back(axis.name);
    layout.shape.push_back(static_cast<std::size_t>(axis.extent));
  }
  const std::string group = "statistics/" + first.name() + "/";
  const auto named = [&](const char* name, const std::string& description) {
    auto result = layout;
    result.name = group + name;
    result.description = description;
    return result;
  };
  NamedArray<double> mean(named("mean", "mean: " + first.description()), 0),
      deviation(named("std", "standard deviation: " + first.description()), 0);
  NamedArray<std::int64_t> count(named("count", "measurements: " + first.description()), 0);
  std::size_t n = 0;
  for (const auto& found : findings)
    for (const Moments& moments : found.statistics.all(true)[i]->values()) {
      mean.values[n] = moments.mean();
      deviation.values[n] = moments.deviation();
      count.values[n++] = moments.count();
    }
  write_array(file, mean);
  write_array(file, deviation);
  write_array(file, count);
}

/// Outcomes of grid number g, [checkpoint, changed_thought, strength].
void write_grid(io::File& file, const std::vector<CheckpointFindings>& findings,
                const InterventionGrid& grid, std::size_t g) {
  const std::string group = "interventions/" + grid.name + "/";
  const auto write = [&](const char* name, const std::string& description, const auto& value) {
    NamedArray<double> array(
        {group + name,
         {"checkpoint", "changed_thought", "strength"},
         {findings.size(), static_cast<std::size_t>(grid.n_thoughts) + 1, grid.strengths.size()},
         description},
        0);
    std::size_t n = 0;
    for (const auto& found : findings)
      for (const auto& outcome : found.interventions[g]) array.values[n++] = value(outcome);
    write_array(file, array);
  };
  const auto share = [](std::int64_t part, const InterventionOutcome& of) {
    return static_cast<double>(part) / static_cast<double>(of.problems);
  };
  write("problems", "problems it reached",
        [](const auto& o) { return static_cast<double>(o.problems); });
  write("accuracy_before", "their answers right without it",
        [&](const auto& o) { return share(o.right_before, o); });
  write("accuracy_after", "their answers right with it",
        [&](const auto& o) { return share(o.right_after, o); });
  write("candidate_accuracy_before", "right among the two candidates without it",
        [&](const auto& o) { return share(o.preferred_before, o); });
  write("candidate_accuracy_after", "right among the two candidates with it",
        [&](const auto& o) { return share(o.preferred_after, o); });
}

void write_interventions(io::File& file, const std::vector<CheckpointFindings>& findings,
                         const std::vector<InterventionGrid>& grids) {
  if (grids.empty()) return;
  file.create_group("interventions");
  write_coordinate(file, "interventions/changed_thought", numbers_from(0, grids[0].n_thoughts + 1),
                   "the thought that is changed; 0: every one");
  write_coordinate(file, "interventions/strength", grids[0].strengths,
                   "strength of the intervention");
  for (std::size_t g = 0; g < grids.size(); ++g) write_grid(file, findings, grids[g], g);
}

NamedArray<float> embeddings(const std::string& group, const model::Parameters<float>& parameters) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), parameters.wte);
  NamedArray<float> array({group + "/wte",
                           {"token", "n_embd"},
                           {host.extent(0), host.extent(1)},
                           "embeddings of the tokens (wte.weight)"},
                          0);
  for (std::size_t v = 0; v < host.extent(0); ++v)
    std::copy_n(&host(v, 0), host.extent(1), array.at({v}));
  return array;
}

}  // namespace

std::uint64_t file_bytes(const RawPlan& plan, std::size_t n_checkpoints) {
  std::uint64_t bytes = structure_bytes + n_checkpoints * (plan.bytes() + checkpoint_bytes);
  for (const auto& array : problem_table(plan)) bytes += array.values.size() * sizeof(std::int32_t);
  return bytes;
}

ProbeFile::ProbeFile(const io::Output& output, const distributed::Communicator& communicator,
                     const io::RunMetadata& metadata, const RawPlan& plan,
                     std::size_t n_checkpoints)
    : path_(prepared(output, communicator)),
      temporary_(communicator.broadcast(temporary_name(path_))),
      communicator_(communicator),
      plan_(plan) {
  try {
    io::agree_on_rank_0(communicator_, [&] { begin(metadata, n_checkpoints); });
  } catch (...) {  // no destructor runs
    remove_unfinished();
    throw;
  }
}

ProbeFile::~ProbeFile() {
  if (raw_) raw_->abandon();
  if (!finished_) remove_unfinished();
}

void ProbeFile::begin(const io::RunMetadata& metadata, std::size_t n_checkpoints) {
  const auto directory = fs::path(path_).parent_path();
  require_free_space(directory.empty() ? "." : directory.string(),
                     file_bytes(plan_, n_checkpoints));
  io::File file = io::File::create(temporary_);
  io::write(file, io::probe_layout::kind, metadata);
  write_dimensions(file, plan_);
  for (const auto& array : problem_table(plan_)) write_array(file, array);
  file.close();
}

void ProbeFile::remove_unfinished() const {
  std::error_code ignored;
  if (communicator_.rank() == 0) fs::remove(temporary_, ignored);
}

void ProbeFile::begin_checkpoint(std::int64_t step, const model::Parameters<float>& parameters) {
  group_ = fmt::format("raw/checkpoint_{:09}", step);
  io::agree_on_rank_0(communicator_, [&] {
    io::File file = io::File::modify(temporary_);
    write_array(file, embeddings(group_, parameters));
    for (const auto& layout :
         raw_layouts(plan_, group_, plan_.problems.size(), plan_.raw.problems.size())) {
      file.create_dataset(layout.tensor(static_cast<float*>(nullptr)));
      describe(file, layout.name, "1", layout.description);
    }
    file.close();
  });
  raw_.emplace(io::File::fill(temporary_, communicator_));
}

void ProbeFile::write_round(const ProbedBatch* batch) {
  for (const auto& part : raw_parts(plan_, group_, batch))
    io::agree(communicator_, [&] { raw_->write_part(part.values.tensor(), part.begin); });
}

void ProbeFile::end_checkpoint() {
  io::agree(communicator_, [&] { raw_->flush(); });
  io::agree(communicator_, [&] { raw_->close(); });
  raw_.reset();
}

void ProbeFile::finish(const std::vector<CheckpointFindings>& findings,
                       const std::vector<InterventionGrid>& grids, const std::string& skipped) {
  SUPERPOSE_EXPECT(!findings.empty());
  io::agree_on_rank_0(communicator_, [&] {
    io::File file = io::File::modify(temporary_);
    write_checkpoints(file, findings);
    for (std::size_t i = 0; i < findings[0].statistics.all(true).size(); ++i)
      write_statistic(file, findings, i);
    write_interventions(file, findings, grids);
    file.set_attribute("/", "skipped", skipped);
    file.close();
    io::append_seal(temporary_);
    sync_file(temporary_);
    publish(temporary_, path_);
  });
  finished_ = true;
}

}  // namespace superpose::analysis
