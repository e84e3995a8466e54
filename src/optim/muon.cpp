#include "optim/muon.hpp"

#include <algorithm>
#include <numeric>

#include "core/error.hpp"

namespace superpose::optim {
namespace {

int shorter(const MatrixPlace& place) {
  return std::min(place.n_rows, place.n_columns);
}
int longer(const MatrixPlace& place) {
  return std::max(place.n_rows, place.n_columns);
}
std::size_t size_of(const MatrixPlace& place) {
  return static_cast<std::size_t>(place.n_rows) * static_cast<std::size_t>(place.n_columns);
}

/// Multiplications of an iteration of orthogonalize().
double work(const MatrixPlace& place) {
  const double n = shorter(place);
  return n * n * (2.0 * longer(place) + n);
}

/// A matrix of a flat buffer; `row_length` wide in memory.
template <class T>
Matrix<T> view_of(const Vector<T>& flat, const MatrixPlace& place) {
  const Matrix<T> whole_rows(flat.data() + place.offset, place.n_rows, place.row_length);
  return columns(whole_rows, {0, place.n_columns});
}

}  // namespace

std::vector<int> owners(const std::vector<MatrixPlace>& matrices, int n_ranks) {
  std::vector<std::size_t> heaviest_first(matrices.size());
  std::iota(heaviest_first.begin(), heaviest_first.end(), std::size_t{0});
  std::stable_sort(heaviest_first.begin(), heaviest_first.end(), [&](std::size_t a, std::size_t b) {
    return work(matrices[a]) > work(matrices[b]);
  });
  std::vector<double> load(n_ranks, 0.0);
  std::vector<int> owner(matrices.size());
  for (const auto i : heaviest_first) {
    const auto least = std::min_element(load.begin(), load.end());
    *least += work(matrices[i]);
    owner[i] = static_cast<int>(least - load.begin());
  }
  return owner;
}

template <class T>
Muon<T>::Muon(const std::vector<MatrixPlace>& matrices, Ranks ranks, const Exec& exec)
    : exec_(exec), ranks_(ranks), counts_(ranks.size, 0) {
  const auto owner = owners(matrices, ranks.size);
  for (std::size_t i = 0; i < matrices.size(); ++i) matrices_.push_back({matrices[i], owner[i], 0});
  std::stable_sort(matrices_.begin(), matrices_.end(),
                   [](const Shared& a, const Shared& b) { return a.owner < b.owner; });
  std::size_t n = 0;
  int most_rows = 0, most_columns = 0;
  for (auto& matrix : matrices_) {
    matrix.begin = n;
    n += size_of(matrix.place);
    counts_[matrix.owner] += static_cast<int>(size_of(matrix.place));
    most_rows = std::max(most_rows, shorter(matrix.place));
    most_columns = std::max(most_columns, longer(matrix.place));
  }
  updates_ = Vector<T>("muon_updates", n);
  space_ = kernels::OrthogonalizeSpace<T>(most_rows, most_columns);
}

template <class T>
Matrix<T> Muon<T>::update_of(const Shared& matrix) const {
  return Matrix<T>(updates_.data() + matrix.begin, shorter(matrix.place), longer(matrix.place));
}

template <class T>
void Muon<T>::step(const kernels::MuonStep& constants, Vector<const T> gradient, Vector<T> m,
                   Vector<T> parameters, const CompleteBlocks<T>& exchange) {
  for (const auto& matrix : matrices_) {
    const auto x = update_of(matrix);
    kernels::muon_momentum<T>(exec_, constants, view_of(gradient, matrix.place),
                              view_of(m, matrix.place), x);
    if (matrix.owner == ranks_.rank) kernels::orthogonalize<T>(exec_, space_, x);
  }
  if (ranks_.size > 1) {
    SUPERPOSE_EXPECT(exchange);
    exchange(updates_, counts_);
  }
  for (const auto& matrix : matrices_)
    kernels::muon_update<T>(exec_, constants, update_of(matrix), view_of(parameters, matrix.place));
}

template class Muon<float>;
template class Muon<double>;

}  // namespace superpose::optim
