#include "train/pass_losses.hpp"

#include "model/network.hpp"

namespace superpose::train {

void PassLosses::add(const Exec& exec, std::size_t leaf, const Vector<const float>& losses) {
  const auto n = losses.extent(0);
  if (n > 0)
    Kokkos::deep_copy(
        exec, Kokkos::subview(buffer_of(passes_.size(), n), Kokkos::make_pair(std::size_t{0}, n)),
        losses);
  passes_.push_back({leaf, static_cast<int>(n)});
}

const HostVector<float>& PassLosses::buffer_of(std::size_t pass, std::size_t n) {
  if (pass >= buffers_.size()) buffers_.resize(pass + 1);
  if (n > capacity_) capacity_ = n + n / 8;  // passes differ by a few losses
  auto& buffer = buffers_[pass];
  if (n > buffer.extent(0))
    buffer = HostVector<float>(Kokkos::view_alloc("pass_losses", Kokkos::WithoutInitializing),
                               capacity_);
  return buffer;
}

double PassLosses::sum(std::size_t pass) const {
  const int n = passes_[pass].n_losses;
  return n == 0 ? 0 : model::sum_of_losses(buffers_[pass].data(), n);
}

}  // namespace superpose::train
