#include "kokkos_kernels/linear.hpp"

#include <cblas.h>

#include "core/error.hpp"
#include "kokkos_kernels/lane.hpp"
#include "kokkos_kernels/reductions.hpp"

namespace superpose::kernels {
namespace {

constexpr auto plain = CblasNoTrans;
constexpr auto transposed = CblasTrans;

int leading(const Matrix<const float>& m) {
  return static_cast<int>(m.stride(0));
}
int leading(const Matrix<const double>& m) {
  return static_cast<int>(m.stride(0));
}

void call_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const float* a, int lda,
               const float* b, int ldb, float beta, float* c, int ldc) {
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1.0F, a, lda, b, ldb, beta, c, ldc);
}
void call_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const double* a,
               int lda, const double* b, int ldb, double beta, double* c, int ldc) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1.0, a, lda, b, ldb, beta, c, ldc);
}

/// The library uses as many threads as the execution space: one on a Serial rank.
void match_threads(const Exec& exec) {
  static const int threads = [&] {
    openblas_set_num_threads(exec.concurrency());
    return openblas_get_num_threads();
  }();
  SUPERPOSE_EXPECT(threads >= 1);
}

/// c (+)= op(a) op(b).
template <class T>
void product(const Exec& exec, CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, const Matrix<const T>& a,
             const Matrix<const T>& b, const Matrix<T>& c, Output output) {
  const int m = static_cast<int>(c.extent(0)), n = static_cast<int>(c.extent(1));
  const int k = static_cast<int>(ta == plain ? a.extent(1) : a.extent(0));
  SUPERPOSE_EXPECT(static_cast<int>(tb == plain ? b.extent(0) : b.extent(1)) == k);
  if (m == 0 || n == 0 || k == 0) return;
  match_threads(exec);
  exec.fence();  // the library runs outside the execution space's queue
  call_gemm(ta, tb, m, n, k, a.data(), leading(a), b.data(), leading(b),
            output == Output::add ? T(1) : T(0), c.data(), static_cast<int>(c.stride(0)));
}

template <class T>
void broadcast_rows(const Exec& exec, Vector<const T> row, Matrix<T> y) {
  const int n = static_cast<int>(y.extent(1));
  for_rows(
      "linear_bias", exec, static_cast<int>(y.extent(0)),
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        lane.each(n, [&](int c) { y(r, c) = row(c); });
      });
}

}  // namespace

template <class T>
void linear_forward(const Exec& exec, Matrix<const T> x, Matrix<const T> w, Vector<const T> bias,
                    Matrix<T> y) {
  broadcast_rows<T>(exec, bias, y);
  product<T>(exec, plain, plain, x, w, y, Output::add);
}

template <class T>
void linear_backward_input(const Exec& exec, Matrix<const T> dy, Matrix<const T> w, Matrix<T> dx,
                           Output output) {
  product<T>(exec, plain, transposed, dy, w, dx, output);
}

template <class T>
void linear_backward_weight(const Exec& exec, Matrix<const T> x, Matrix<const T> dy, Matrix<T> dw,
                            Vector<T> dbias) {
  product<T>(exec, transposed, plain, x, dy, dw, Output::add);
  add_column_sums<T>(exec, dy, dbias);
}

template <class T>
void logits_forward(const Exec& exec, Matrix<const T> h, Matrix<const T> w, Matrix<T> logits) {
  product<T>(exec, plain, transposed, h, w, logits, Output::replace);
}

template <class T>
void logits_backward(const Exec& exec, Matrix<const T> dlogits, Matrix<const T> h,
                     Matrix<const T> w, Matrix<T> dh, Matrix<T> dw) {
  product<T>(exec, plain, plain, dlogits, w, dh, Output::replace);
  product<T>(exec, transposed, plain, dlogits, h, dw, Output::add);
}

#define INSTANTIATE(T)                                                                           \
  template void linear_forward(const Exec&, Matrix<const T>, Matrix<const T>, Vector<const T>,   \
                               Matrix<T>);                                                       \
  template void linear_backward_input(const Exec&, Matrix<const T>, Matrix<const T>, Matrix<T>,  \
                                      Output);                                                   \
  template void linear_backward_weight(const Exec&, Matrix<const T>, Matrix<const T>, Matrix<T>, \
                                       Vector<T>);                                               \
  template void logits_forward(const Exec&, Matrix<const T>, Matrix<const T>, Matrix<T>);        \
  template void logits_backward(const Exec&, Matrix<const T>, Matrix<const T>, Matrix<const T>,  \
                                Matrix<T>, Matrix<T>);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace superpose::kernels
