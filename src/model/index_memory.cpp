#include "model/index_memory.hpp"

#include <algorithm>

namespace superpose::model {

const IndexMemory::Place& IndexMemory::next_place(std::size_t n) {
  if (n > capacity_) capacity_ = n + n / 8;  // batches differ by a few rows
  auto& place = places_[next_];
  next_ = (next_ + 1) % places_.size();
  if (n > place.device.extent(0)) {
    place = Place{};  // free first: the old memory is of no more use
    place.device = Vector<std::int32_t>(
        Kokkos::view_alloc("batch_indices", Kokkos::WithoutInitializing), capacity_);
    place.host = Kokkos::create_mirror_view(HostMemory(), place.device);
  }
  return place;
}

Indices IndexMemory::upload(const Exec& exec, const std::vector<std::int32_t>& values) {
  const auto& place = next_place(values.size());
  std::copy(values.begin(), values.end(), place.host.data());
  const auto filled = Kokkos::make_pair(std::size_t{0}, values.size());
  if (!kernels_use_host_memory)  // otherwise `host` is `device`
    Kokkos::deep_copy(exec, Kokkos::subview(place.device, filled),
                      Kokkos::subview(place.host, filled));
  return place.device;
}

void IndexArrays::add(Indices& target, const std::vector<std::int32_t>& values) {
  targets_.push_back({&target, values_.size(), values_.size() + values.size()});
  values_.insert(values_.end(), values.begin(), values.end());
  values_.resize((values_.size() + cache_line - 1) / cache_line * cache_line);
}

void IndexArrays::upload(const Exec& exec, IndexMemory& memory) const {
  const auto device = memory.upload(exec, values_);
  for (const auto& [target, begin, end] : targets_)
    *target = Kokkos::subview(device, Kokkos::make_pair(begin, end));
}

}  // namespace superpose::model
