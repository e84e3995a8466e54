#pragma once
/// A checkpoint and a run.h5 of a few numbers, in a folder of their own, and ways to damage them.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "io/checkpoint_layout.hpp"
#include "io/hdf5_file.hpp"
#include "io/history.hpp"
#include "io/seal.hpp"
#include "tests/temporary_folder.hpp"

namespace superpose::io {

/// What the small checkpoint holds; tests change it before they write.
struct SmallCheckpoint {
  std::map<std::string, std::vector<float>> tensors{
      {"parameters/wte.weight", {1, 2, 3, 4, 5, 6}},
      {"parameters/ln_f.bias", {7, 8, 9}},
      {"optimizer/exp_avg/wte.weight", {0, 0, 0, 0, 0, 0.5F}},
      {"optimizer/exp_avg/ln_f.bias", {0, 0.25F, 0}},
      {"optimizer/exp_avg_sq/wte.weight", {1, 1, 1, 1, 1, 1}},
      {"optimizer/exp_avg_sq/ln_f.bias", {2, 2, 2}}};
  std::map<std::string, std::int64_t> counters{{"epoch", 3}, {"stage", 1}};
  std::map<std::string, double> values{{"epoch_loss", 0.75}};
  std::int64_t step = 12;
  bool sealed = true;
  RunMetadata metadata;

  void write(const std::string& path) const {
    File file = File::create(path);
    io::write(file, checkpoint_layout::kind, metadata);
    file.set_attribute("/", "step", step);
    file.create_dimension("vocab_size", 2);
    file.create_dimension("n_embd", 3);
    for (const auto& [name, numbers] : tensors) write_tensor(file, name, numbers);
    file.create_group("counters");
    for (const auto& [name, value] : counters) file.set_attribute("counters", name, value);
    file.create_group("values");
    for (const auto& [name, value] : values) file.set_attribute("values", name, value);
    file.close();
    if (sealed) append_seal(path, {step});
  }

 private:
  static void write_tensor(File& file, const std::string& name, std::vector<float> numbers) {
    NamedTensor tensor{name, {"n_embd"}, {3}, DType::f32, numbers.data()};
    if (numbers.size() == 6) {
      tensor.dims = {"vocab_size", "n_embd"};
      tensor.shape = {2, 3};
    }
    file.write(tensor);
    file.set_attribute(name, checkpoint_layout::checksum_attribute,
                       checkpoint_layout::checksum(tensor));
  }
};

/// A table "steps" with one row a loss and a wall time that a test may choose.
inline void write_small_run(const std::string& path, const std::vector<double>& losses,
                            double seconds = 0.5, RunMetadata metadata = {}) {
  History history(path, std::move(metadata));
  Table& steps = history.table("steps", {"step", "1", "optimiser step", DType::i64, {}},
                               {{"loss", "nat", "mean loss", DType::f64, {}},
                                {"seconds", "s", "wall time", DType::f64, {}}});
  std::int64_t step = 0;
  for (const double loss : losses) steps.append(++step, {{"loss", {loss}}, {"seconds", {seconds}}});
  history.flush();
}

class SmallFiles : public testing::Test {
 protected:
  std::string at(const std::string& name) const { return folder_ / name; }

  static std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static void replace_contents(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  /// Gives a file that a test has changed a seal that matches, in place of the one it had if any:
  /// what a writer with a defect would leave, for the checks behind the seal.
  static void reseal(const std::string& path) {
    auto bytes = contents(path);
    const auto seal = bytes.rfind("superpose seal ");
    if (seal != std::string::npos) replace_contents(path, bytes.substr(0, seal));
    append_seal(path);
  }

  /// Inverts the byte at which these bytes begin.
  static void damage_at(const std::string& path, const std::string& text) {
    std::string bytes = contents(path);
    const auto place = bytes.find(text);
    ASSERT_NE(place, std::string::npos);
    bytes[place] = static_cast<char>(~bytes[place]);
    replace_contents(path, bytes);
  }

 private:
  tests::TemporaryFolder folder_;
};

}  // namespace superpose::io
