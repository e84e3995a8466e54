#include "core/random.hpp"

#include <Random123/philox.h>

namespace superpose {

void RandomStream::draw_block() {
  const r123::Philox4x32::ctr_type counter{{counter_[0], counter_[1], counter_[2], counter_[3]}};
  const auto block = r123::Philox4x32()(counter, {{key_[0], key_[1]}});
  for (std::size_t word = 0; word < block_.size(); ++word) block_[word] = block[word];
  ++counter_[0];
  used_ = 0;
}

}  // namespace superpose
