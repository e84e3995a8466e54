#pragma once
/// Memory for activations: one buffer that grows to the largest batch seen and is then reused, so
/// that the steady state of training allocates nothing.

#include "core/types.hpp"

namespace superpose::model {

/// Hands out matrices in order from one buffer. Use in two rounds: measure with no buffer, then
/// place.
template <class T>
class Workspace {
 public:
  Matrix<T> matrix(int n_rows, int n_columns) {
    T* place = take(static_cast<std::size_t>(n_rows) * n_columns);
    return Matrix<T>(place, n_rows, n_columns);
  }
  Vector<T> vector(int n) { return Vector<T>(take(n), n); }

  /// Calls lay_out(*this) to measure, grows the buffer if needed, and calls it again to place.
  template <class LayOut>
  void arrange(const LayOut& lay_out) {
    measuring_ = true;
    used_ = 0;
    lay_out(*this);
    if (used_ > buffer_.extent(0)) {
      buffer_ = Vector<T>();  // free first: the old one is of no more use
      buffer_ = Vector<T>(Kokkos::view_alloc("workspace", Kokkos::WithoutInitializing), used_);
    }
    measuring_ = false;
    used_ = 0;
    lay_out(*this);
  }
  std::size_t bytes() const { return buffer_.extent(0) * sizeof(T); }

 private:
  T* take(std::size_t n) {
    constexpr std::size_t cache_line = 64 / sizeof(T);
    T* place = measuring_ ? nullptr : buffer_.data() + used_;
    used_ += (n + cache_line - 1) / cache_line * cache_line;
    return place;
  }

  Vector<T> buffer_;
  std::size_t used_ = 0;
  bool measuring_ = true;
};

}  // namespace superpose::model
