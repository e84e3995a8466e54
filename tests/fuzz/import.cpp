/// Target: what `superpose import` makes of the texts and names that other programs write. The
/// first byte of an input says which reader gets the rest: config.json, a vocabulary, or a state
/// dict.

#include "exchange/model_config.hpp"
#include "exchange/state_dict.hpp"
#include "exchange/tokenizer.hpp"
#include "io/safetensors.hpp"
#include "tests/fuzz/target.hpp"

namespace superpose::fuzz {
namespace {

void read_state_dict(const std::string& contents) {
  accepts(ExitCode::checkpoint, [&] {
    const io::Safetensors file(contents, "the input");
    const exchange::StateDict state(file);
    auto options = state.shape();
    options.n_head = 1;
    require(!state.parameters(options).empty(), "a state dict that is accepted has parameters");
  });
}

}  // namespace
}  // namespace superpose::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace superpose;
  if (size == 0) return 0;
  const auto text = fuzz::text_of(data + 1, size - 1);
  if (data[0] == 'c')
    fuzz::accepts(ExitCode::checkpoint, [&] { exchange::read_model_config(text, "the input"); });
  else if (data[0] == 'v')
    fuzz::accepts(ExitCode::checkpoint,
                  [&] { exchange::require_vocabulary(text, "the input", 40); });
  else
    fuzz::read_state_dict(text);
  return 0;
}
