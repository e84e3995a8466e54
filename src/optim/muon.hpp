#pragma once
#include <cstddef>
#include <functional>
#include <vector>

#include "core/matrix_place.hpp"
#include "core/types.hpp"
#include "kokkos_kernels/muon.hpp"

namespace superpose::optim {

/// The ranks that hold the same parameters.
struct Ranks {
  int rank = 0, size = 1;
};

/// Completes a vector on every rank: block r, of counts[r] elements and after the blocks of the
/// ranks before it, is right on rank r and becomes so on all.
template <class T>
using CompleteBlocks = std::function<void(Vector<T> blocks, const std::vector<int>& counts)>;

/// Muon (kokkos_kernels/muon.hpp) on matrices of a flat buffer. Each matrix is made orthogonal,
/// nearly all of the work, by one of the ranks, and all else by every one: the bits are those of
/// one rank alone.
template <class T>
class Muon {
 public:
  Muon(const std::vector<MatrixPlace>& matrices, Ranks ranks, const Exec& exec);

  /// gradient, m and parameters: the flat buffers. `exchange` is called if there are several ranks.
  void step(const kernels::MuonStep& constants, Vector<const T> gradient, Vector<T> m,
            Vector<T> parameters, const CompleteBlocks<T>& exchange);

 private:
  struct Shared {
    MatrixPlace place;
    int owner;          ///< the rank that makes it orthogonal
    std::size_t begin;  ///< of its update among updates_
  };
  Matrix<T> update_of(const Shared& matrix) const;

  Exec exec_;
  Ranks ranks_;
  std::vector<Shared> matrices_;  ///< in the order of their owners
  std::vector<int> counts_;       ///< elements of updates_ by owner
  Vector<T> updates_;
  kernels::OrthogonalizeSpace<T> space_;
};

/// Which of n_ranks makes each matrix orthogonal: the heaviest first, each to the rank that has
/// least to do.
std::vector<int> owners(const std::vector<MatrixPlace>& matrices, int n_ranks);

}  // namespace superpose::optim
