#include "kokkos_kernels/linear.hpp"

#include <cblas.h>

#include <type_traits>

#include "core/error.hpp"
#include "kokkos_kernels/gelu.hpp"
#include "kokkos_kernels/product_region.hpp"
#include "kokkos_kernels/products/linear_common.hpp"
#include "kokkos_kernels/products/onednn.hpp"
#include "kokkos_kernels/reductions.hpp"

namespace superpose::kernels {
namespace {

constexpr auto plain = CblasNoTrans;
constexpr auto transposed = CblasTrans;

template <class T>
int leading(const Matrix<T>& m) {
  return static_cast<int>(m.stride(0));
}

/// The library's product of T.
template <class T>
constexpr auto gemm() {
  if constexpr (std::is_same_v<T, float>) {
    return cblas_sgemm;
  } else {
    return cblas_dgemm;
  }
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
  const ProductRegion region;
  gemm<T>()(CblasRowMajor, ta, tb, m, n, k, T(1), a.data(), leading(a), b.data(), leading(b),
            output == Output::add ? T(1) : T(0), c.data(), leading(c));
}

template <class T>
void add_rows(const Exec& exec, Matrix<const T> x, Matrix<T> y) {
  const int n = static_cast<int>(y.extent(1));
  for_rows(
      "linear_add", exec, static_cast<int>(y.extent(0)),
      KOKKOS_LAMBDA(const int r, const Lane& lane) {
        lane.each(n, [&](int c) { y(r, c) += x(r, c); });
      });
}

template <class X>
bool is_dense(const Matrix<X>& m) {
  return m.extent(0) <= 1 || m.stride(0) == m.extent(1);
}

}  // namespace

bool has_tf32_products() {
  return false;
}

bool has_bfloat16_products() {
  return onednn::multiplies_bfloat16();
}

// --- float and bfloat16: oneDNN ------------------------------------------------------------------

template <class X>
struct LinearWeight<X>::Packed {
  onednn::PackedMatrix forward, backward;
  Vector<const Real<X>> bias;
};

template <class X>
void LinearWeight<X>::update(const Exec& exec, Matrix<const Real<X>> w,
                             Vector<const Real<X>> bias) {
  if (!packed_) {
    n_in_ = w.extent_int(0), n_out_ = w.extent_int(1);
    packed_ = std::make_shared<Packed>(Packed{onednn::PackedMatrix::of<X>(n_in_, n_out_),
                                              onednn::PackedMatrix::of<X>(n_out_, n_in_),
                                              {}});
  }
  SUPERPOSE_EXPECT(w.extent_int(0) == n_in_ && w.extent_int(1) == n_out_);
  packed_->bias = bias;
  packed_->forward.take(exec, onednn::operand(w));
  packed_->backward.take(exec, onednn::transposed(w));
}

template <class X, class Y>
void linear_forward(const Exec& exec, Matrix<const X> x, const LinearWeight<X>& w, Matrix<Y> y) {
  SUPERPOSE_EXPECT(is_dense(x) && is_dense(y));
  if (y.extent(0) == 0) return;
  const auto row = onednn::operand(row_matrix(w.packed().bias));
  onednn::multiply(exec, onednn::operand(x), w.packed().forward.operand(), &row, onednn::operand(y),
                   false);
}

template <class X, class Y>
void linear_backward_input(const Exec& exec, Matrix<const X> dy, const LinearWeight<X>& w,
                           Matrix<Y> dx, Output output) {
  SUPERPOSE_EXPECT(is_dense(dy) && is_dense(dx));
  if (dx.extent(0) == 0) return;
  onednn::multiply(exec, onednn::operand(dy), w.packed().backward.operand(), nullptr,
                   onednn::operand(dx), output == Output::add);
}

template <class X>
void linear_backward_weight(const Exec& exec, Matrix<const X> x, Matrix<const X> dy,
                            const LinearWeight<X>&, Vector<Real<X>> scratch, Matrix<Real<X>> dw,
                            Vector<Real<X>> dbias) {
  add_column_sums<X>(exec, dy, scratch, dbias);
  if constexpr (std::is_same_v<X, Real<X>>) {  // OpenBLAS takes any strides
    product<X>(exec, transposed, plain, x, dy, dw, Output::add);
    return;
  } else {
    SUPERPOSE_EXPECT(is_dense(x) && is_dense(dy));
    if (x.extent(0) == 0) return;
    const auto a = onednn::transposed(x), b = onednn::operand(dy);
    if (is_dense(dw)) {
      onednn::multiply(exec, a, b, nullptr, onednn::operand(dw), true);
      return;
    }
    SUPERPOSE_EXPECT(scratch.extent(0) >= dw.extent(0) * dw.extent(1));
    const Matrix<Real<X>> sum(scratch.data(), dw.extent(0), dw.extent(1));
    onednn::multiply(exec, a, b, nullptr, onednn::operand(sum), false);
    add_rows<Real<X>>(exec, sum, dw);
  }
}

// --- double: OpenBLAS ----------------------------------------------------------------------------

template <>
struct LinearWeight<double>::Packed {
  Matrix<const double> w;
  Vector<const double> bias;
};

template <>
void LinearWeight<double>::update(const Exec&, Matrix<const double> w, Vector<const double> bias) {
  n_in_ = w.extent_int(0), n_out_ = w.extent_int(1);
  packed_ = std::make_shared<Packed>(Packed{w, bias});
}

template <>
void linear_forward<double, double>(const Exec& exec, Matrix<const double> x,
                                    const LinearWeight<double>& w, Matrix<double> y) {
  broadcast_rows<double, double>(exec, w.packed().bias, y);
  product<double>(exec, plain, plain, x, w.packed().w, y, Output::add);
}

template <>
void linear_backward_input<double, double>(const Exec& exec, Matrix<const double> dy,
                                           const LinearWeight<double>& w, Matrix<double> dx,
                                           Output output) {
  product<double>(exec, plain, transposed, dy, w.packed().w, dx, output);
}

// --- with GELU: two passes, the second in cache --------------------------------------------------

template <class X>
void linear_gelu_forward(const Exec& exec, Matrix<const X> x, const LinearWeight<X>& w,
                         Matrix<X> pre, Matrix<X> y) {
  linear_forward<X>(exec, x, w, pre);
  gelu_forward<X>(exec, pre, y);
}

template <class X>
void linear_gelu_backward_input(const Exec& exec, Matrix<const X> dy, const LinearWeight<X>& w,
                                Matrix<const X> pre, Matrix<X> dpre) {
  linear_backward_input<X>(exec, dy, w, dpre, Output::replace);
  gelu_backward<X>(exec, pre, dpre, dpre);
}

// --- the output matrix: few columns, OpenBLAS in every precision ---------------------------------

template <class T>
void multiply(const Exec& exec, Matrix<const T> a, Matrix<const T> b, Matrix<T> c) {
  product<T>(exec, plain, plain, a, b, c, Output::replace);
}

template <class T>
void multiply_transposed(const Exec& exec, Matrix<const T> a, Matrix<const T> b, Matrix<T> c) {
  product<T>(exec, plain, transposed, a, b, c, Output::replace);
}

template <class T>
void logits_forward(const Exec& exec, Matrix<const T> h, Matrix<const T> w, Matrix<T> logits) {
  multiply_transposed<T>(exec, h, w, logits);
}

template <class T>
void logits_backward(const Exec& exec, Matrix<const T> dlogits, Matrix<const T> h,
                     Matrix<const T> w, Matrix<T> dh, Matrix<T> dw) {
  product<T>(exec, plain, plain, dlogits, w, dh, Output::replace);
  product<T>(exec, transposed, plain, dlogits, h, dw, Output::add);
}

SUPERPOSE_ALL_LINEAR_INSTANCES

}  // namespace superpose::kernels
