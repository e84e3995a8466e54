#pragma once
/// Texts and index arrays of the parts of a batch: made when they are needed, or a part ahead on a
/// thread of their own while a device computes.

#include <cstdint>
#include <functional>
#include <future>
#include <vector>

#include "core/types.hpp"
#include "model/packing.hpp"

namespace superpose::train {

/// What a batch is computed for.
struct BatchKey {
  int stage = 0;
  std::uint64_t epoch = 0;
};

/// Problems that are computed together.
struct Part {
  std::vector<std::uint32_t> problems;
  BatchKey key;
};

enum class Preparation {
  when_needed,  ///< on a CPU, whose cores compute
  ahead
};
constexpr Preparation default_preparation =
    kernels_use_host_memory ? Preparation::when_needed : Preparation::ahead;

class PartPreparation {
 public:
  /// `prepare` depends on the part alone and may be called by any thread.
  using Prepare = std::function<model::HostPacking(const Part&)>;

  PartPreparation(Preparation when, Prepare prepare);
  PartPreparation(const PartPreparation&) = delete;
  PartPreparation& operator=(const PartPreparation&) = delete;

  /// The part's packing: the one begun, or if that was another part's, one made now. Throws what
  /// `prepare` threw for this part.
  model::HostPacking take(const Part& part);

  /// Begins what the next take() is expected to ask for.
  void begin(const Part& part);

 private:
  Preparation when_;
  Prepare prepare_;
  Part begun_;  // read by the thread as long as packing_ is valid
  std::future<model::HostPacking> packing_;
};

}  // namespace superpose::train
