#pragma once
/// Memory for activations: one buffer that grows to the largest batch seen and is then reused, so
/// that the steady state of training allocates nothing.

#include "core/types.hpp"

namespace superpose::model {

/// Hands out matrices in order from one buffer. Use in two rounds: measure with no buffer, then
/// place.
class Workspace {
 public:
  /// A cache line: every matrix begins on one. Public: code for a device names what Views hold.
  struct Line {
    unsigned char bytes[64];
  };

  template <class X>
  Matrix<X> matrix(int n_rows, int n_columns) {
    X* place = take<X>(static_cast<std::size_t>(n_rows) * n_columns);
    return Matrix<X>(place, n_rows, n_columns);
  }
  template <class X>
  Vector<X> vector(int n) {
    return Vector<X>(take<X>(n), n);
  }

  /// Calls lay_out(*this) to measure, grows the buffer if needed, and calls it again to place.
  template <class LayOut>
  void arrange(const LayOut& lay_out) {
    measuring_ = true;
    used_ = 0;
    lay_out(*this);
    if (used_ > buffer_.extent(0)) {
      buffer_ = Vector<Line>();  // free first: the old one is of no more use
      // Batches differ by a few rows: with an eighth to spare the first is nearly always the last.
      buffer_ = Vector<Line>(Kokkos::view_alloc("workspace", Kokkos::WithoutInitializing),
                             used_ + used_ / 8);
    }
    measuring_ = false;
    used_ = 0;
    lay_out(*this);
  }
  std::size_t bytes() const { return buffer_.extent(0) * sizeof(Line); }

 private:
  template <class X>
  X* take(std::size_t n) {
    auto* place = measuring_ ? nullptr : reinterpret_cast<X*>(buffer_.data() + used_);
    used_ += (n * sizeof(X) + sizeof(Line) - 1) / sizeof(Line);
    return place;
  }

  Vector<Line> buffer_;
  std::size_t used_ = 0;
  bool measuring_ = true;
};

}  // namespace superpose::model
