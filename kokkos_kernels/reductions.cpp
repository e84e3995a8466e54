#include "kokkos_kernels/reductions.hpp"

#include "kokkos_kernels/lane.hpp"

namespace superpose::kernels {

template <class T>
double sum_of_squares(const Exec& exec, Vector<const T> x) {
  constexpr int strip = 4096;
  const int n = static_cast<int>(x.extent(0)), n_strips = (n + strip - 1) / strip;
  Vector<double> partial(Kokkos::view_alloc(exec, Kokkos::WithoutInitializing, "sum_of_squares"),
                         n_strips);
  for_rows(
      "sum_of_squares", exec, n_strips, KOKKOS_LAMBDA(const int s, const Lane& lane) {
        const int begin = s * strip;
        partial(s) = lane.template sum<double>(n - begin < strip ? n - begin : strip, [&](int c) {
          const double value = x(begin + c);
          return value * value;
        });
      });
  exec.fence();
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), partial);
  double total = 0;
  for (int s = 0; s < n_strips; ++s) total += host(s);
  return total;
}

template <class T>
void add_column_sums(const Exec& exec, Matrix<const T> x, Vector<T> out) {
  constexpr int strip = 64;
  const int n = static_cast<int>(x.extent(1)), n_rows = static_cast<int>(x.extent(0));
  for_rows(
      "add_column_sums", exec, (n + strip - 1) / strip,
      KOKKOS_LAMBDA(const int s, const Lane& lane) {
        const int begin = s * strip, width = n - begin < strip ? n - begin : strip;
        for (int r = 0; r < n_rows; ++r)
          lane.each(width, [&](int i) { out(begin + i) += x(r, begin + i); });
      });
}

#define INSTANTIATE(T)                                          \
  template double sum_of_squares(const Exec&, Vector<const T>); \
  template void add_column_sums(const Exec&, Matrix<const T>, Vector<T>);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace superpose::kernels
