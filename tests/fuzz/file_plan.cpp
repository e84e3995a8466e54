#include "tests/fuzz/file_plan.hpp"

#include <exception>

#include "io/checkpoint_layout.hpp"
#include "io/hdf5_file.hpp"
#include "io/seal.hpp"

namespace superpose::fuzz {
namespace {

// --- Valid files ---------------------------------------------------------------------------------

void add_metadata(FilePlan& plan, const std::string& type) {
  plan.attributes.push_back({"/", "file_type", type});
  plan.attributes.push_back({"/", "format_version", std::int64_t{2}});
  for (const char* name : {"superpose_version", "git_hash", "command_line", "configuration",
                           "hosts", "created", "library_HDF5", "data_hash_train", "SLURM_JOB_ID"})
    plan.attributes.push_back({"/", name, std::string(name)});
  plan.attributes.push_back({"/", "n_ranks", std::int64_t{4}});
  plan.attributes.push_back({"/", "seed_train", std::uint64_t{7}});
}

void add_column(FilePlan& plan, const DatasetPlan& dataset) {
  plan.datasets.push_back(dataset);
  plan.attributes.push_back({dataset.name, "units", std::string("1")});
  plan.attributes.push_back({dataset.name, "long_name", std::string("what it is")});
}

// --- Changes -------------------------------------------------------------------------------------

/// The name of something in the file, or another.
std::string any_name(const FilePlan& plan, Choices& choices) {
  switch (choices.below(6)) {
    case 0:
      return choices.one_of<std::string>({"/", "", "x", "steps/step/x", "new/dataset", "."});
    case 1:
      return plan.groups.empty() ? "x" : choices.one_of(plan.groups);
    case 2:
      return choices.text();
    case 3: {
      // Two statements: compilers differ in what of one they evaluate first.
      const std::string group = plan.groups.empty() ? "x" : choices.one_of(plan.groups);
      return group + "/" + choices.text();
    }
    default:
      return plan.datasets.empty() ? "y" : choices.one_of(plan.datasets).name;
  }
}

void change_attribute(FilePlan& plan, Choices& choices) {
  if (plan.attributes.empty()) return;
  const auto place = choices.below(plan.attributes.size());
  AttributePlan& attribute = plan.attributes[place];
  switch (choices.below(7)) {
    case 0:
      attribute.value = choices.integer();
      break;
    case 1:
      attribute.value = choices.number<std::uint64_t>();
      break;
    case 2:
      attribute.value = choices.real();
      break;
    case 3:
      attribute.value = choices.coin() ? choices.text() : any_name(plan, choices);
      break;
    case 4:
      attribute.name = choices.text();
      break;
    case 5:
      attribute.object = any_name(plan, choices);
      break;
    default:
      plan.attributes.erase(plan.attributes.begin() + static_cast<std::ptrdiff_t>(place));
  }
}

void add_attribute(FilePlan& plan, Choices& choices) {
  plan.attributes.push_back({any_name(plan, choices), choices.text(), std::int64_t{0}});
  if (choices.coin()) plan.attributes.back().name = choices.one_of(plan.attributes).name;
  if (choices.coin()) plan.attributes.back().value = choices.one_of(plan.attributes).value;
}

void change_shape(DatasetPlan& dataset, Choices& choices) {
  if (choices.coin()) dataset.shape.push_back(choices.below(6));
  if (choices.coin() && !dataset.shape.empty()) dataset.shape.pop_back();
  if (!dataset.shape.empty())
    dataset.shape[choices.below(dataset.shape.size())] = choices.below(32);
  if (dataset.shape.size() > 4) dataset.shape.resize(4);
  if (!dataset.dims.empty()) dataset.dims.resize(dataset.shape.size(), "another");
}

DType any_type(Choices& choices) {
  return choices.one_of<DType>({DType::f32, DType::f64, DType::i32, DType::i64, DType::u8});
}

void change_dataset(FilePlan& plan, Choices& choices) {
  if (plan.datasets.empty()) return;
  const auto place = choices.below(plan.datasets.size());
  DatasetPlan& dataset = plan.datasets[place];
  switch (choices.below(8)) {
    case 0:
      change_shape(dataset, choices);
      break;
    case 1:
      dataset.dtype = any_type(choices);
      break;
    case 2:
      dataset.values.push_back(choices.integer());
      break;
    case 3:
      dataset.values.insert(dataset.values.begin(), choices.integer());
      break;
    case 4:
      dataset.name = any_name(plan, choices);
      break;
    case 5:
      dataset.coordinate = !dataset.coordinate;
      break;
    case 6:
      if (!dataset.dims.empty()) dataset.dims[choices.below(dataset.dims.size())] = choices.text();
      break;
    default:
      plan.datasets.erase(plan.datasets.begin() + static_cast<std::ptrdiff_t>(place));
  }
}

void add_dataset(FilePlan& plan, Choices& choices) {
  DatasetPlan dataset{any_name(plan, choices), {}, {choices.below(8)}, any_type(choices), {}};
  if (!plan.datasets.empty() && choices.coin()) dataset.dims = choices.one_of(plan.datasets).dims;
  dataset.shape.resize(std::max<std::size_t>(dataset.dims.size(), 1), 2);
  add_column(plan, dataset);
}

void add_odd_object(FilePlan& plan, Choices& choices) {
  OddObject object;
  object.kind = static_cast<OddKind>(choices.below(n_odd_kinds));
  object.name = any_name(plan, choices);
  object.target = any_name(plan, choices);
  if (is_attribute(object.kind) && !plan.attributes.empty()) {
    const auto& attribute = choices.one_of(plan.attributes);
    object.name = attribute.name;
    object.target = attribute.object;
  }
  object.extent = (std::uint64_t{1} << choices.below(64)) - choices.below(3);
  plan.odd_objects.push_back(object);
}

void change_once(FilePlan& plan, Choices& choices) {
  switch (choices.below(8)) {
    case 0:
    case 1:
      return change_attribute(plan, choices);
    case 2:
      return add_attribute(plan, choices);
    case 3:
    case 4:
      return change_dataset(plan, choices);
    case 5:
      return add_dataset(plan, choices);
    case 6:
      return add_odd_object(plan, choices);
    default:
      plan.groups.push_back(any_name(plan, choices));
  }
}

// --- Writing -------------------------------------------------------------------------------------

/// Contracts of io::File are broken here on purpose; what comes of it is not looked at.
template <class Work>
void attempt(Work&& work) {
  try {
    work();
  } catch (const std::exception&) {
  }
}

/// The bytes of `values`, over and over.
std::vector<std::byte> bytes_of(const DatasetPlan& dataset, std::size_t size) {
  std::vector<std::byte> bytes(size);
  const auto* source = reinterpret_cast<const std::byte*>(dataset.values.data());
  const std::size_t period = dataset.values.size() * sizeof(std::int64_t);
  for (std::size_t i = 0; i < size && period > 0; ++i) bytes[i] = source[i % period];
  return bytes;
}

void write_dataset(io::File& file, const DatasetPlan& dataset, bool checksum) {
  NamedTensor tensor{dataset.name, dataset.dims, dataset.shape, dataset.dtype, nullptr};
  auto bytes = bytes_of(dataset, tensor.bytes());
  tensor.data = bytes.data();
  if (dataset.coordinate && tensor.shape.size() == 1) return file.write_coordinate(tensor);
  for (std::size_t d = 0; d < tensor.dims.size(); ++d) {
    const std::string group = tensor.name.substr(0, tensor.name.rfind('/') + 1);
    if (!file.exists(group + tensor.dims[d]) && !file.exists(tensor.dims[d]))
      file.create_dimension(tensor.dims[d], tensor.shape[d]);
  }
  file.write(tensor);
  namespace layout = io::checkpoint_layout;
  if (checksum)
    file.set_attribute(tensor.name, layout::checksum_attribute, layout::checksum(tensor));
}

void write_attribute(io::File& file, const AttributePlan& attribute) {
  std::visit(
      [&](const auto& value) { file.set_attribute(attribute.object, attribute.name, value); },
      attribute.value);
}

}  // namespace

FilePlan checkpoint_plan() {
  FilePlan plan;
  plan.groups = {"counters", "values"};
  plan.checksums = true;
  add_metadata(plan, io::checkpoint_layout::kind.type);
  plan.attributes.push_back({"/", "step", std::int64_t{12}});
  for (const char* name : {"epoch", "stage"})
    plan.attributes.push_back({"counters", name, std::int64_t{3}});
  plan.attributes.push_back({"values", "epoch_loss", 0.75});
  for (const std::string group : {"parameters/", "optimizer/exp_avg/", "optimizer/exp_avg_sq/"}) {
    plan.datasets.push_back({group + "wte", {"vocab_size", "n_embd"}, {2, 3}, DType::f32, {1}});
    plan.datasets.push_back({group + "ln_f", {"n_embd"}, {3}, DType::f32, {2}});
  }
  return plan;
}

FilePlan run_plan() {
  FilePlan plan;
  plan.groups = {"steps", "evaluation"};
  add_metadata(plan, "superpose_run");
  add_column(plan, {"steps/step", {}, {3}, DType::i64, {1, 2, 3}, true});
  add_column(plan, {"steps/loss", {"step"}, {3}, DType::f64, {0x3ff0000000000000}});
  add_column(plan, {"steps/tokens", {"step"}, {3}, DType::i64, {100}});
  add_column(plan, {"evaluation/epoch", {}, {2}, DType::i64, {1, 4}, true});
  add_column(plan, {"evaluation/hops", {}, {2}, DType::i64, {1, 2}, true});
  add_column(plan, {"evaluation/accuracy", {"epoch", "hops"}, {2, 2}, DType::f64, {0}});
  plan.attributes.push_back({"steps", "index", std::string("step")});
  plan.attributes.push_back({"evaluation", "index", std::string("epoch")});
  return plan;
}

void change(FilePlan& plan, Choices& choices) {
  while (!choices.empty()) change_once(plan, choices);
}

void write(const FilePlan& plan, const std::string& path) {
  io::File file = io::File::create(path);
  for (const auto& dataset : plan.datasets)
    attempt([&] { write_dataset(file, dataset, plan.checksums); });
  for (const auto& group : plan.groups) attempt([&] { file.create_group(group); });
  for (const auto& object : plan.odd_objects)
    if (!is_attribute(object.kind)) make(object);
  for (const auto& attribute : plan.attributes) attempt([&] { write_attribute(file, attribute); });
  for (const auto& object : plan.odd_objects)
    if (is_attribute(object.kind)) make(object);
  file.close();
  io::append_seal(path);  // or nothing would get past it; and inspect needs no child process
}

}  // namespace superpose::fuzz
