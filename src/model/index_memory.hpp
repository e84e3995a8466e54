#pragma once
/// The index arrays of a batch: collected on the host in one piece, copied to the device at once.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/types.hpp"

namespace superpose::model {

/// Memory for the index arrays of batches, kept from batch to batch: on the device, and on the host
/// to copy from.
class IndexMemory {
 public:
  /// Batches use `n_places` places in turn. Whoever uploads one has waited for the kernels of the
  /// batch n_places before, whose arrays are no longer valid.
  explicit IndexMemory(int n_places = 1) : places_(n_places) {}

  /// Begins to copy `values` to the device; what is launched on `exec` from now on sees them.
  Indices upload(const Exec& exec, const std::vector<std::int32_t>& values);

 private:
  struct Place {
    Vector<std::int32_t> device;
    HostVector<std::int32_t> host;
  };
  const Place& next_place(std::size_t n);

  std::vector<Place> places_;
  std::size_t next_ = 0;
  std::size_t capacity_ = 0;  // of a place that is made or grows
};

/// Arrays under construction. add() calls nothing of Kokkos, so any thread may collect.
class IndexArrays {
 public:
  /// `target` will view the values on the device. It stays where it is until then.
  void add(Indices& target, const std::vector<std::int32_t>& values);

  /// Begins to copy; see IndexMemory::upload.
  void upload(const Exec& exec, IndexMemory& memory) const;

 private:
  static constexpr std::size_t cache_line = 64 / sizeof(std::int32_t);  // where each array begins
  struct Target {
    Indices* view;
    std::size_t begin, end;
  };
  std::vector<Target> targets_;
  std::vector<std::int32_t> values_;
};

}  // namespace superpose::model
