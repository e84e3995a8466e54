#include "train/training_state.hpp"

#include <limits>

#include "core/error.hpp"

namespace superpose::train {
namespace {

using HostBuffer = Vector<float>::HostMirror;

constexpr const char* parameter_prefix = "parameters/";
constexpr const char* epoch_loss = "epoch_loss";

/// Everything in a checkpoint, of flat host buffers.
std::vector<NamedTensor> all_tensors(const std::vector<model::ParameterInfo>& list,
                                     float* parameters, float* exp_avg, float* exp_avg_sq) {
  auto all = model::named_tensors(list, parameters, parameter_prefix);
  for (const auto& more : {model::named_tensors(list, exp_avg, "optimizer/exp_avg/"),
                           model::named_tensors(list, exp_avg_sq, "optimizer/exp_avg_sq/")})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// Host copies of the three flat buffers, and the list of tensors that lie in them.
struct HostState {
  HostBuffer parameters, exp_avg, exp_avg_sq;

  HostState(const model::Network<float>& model, const optim::Optimizer<float>& optimizer)
      : parameters(Kokkos::create_mirror(model.parameters().flat)),
        exp_avg(Kokkos::create_mirror(optimizer.m())),
        exp_avg_sq(Kokkos::create_mirror(optimizer.v())) {}

  std::vector<NamedTensor> tensors(const std::vector<model::ParameterInfo>& list) const {
    return all_tensors(list, parameters.data(), exp_avg.data(), exp_avg_sq.data());
  }
};

io::CheckpointHeader header_of(const Progress& progress, std::int64_t optimizer_steps,
                               const io::RunMetadata& metadata) {
  io::CheckpointHeader header;
  header.step = progress.step;
  const auto set = [&](Counter counter, std::int64_t value) {
    header.counters[to_string(counter)] = value;
  };
  set(Counter::epoch, progress.epoch);
  set(Counter::step_in_epoch, progress.step_in_epoch);
  set(Counter::stage, progress.curriculum.stage);
  set(Counter::epochs_in_stage, progress.curriculum.epochs_in_stage);
  set(Counter::settled_epochs, progress.curriculum.settled_epochs);
  set(Counter::epoch_labels, progress.epoch_labels);
  set(Counter::optimizer_steps, optimizer_steps);
  header.values = {{epoch_loss, progress.epoch_loss}};
  header.score = progress.held_out_accuracy;
  if (header.score) header.values["held_out_accuracy"] = *header.score;
  header.metadata = metadata;
  return header;
}

template <class Value>
Value need(const std::optional<Value>& value, const char* name) {
  validate(value.has_value(), ExitCode::checkpoint,
           "the checkpoint has no '{}' (it was not written by superpose train); use another one",
           name);
  return *value;
}

template <class Value>
std::optional<Value> find(const std::map<std::string, Value>& values, const char* name) {
  const auto found = values.find(name);
  return found == values.end() ? std::nullopt : std::optional(found->second);
}

/// A counter of steps, epochs or labels.
template <class Integer = std::int64_t>
Integer count(const io::CheckpointHeader& header, Counter counter) {
  const auto value = need(counter_in(header, counter), to_string(counter));
  validate(value >= 0 && value <= std::numeric_limits<Integer>::max(), ExitCode::checkpoint,
           "the checkpoint says that '{}' is {} (no run counts that far); use another one",
           to_string(counter), value);
  return static_cast<Integer>(value);
}

Progress progress_of(const io::CheckpointHeader& header) {
  Progress progress;
  progress.step = header.step;
  progress.epoch = count(header, Counter::epoch);
  progress.step_in_epoch = count(header, Counter::step_in_epoch);
  progress.curriculum.stage = count<int>(header, Counter::stage);
  progress.curriculum.epochs_in_stage = count<int>(header, Counter::epochs_in_stage);
  progress.curriculum.settled_epochs = count<int>(header, Counter::settled_epochs);
  progress.epoch_labels = count(header, Counter::epoch_labels);
  progress.epoch_loss = need(find(header.values, epoch_loss), epoch_loss);
  return progress;
}

TrainingState::Restored adopt(const HostState& host, const io::CheckpointHeader& header,
                              model::Network<float>& model, optim::Optimizer<float>& optimizer) {
  Kokkos::deep_copy(model.parameters().flat, host.parameters);
  Kokkos::deep_copy(optimizer.m(), host.exp_avg);
  Kokkos::deep_copy(optimizer.v(), host.exp_avg_sq);
  optimizer.set_steps(count(header, Counter::optimizer_steps));
  return {progress_of(header), header.metadata};
}

}  // namespace

std::optional<std::int64_t> counter_in(const io::CheckpointHeader& header, Counter counter) {
  return find(header.counters, to_string(counter));
}

void TrainingState::save(const distributed::Communicator& communicator,
                         const std::string& directory, const Progress& progress,
                         const io::RunMetadata& metadata, int keep) const {
  const HostState host(model_, optimizer_);
  Kokkos::deep_copy(host.parameters, model_.parameters().flat);
  Kokkos::deep_copy(host.exp_avg, optimizer_.m());
  Kokkos::deep_copy(host.exp_avg_sq, optimizer_.v());
  io::write_checkpoint(communicator, directory, header_of(progress, optimizer_.steps(), metadata),
                       host.tensors(model_.parameters().list), keep);
}

std::optional<TrainingState::Restored> TrainingState::restore_newest(
    const distributed::Communicator& communicator, const std::string& directory) {
  const HostState host(model_, optimizer_);
  const auto header =
      io::read_newest(communicator, directory, host.tensors(model_.parameters().list));
  if (!header) return std::nullopt;
  return adopt(host, *header, model_, optimizer_);
}

TrainingState::Restored TrainingState::restore(const distributed::Communicator& communicator,
                                               const std::string& path) {
  const HostState host(model_, optimizer_);
  const auto header =
      io::read_checkpoint(communicator, path, host.tensors(model_.parameters().list));
  return adopt(host, header, model_, optimizer_);
}

void load_parameters(const distributed::Communicator& communicator, const std::string& path,
                     model::Parameters<float>& parameters) {
  const auto host = Kokkos::create_mirror(parameters.flat);
  io::read_tensors(communicator, path,
                   model::named_tensors(parameters.list, host.data(), parameter_prefix));
  Kokkos::deep_copy(parameters.flat, host);
}

void write_first_checkpoint(const distributed::Communicator& communicator, const std::string& path,
                            const model::Gpt2Options& options, std::vector<float>& parameters,
                            const io::RunMetadata& metadata) {
  const auto list = model::parameter_list(options);
  SUPERPOSE_EXPECT(parameters.size() == model::flat_size(list));
  std::vector<float> moments(parameters.size(), 0.0F);
  io::write_checkpoint_file(communicator, path, header_of(Progress{}, 0, metadata),
                            all_tensors(list, parameters.data(), moments.data(), moments.data()));
}

}  // namespace superpose::train
