/// Target: a safetensors file.

#include "io/safetensors.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "tests/fuzz/target.hpp"

namespace superpose::fuzz {
namespace {

/// Values of every tensor that has them in single precision; a tensor is where the file has bytes.
std::vector<std::vector<float>> read_all(const io::Safetensors& file, std::size_t size) {
  std::vector<std::vector<float>> all;
  for (const auto& entry : file.entries()) {
    require(entry.begin <= entry.end && entry.end <= size, "a tensor lies within its file");
    require(file.same_bytes(entry, entry), "a tensor is the same as itself");
    auto& values = all.emplace_back();
    if (accepts(ExitCode::checkpoint, [&] { values = file.values(entry); }))
      require(values.size() == entry.size(), "a tensor has as many values as its shape tells");
  }
  return all;
}

/// The F32 tensors, written and read again.
void check_round_trip(const io::Safetensors& file, std::vector<std::vector<float>>& values) {
  std::vector<ConstNamedTensor> tensors;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& entry = file.entries()[i];
    if (entry.dtype == "F32")
      tensors.push_back({entry.name, {}, entry.shape, DType::f32, values[i].data()});
  }
  const io::Safetensors again(io::to_safetensors(tensors, {{"format", "pt"}}), "the file again");
  require(again.entries().size() == tensors.size(), "as many tensors are read as were written");
  for (const auto& entry : again.entries()) {
    const auto same = [&](const auto& tensor) { return tensor.name == entry.name; };
    const auto tensor = std::find_if(tensors.begin(), tensors.end(), same);
    require(tensor != tensors.end() && tensor->shape == entry.shape, "names and shapes come back");
    const auto stored = again.values(entry);
    require(stored.empty() || std::memcmp(stored.data(), tensor->data, tensor->bytes()) == 0,
            "values come back bit for bit");
  }
}

}  // namespace
}  // namespace superpose::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace superpose;
  std::optional<io::Safetensors> file;
  const bool whole = fuzz::accepts(ExitCode::checkpoint,
                                   [&] { file.emplace(fuzz::text_of(data, size), "the input"); });
  if (!whole) return 0;
  auto values = fuzz::read_all(*file, size);
  fuzz::check_round_trip(*file, values);
  return 0;
}
